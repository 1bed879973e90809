"""The pictures: what they show, that they are legible without red and green, and that they stay small."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import pytest

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.report.pictures.history import LEFT, RIGHT, history_picture
from regional_snapshots.report.pictures.map import PLACES, map_picture
from regional_snapshots.report.pictures.palette import DARK, LIGHT
from regional_snapshots.report.pictures.svg import Picture
from regional_snapshots.report.pictures.times import HALF_A_DAY_MS, times_of
from regional_snapshots.report.pictures.world import MOST_ROWS, world_picture
from regional_snapshots.report.standing import REGIME_SEVERITY
from regional_snapshots.report.story import story
from regional_snapshots_tests.report.stories import NOW, SIX_HOURS, document, event, hostile_document, row, rows, world

SVG = "{http://www.w3.org/2000/svg}"
REGIMES = list(REGIME_SEVERITY)
CORRIDORS = [{"id": "babelm", "access": 0.166}, {"id": "suez", "access": 0.41}, {"id": "hormuz", "access": 1.0}]
METADATA_LIMIT = 200_000
"""Bytes that all metadata of one event may take."""


def elements(picture: Picture, name: str) -> list[ElementTree.Element]:
    """Elements of a picture that stands alone, by name."""
    return list(ElementTree.fromstring(picture.alone()).iter(SVG + name))  # noqa: S314 (our own)


def texts(picture: Picture) -> list[str]:
    """The words on a picture, in order."""
    return [element.text or "" for element in elements(picture, "text")]


def lines_of(picture: Picture) -> list[str]:
    """The traces of a history, without grid and ticks."""
    return [it.attrib["points"] for it in elements(picture, "polyline") if it.get("stroke") == "var(--trace)"]


def story_of(past: Sequence[SeriesRow], **members: object) -> Picture:
    return history_picture(
        story(
            document(**members),
            None,
            past,
            [event(at=NOW - SIX_HOURS, severity="critical", before="calm", after="coercive_stalemate")],
        )
    )


def test_a_history_has_a_line_for_net_balance_and_each_axis_that_applies() -> None:
    picture = story_of(rows(8))
    assert len(lines_of(picture)) == 7
    assert {"net balance", "coercive pressure", "maritime access", "+0.50", "0.97"} <= set(texts(picture))


def test_where_nothing_was_published_the_line_is_broken() -> None:
    picture = story_of([*rows(12)[:6], *rows(3)])
    assert len(lines_of(picture)) == 14
    assert {it.get("d") for it in elements(picture, "path")} == set()


def test_what_a_snapshot_did_not_know_is_hatched() -> None:
    known, unknown = (
        story_of(rows(8)),
        story_of([row(n, maritime_access=None if n > 4 else 0.9) for n in range(8, 0, -1)]),
    )
    hatched = [sum(it.get("fill") == "url(#unknown)" for it in elements(each, "rect")) for each in (known, unknown)]
    assert hatched == [1, 5]  # the legend has one
    assert "?" in texts(story_of(rows(8), maritime_access=None))


def test_the_ribbon_names_the_regimes_and_the_marks_the_events() -> None:
    past = [row(n, regime="calm" if n > 20 else "coercive_stalemate") for n in range(40, 0, -1)]
    picture = story_of(past, label="coercive_stalemate")
    assert {"calm", "coercive stalemate", "events"} <= set(texts(picture))
    assert any("calm → coercive stalemate" in (it.text or "") for it in elements(picture, "title"))


def test_the_band_is_the_baseline_or_else_what_the_rows_were() -> None:
    def band(**members: object) -> list[str]:
        titles = elements(story_of(rows(20), **members), "title")
        return [it.text or "" for it in titles if "eight of ten" in (it.text or "")]

    assert len(band()) == 7
    baseline = {"maritime_access": {"n": 100, "p10": 0.6, "p90": 0.7}}
    assert "eight of ten values of its last 28 days: 0.60 to 0.70" in band(baseline=baseline)
    few = history_picture(story(document(), None, rows(5)))
    assert not [it for it in elements(few, "rect") if it.get("fill") == "var(--band)" and it.get("stroke") is None]


@pytest.mark.parametrize("seconds", [0, 1, 47, 4_000, 20_000, 180_000, 3_000_000, 90 * 86_400, 3_000 * 86_400])
def test_the_time_axis_finds_its_labels_however_far_apart_the_snapshots_are(seconds: int) -> None:
    times = times_of([NOW - seconds * 1000, NOW], LEFT, RIGHT)
    assert len(times.ticks()) <= 8
    assert all(LEFT <= x <= RIGHT for x, _ in times.ticks())
    assert times.end - times.begin == (seconds * 1000 or 2 * HALF_A_DAY_MS)


def test_the_world_lists_the_worst_first_and_marks_what_changed() -> None:
    told = [story(document(region)) for region in REGION_IDS]
    told[3] = story(document("north-america", label="escalation_ladder"), document("north-america", at=NOW - SIX_HOURS))
    picture = world_picture(told)
    names = [
        text for text in texts(picture) if text in {each.now.short for each in told} | {each.now.label for each in told}
    ]
    assert names[0] == "North America"
    marks = [it for it in elements(picture, "polygon") if list(it)]
    assert [mark[0].text for mark in marks] == ["calm → escalation ladder"]


def test_in_the_world_unknown_is_hatched_and_not_applicable_is_neither() -> None:
    unknown = document("south-asia", energy_vulnerability=None)
    unknown["balance"]["coverage"]["maritime_access"] = None
    picture = world_picture([story(unknown)])
    assert texts(picture).count("?") == 1
    assert "–" in texts(picture)


def test_the_map_colours_every_region_by_its_regime_and_marks_corridors() -> None:
    told = [story(document(region, label=regime, corridors=CORRIDORS if region == "mena" else [])) for region, regime in
            zip(REGION_IDS, [*REGIMES, "calm"], strict=True)]  # fmt: skip
    picture = map_picture(told, links=True)
    land = {it[0].attrib["id"]: it.attrib["fill"] for it in elements(picture, "g") if len(it) and it[0].get("id")}
    assert land["land-mena"] == "url(#severe)"
    assert land["land-south-asia"] == "url(#unknown)"
    assert land["land-europe"] == "var(--coercive_stalemate)"
    assert {"Bab el-Mandeb 0.17", "Suez Canal 0.41", "MENA", "escalation ladder"} <= set(texts(picture))
    assert not any("Hormuz" in text for text in texts(picture))
    hints = " ".join(it.text or "" for it in elements(picture, "title"))
    assert all(f"{label}: access" in hints for label in ("Strait of Hormuz", "Panama Canal", "Danish Straits"))
    assert {it.get("href") for it in elements(picture, "a")} == {
        f"#region-{region}" for region in REGION_IDS if region != "global"
    }


def test_a_corridor_of_the_table_has_a_place_on_the_map() -> None:
    from regional_snapshots.model.regions import CORRIDORS as KNOWN

    assert set(PLACES) == {corridor.id for corridor in KNOWN}


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("sight", ["full", "no red", "no green"])
def test_regimes_are_told_apart_without_red_and_green(colours: dict[str, str], sight: str) -> None:
    seen = {regime: seen_colour(colours[regime], sight) for regime in REGIMES}
    close = [pair for pair in combinations(REGIMES, 2) if distance(seen[pair[0]], seen[pair[1]]) < 12]
    assert [pair for pair in close if "undetermined" not in pair] == []  # that one is hatched


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(colours: dict[str, str]) -> None:
    grounds = [(regime, f"on-{regime}") for regime in REGIMES] + [
        ("paper", "ink"),
        ("paper", "soft"),
        ("panel", "ink"),
        ("heat", "on-heat"),
    ]
    assert [pair for pair in grounds if contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []


def test_hostile_texts_make_no_elements() -> None:
    told = story(hostile_document(), document(at=NOW - SIX_HOURS), rows(8))
    for picture in (history_picture(told), world_picture([told]), map_picture([told], links=True)):
        found = list(ElementTree.fromstring(picture.alone()).iter())  # noqa: S314 (our own)
        assert not {it.tag.removeprefix(SVG) for it in found} & {"script", "img", "foreignObject", "b"}
        assert not [
            name
            for it in found
            for name in it.attrib
            if name.startswith("on") or ("href" in name and ":" in it.attrib[name])
        ]


def test_as_an_image_in_markdown_it_needs_no_file_and_its_title_is_plain() -> None:
    markdown = replace(history_picture(story(document())), title="a](x) <b> ![").markdown()
    assert re.fullmatch(r"!\[[a-z ]*\]\(data:image/svg\+xml;base64,[A-Za-z0-9+/=]+\)", markdown)


def test_pictures_of_a_hundred_regions_fit_into_the_metadata_of_an_event() -> None:
    told = world(100, label="coercive_stalemate", energy_vulnerability=None)
    known = [story(document(region, corridors=CORRIDORS)) for region in REGION_IDS]
    together = world_picture(told).markdown() + map_picture(known).markdown()
    assert f"{100 - MOST_ROWS} more" in texts(world_picture(told))
    assert len(together) < METADATA_LIMIT
    quarter_of_a_year = history_picture(story(document(), None, rows(360))).markdown()
    assert len(quarter_of_a_year) < METADATA_LIMIT / 2


def rgb(colour: str) -> list[float]:
    """Linear red, green and blue, 0 to 1."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]


SIGHTS = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.11238, 0.88762, 0), (0.11238, 0.88762, 0), (0.00401, -0.00401, 1)),
    "no green": ((0.29275, 0.70725, 0), (0.29275, 0.70725, 0), (-0.02234, 0.02234, 1)),
}
"""What is seen of linear colours (Viénot, Brettel and Mollon, 1999)."""


def seen_colour(colour: str, sight: str) -> list[float]:
    """Lightness, and red-green and yellow-blue opposition (CIE 1976), as someone with this sight sees a colour."""
    red, green, blue = (sum(a * b for a, b in zip(line, rgb(colour), strict=True)) for line in SIGHTS[sight])
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z))
    return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]


def distance(a: list[float], b: list[float]) -> float:
    return sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) ** 0.5


def contrast(ground: str, ink: str) -> float:
    """The contrast ratio of the Web Content Accessibility Guidelines."""
    light, dark = sorted((0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (rgb(ground), rgb(ink))), reverse=True)
    return (light + 0.05) / (dark + 0.05)
