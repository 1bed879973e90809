"""The page: one file, whole without network and script, whatever feeds say, however many regions."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from regional_snapshots.files.feed_files import SAMPLE, read_directory
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGION_IDS, REGIONS
from regional_snapshots.report.board import Board, board
from regional_snapshots.report.headlines import headlines
from regional_snapshots.report.page import page
from regional_snapshots.report.standing import RANKING, REGIME_SEVERITY
from regional_snapshots.report.story import Story, story, worst_first
from regional_snapshots_tests.report.stories import (
    HOSTILE,
    NOW,
    SIX_HOURS,
    crisis,
    document,
    event,
    hostile_document,
    rows,
    world,
)

VOID = {"meta", "input", "br"}
SIZE_LIMIT = 6_000_000
"""Bytes of a page with a hundred regions: a second on a slow line, compressed."""


class Outline(HTMLParser):
    """What a browser would build: tags with attributes, texts, and whether all that was opened was closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def a_board(told: list[Story]) -> Board:
    values, _ = read_directory(SAMPLE)
    return board(Feeds.from_raw(values, NOW).report, [each.now for each in told])


@pytest.fixture(scope="module")
def told() -> list[Story]:
    others = [story(document(region), document(region, at=NOW - SIX_HOURS), rows(8)) for region in REGION_IDS[1:]]
    worst = crisis()
    return [
        Story(
            worst.now, worst.before, worst.rows, [event(severity="critical", before="calm", after="escalation_ladder")]
        ),
        *others,
    ]


def test_it_says_how_regions_are_ranked_and_ranks_them_so(told: list[Story]) -> None:
    assert RANKING in page(told, a_board(told), NOW)
    named = [RANKING.index(name.replace("_", " ")) for name in sorted(REGIME_SEVERITY, key=REGIME_SEVERITY.__getitem__)]
    assert named == sorted(named, reverse=True)
    better, worse = (
        story(document(label="calm", coercive_pressure=0.9, net=-0.9)),
        story(document(label="managed_deescalation", coercive_pressure=0.1, net=0.9)),
    )
    assert worst_first([better, worse]) == [worse, better]
    calm = [story(document(coercive_pressure=value, net=net)) for value, net in ((0.1, 0.5), (0.2, 0.5), (0.2, 0.1))]
    assert worst_first(calm) == calm[::-1]


def test_it_says_everything_in_order(told: list[Story]) -> None:
    outline = Outline(page(told, a_board(told), NOW))
    seen = " ".join(" ".join(outline.texts).split())
    assert outline.open == []
    for line in headlines(told):
        assert line in seen
    for region in REGIONS.values():
        assert region.label in seen
    assert "critical MENA: calm → escalation ladder" in seen
    assert "Where each number comes from" in seen
    titles = [attributes["id"] for tag, attributes in outline.tags if tag == "article"]
    assert titles[0] == "region-mena"
    assert sorted(titles) == sorted(f"region-{region}" for region in REGION_IDS)
    assert sum(attributes.get("id", "").startswith("feed-") for _, attributes in outline.tags) == 17


def test_it_needs_no_network(told: list[Story]) -> None:
    outline = Outline(page(told, a_board(told), NOW))
    for tag, attributes in outline.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "xlink:href", "action", "srcset", "data", "poster"):
            assert attributes.get(name, "#").startswith("#"), (tag, name, attributes[name])
    html = page(told, a_board(told), NOW)
    assert "@import" not in html
    assert not re.findall(r"url\((?!#)", html)


def test_a_keyboard_and_a_screen_reader_find_their_way(told: list[Story]) -> None:
    outline = Outline(page(told, a_board(told), NOW))
    tags = outline.tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for landmark in ("header", "nav", "main", "h1"):
        assert outline.count(landmark) == 1
    assert ("html", {"lang": "en"}) in tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(below <= above + 1 for above, below in pairwise(levels))
    for tag, attributes in tags:
        assert attributes.get("href", "#")[1:] in {"", *ids}
        assert attributes.get("aria-labelledby", ids[0]) in ids
        if tag == "svg":
            assert attributes.get("role") == "img" or attributes.get("aria-hidden") == "true"
    named = [place for place, (tag, attributes) in enumerate(tags) if tag == "svg" and attributes.get("role") == "img"]
    assert all(tags[place + 1][0] == "title" and tags[place + 2][0] == "desc" for place in named)


def test_hostile_feeds_change_nothing_but_texts() -> None:
    tame, wild = document("europe"), hostile_document("europe")
    harmless = Outline(page([story(tame)], board(()), NOW))
    feeds = event(HOSTILE[0], HOSTILE[1], before=HOSTILE[2], after=HOSTILE[3])
    outline = Outline(page([Story(story(wild).now, None, rows(8), [feeds])], board(()), NOW))
    assert outline.open == []
    for tag in ("script", "style", "img", "iframe", "b", "meta", "title"):
        drawn = sum(name == tag for name, _ in outline.tags)
        assert tag == "title" or drawn == harmless.count(tag), tag
    assert not [name for _, attributes in outline.tags for name in attributes if name.startswith("on")]
    seen = "".join("".join(outline.texts).split())
    for text in HOSTILE[:7]:
        assert "".join(text.split()) in seen
    assert "49" not in [text.strip() for text in outline.texts]


def test_a_hostile_region_name_stays_a_name() -> None:
    bad = document()
    bad["region_id"] = '"><script>alert(1)</script>'
    html = page([story(bad)], board(()), NOW)
    assert html.count("<script>") == 1
    assert Outline(html).open == []


def test_a_hundred_regions_stay_one_page_of_a_few_megabytes_folded_away() -> None:
    many = world(100, label="coercive_stalemate")
    html = page(many, a_board(many), NOW)
    assert len(html.encode()) < SIZE_LIMIT
    assert html.count("<article") == 100
    assert html.count("<summary>Over time, and why</summary>") == 100


def test_without_any_snapshot_it_says_so() -> None:
    assert "No region has a snapshot yet." in page([], board(()), NOW)


def test_it_says_when_the_figures_are_samples(told: list[Story]) -> None:
    assert "illustrative figures" in page(told, a_board(told), NOW)
    assert "illustrative figures" not in page(told, board(()), NOW)
