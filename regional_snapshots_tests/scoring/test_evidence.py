"""What becomes evidence, and in which order (section 13 of the pipeline specification)."""

from __future__ import annotations

from typing import Any

import pytest

from regional_snapshots_tests.scoring.worlds import NOW, chokepoint, document, forecasts, signals


def ids(region: str = "mena", **payloads: Any) -> list[str]:
    return [item["id"] for item in document(region, **payloads)["evidence"]]


def only(region: str = "mena", **payloads: Any) -> dict[str, Any]:
    [item] = document(region, **payloads)["evidence"]
    return item


def test_a_signal_is_stored_cleaned() -> None:
    item = only(
        signals=signals({"id": "<i>\u200b1", "theater": "Red Sea<>\n", "summary": "a\n\x00b", "severityScore": 250})
    )
    assert item == {
        "id": "i1",
        "type": "market_signal",
        "source": "cross-source",
        "summary": "a b",
        "confidence": 2.5,
        "observed_at": NOW,
        "theater": "Red Sea",
        "corridor": "",
    }


def test_signals_without_ids_are_numbered_and_without_summary_named_by_type() -> None:
    listed = signals({"theater": "mena", "id": "a"}, {"theater": "x"}, {"theater": "mena", "type": "T"})
    found = document("mena", signals=listed)["evidence"]
    assert [(item["id"], item["summary"], item["confidence"]) for item in found] == [
        ("a", "cross-source signal", 0.5),
        ("xss:1", "T", 0.5),
    ]


@pytest.mark.parametrize(
    ("theater", "regions"),
    [
        ("Persian Gulf", {"mena"}),
        ("red-sea", {"mena"}),
        ("Middle  East", set()),
        ("Horn Of Africa", {"sub-saharan-africa"}),
        ("southeast asia", {"east-asia"}),
        ("Eastern Europe", {"europe"}),
        ("Global Markets", {"global"}),
        ("Latin America and the Red Sea", {"latam", "mena"}),
        ("  ", set()),
        (None, set()),
    ],
)
def test_signals_are_matched_by_theater_or_alias(theater: str | None, regions: set[str]) -> None:
    listed = signals({"theater": theater})
    found = {region for region in ("mena", "east-asia", "europe", "latam", "sub-saharan-africa", "global")
             if ids(region, signals=listed)}  # fmt: skip
    assert found == regions


@pytest.mark.parametrize(("score", "listed"), [(50, True), ("50", True), (49.9, False), (None, False), ("high", False)])
def test_key_countries_are_evidence_from_fifty_on(score: Any, listed: bool) -> None:
    rows = {"ciiScores": [{"region": "IR", "combinedScore": score}]}
    assert ids(country_scores=rows) == (["cii:IR"] if listed else [])


def test_only_key_countries_are_evidence_and_global_has_its_own() -> None:
    rows = {"ciiScores": [{"region": iso2, "combinedScore": 90} for iso2 in ("OM", "SA", "CN")]}
    assert ids("mena", country_scores=rows) == ["cii:SA"]
    assert ids("global", country_scores=rows) == ["cii:SA", "cii:CN"]


@pytest.mark.parametrize(("level", "listed"), [("elevated", True), ("Normal", False), ("", False), (None, False)])
def test_a_threatened_chokepoint_is_evidence_for_its_owners(level: str | None, listed: bool) -> None:
    threatened = chokepoint("babelm", threatLevel=level)
    assert ids("mena", chokepoints=threatened) == (["chokepoint:babelm"] if listed else [])
    assert ids("europe", chokepoints=threatened) == []


def test_each_duplicate_chokepoint_is_an_item() -> None:
    twice = {"chokepoints": [{"id": "suez", "threatLevel": "high"}] * 2}
    assert ids(chokepoints=twice) == ["chokepoint:suez"] * 2


@pytest.mark.parametrize(("probability", "listed"), [(0.3, True), (0.299, False), ("0.9", True), (None, False)])
def test_forecasts_are_evidence_from_thirty_percent_on(probability: Any, listed: bool) -> None:
    assert ids(forecasts=forecasts({"id": 7, "probability": probability})) == (["forecast:7"] if listed else [])


def test_every_forecast_concerns_the_globe() -> None:
    entry = {"predictions": [{"id": "x", "probability": 1, "region": None}]}
    assert ids("global", forecasts=entry) == ["forecast:x"]
    assert ids("latam", forecasts=entry) == []


@pytest.mark.parametrize(
    ("given", "observed"),
    [
        (5, 5),
        ("1787000000000", 1_787_000_000_000),
        ("2026-08-22T11:00:00Z", NOW - 3_600_000),
        (None, NOW),
        ("soon", NOW),
        (1e300, NOW),
    ],
)
def test_evidence_is_dated_by_the_feed_or_by_the_run(given: Any, observed: int) -> None:
    assert only(signals=signals({"theater": "mena", "detectedAt": given}))["observed_at"] == observed


def test_the_newest_thirty_are_kept_and_ties_keep_their_order() -> None:
    listed = signals(*({"theater": "mena", "id": f"s{i}", "detectedAt": i // 2} for i in range(40)))
    found = ids(signals=listed, forecasts=forecasts({"id": "f", "probability": 1, "updatedAt": 19}))
    assert len(found) == 30
    assert found[:4] == ["s38", "s39", "forecast:f", "s36"]
