"""What producers really publish, and what is dropped (sections 3.4 to 3.6 of the pipeline specification)."""

from __future__ import annotations

from typing import Any

import pytest

from regional_snapshots.model.feeds import FEEDS, FeedReport, Feeds
from regional_snapshots.model.shapes.forecasts import MAX_NESTING, nested_deeper

SPEC = {spec.name: spec for spec in FEEDS}


def parsed(name: str, payload: Any) -> tuple[Any, FeedReport]:
    feeds = Feeds.parse({SPEC[name].key: payload}, {}, 0)
    return getattr(feeds, name), next(item for item in feeds.report if item.name == name)


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (100, "war_zone"),
        (70, "war_zone"),
        (69.9, "critical"),
        (40, "critical"),
        (39.9, "high"),
        (30, "high"),
        (29.9, "elevated"),
        (15, "elevated"),
        (14.9, "normal"),
        (0, "normal"),
        ("45", "critical"),
    ],
)
def test_a_disruption_score_is_read_as_threat_level(score: Any, level: str) -> None:
    [row], report = parsed(
        "chokepoints", {"chokepoints": [{"id": "suez", "disruptionScore": score, "status": "green"}]}
    )
    assert row.threat == level
    assert report.notes == ("threatLevel not published: disruptionScore read as threat level for 1 chokepoints",)


@pytest.mark.parametrize(
    ("colour", "level"), [("green", "normal"), ("yellow", "elevated"), ("RED", "high"), ("critical", None)]
)
def test_a_status_colour_is_read_as_threat_level(colour: str, level: str | None) -> None:
    [row], _ = parsed("chokepoints", {"chokepoints": [{"id": "suez", "status": colour}]})
    assert (row.threat, row.status) == (level, colour.lower())


def test_a_published_threat_level_is_never_replaced() -> None:
    entry = {"id": "suez", "threatLevel": "Normal", "disruptionScore": 90, "status": "red"}
    [row], report = parsed("chokepoints", {"chokepoints": [entry]})
    assert row.threat == "normal"
    assert report.notes == ()


def test_published_ids_are_read_as_those_of_the_corridors() -> None:
    rows, report = parsed(
        "chokepoints", {"chokepoints": [{"id": name} for name in ("hormuz_strait", "bab_el_mandeb", "malacca_strait")]}
    )
    assert [row.id for row in rows] == ["hormuz", "babelm", "malacca"]
    assert "hormuz_strait as hormuz" in report.notes[0]
    transits, _ = parsed("transits", {"summaries": {"hormuz_strait": {"wowChangePct": -5}}})
    assert transits["hormuz"].change_pct == -5


def test_a_published_id_is_not_translated_beside_the_id_itself() -> None:
    rows, _ = parsed("chokepoints", {"chokepoints": [{"id": "hormuz"}, {"id": "hormuz_strait"}]})
    assert [row.id for row in rows] == ["hormuz", "hormuz_strait"]


@pytest.mark.parametrize(
    ("payload", "fill"),
    [
        ({"months": [{"fillPct": 90}, {"fillPct": 40}], "fillPct": 1}, 40),
        ({"months": [], "fillPct": 30}, 30),
        ({"fillPct": "30"}, 30),
        ({"months": [{"fillPct": "full"}]}, None),
        ({"months": [None]}, None),
        ({"history": []}, None),
    ],
)
def test_gas_storage_is_read_from_months_or_from_the_top(payload: Any, fill: float | None) -> None:
    assert parsed("gas_fill", payload)[0].fill == fill


def test_defaults_are_named() -> None:
    assert parsed("days_of_cover", {"barrels": 300})[1].notes == ("daysOfCover not published",)
    assert parsed("gas_fill", {"fillPct": 30})[1].notes == ("months not published: the top-level fillPct read",)
    mix = {"IR": {"importShare": None}, "IL": {"importShare": None}, "FR": {"importShare": 3}, "fetchedAt": 5}
    shares, report = parsed("energy_mix", mix)
    assert (shares["IR"], shares["FR"], report.used) == (None, 3, 1)
    assert report.notes == ("importShare is null for 2 countries: left out",)
    assert "without data" in parsed("transits", {"summaries": {"suez": {"dataAvailable": False}}})[1].notes[0]


@pytest.mark.parametrize(
    ("name", "payload", "used", "rejected"),
    [
        ("country_scores", {"ciiScores": [None, 3, {"region": "IR"}, {"combinedScore": 1}]}, 1,
         (("entry is not an object", 2), ("region is missing", 1))),
        ("country_scores", {"ciiScores": [{"region": "IR", "combinedScore": "high"}]}, 0,
         (("combinedScore is not a number", 1),)),
        ("debts", {"entries": [{"iso3": "IRN", "debtToGdp": "n/a"}, {"iso3": "SAU", "debtToGdp": 1}]}, 1,
         (("debtToGdp is not a number", 1),)),
        ("forecasts", {"predictions": [{"probability": []}]}, 0, (("probability is not a number", 1),)),
        ("signals", {"signals": [{"severityScore": "x", "summary": {}}]}, 1,
         (("severityScore is not a number: left out", 1), ("summary is not text: left empty", 1))),
        ("energy_mix", {"IR": 5, "IL": {"importShare": "x"}}, 0,
         (("entry is not an object", 1), ("importShare is not a number", 1))),
        ("flights", {"flights": [{"lat": None, "lon": 3}, {"lat": "1", "lon": 3}]}, 1, (("no position", 1),)),
        ("hexes", {"hexes": [{}]}, 0, (("region is missing", 1),)),
        ("notices", {"closedIcaos": ["A", None, "B"], "reasons": {"A": "x"}}, 1,
         (("code is not text", 1), ("notice without a reason", 1))),
    ],
)  # fmt: skip
def test_an_entry_that_does_not_fit_is_dropped_counted_and_named(
    name: str, payload: Any, used: int, rejected: tuple[tuple[str, int], ...]
) -> None:
    report = parsed(name, payload)[1]
    assert (report.used, report.rejected) == (used, rejected)


def nested(depth: int) -> Any:
    value: Any = "nato"
    for _ in range(depth):
        value = [value]
    return value


def test_case_files_are_searched_to_a_fixed_depth() -> None:
    def texts(case: Any) -> tuple[str, tuple[tuple[str, int], ...]]:
        [row], report = parsed("forecasts", {"predictions": [{"caseFile": case}]})
        return row.case_text, report.rejected

    assert "nato" in texts(nested(MAX_NESTING))[0]
    assert texts(nested(MAX_NESTING + 1)) == (
        "{}",
        ((f"case file is nested deeper than {MAX_NESTING}: not searched", 1),),
    )
    assert nested_deeper(nested(200_000), MAX_NESTING)


def test_case_text_is_compact_lower_case_json_with_key_names() -> None:
    [row], _ = parsed("forecasts", {"predictions": [{"caseFile": {"Base": "ÉTÉ\n", "n": [1, None]}}]})
    assert row.case_text == '{"base":"été\\n","n":[1,null]}'
