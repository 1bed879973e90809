"""How forecasts and triggers move the lanes (section 10 of the pipeline specification)."""

from __future__ import annotations

from typing import Any

import pytest

from regional_snapshots.scoring.parity.blocks.scenarios import HORIZONS, LANES, at_horizon, normalised
from regional_snapshots_tests.scoring.worlds import document, forecasts


def lanes(horizon: str = "7d", **payloads: Any) -> dict[str, float]:
    sets = {entry["horizon"]: entry["lanes"] for entry in document("mena", **payloads)["scenario_sets"]}
    return {lane["name"]: lane["probability"] for lane in sets[horizon]}


@pytest.mark.parametrize(
    ("text", "horizons"),
    [
        ("", {"7d"}),
        ("24h", {"24h"}),
        ("horizon_h24", {"24h"}),
        ("7 days", {"24h"}),
        ("1 week", {"7d"}),
        ("17d", {"7d"}),
        ("d7", {"7d"}),
        ("30d", {"30d"}),
        ("a month", {"30d"}),
        ("24h to 30d", {"24h", "30d"}),
        ("year", set()),
    ],
)
def test_horizons_are_matched_by_containment(text: str, horizons: set[str]) -> None:
    assert {horizon for horizon in HORIZONS if at_horizon(text, horizon)} == horizons


@pytest.mark.parametrize(
    ("trend", "lane", "shift"),
    [
        ("Rising", "escalation", 0.5),
        ("escalating", "escalation", 0.5),
        ("falling", "containment", 0.5),
        ("de-escalating", "containment", 0.5),
        ("stable", "base", 0.3),
    ],
)
def test_a_trend_strengthens_its_lane(trend: str, lane: str, shift: float) -> None:
    found = lanes(forecasts=forecasts({"timeHorizon": "7D", "trend": trend, "probability": 1}))
    start = 0.4 if lane == "base" else 0.1
    assert found[lane] == pytest.approx((start + shift) / (0.7 + shift), abs=0.0006)
    assert lanes("24h", forecasts=forecasts({"timeHorizon": "7d", "trend": trend, "probability": 1})) == lanes()


@pytest.mark.parametrize("word", ["Fragment", "collapse", "breakdown"])
def test_case_files_that_speak_of_collapse_strengthen_fragmentation(word: str) -> None:
    found = lanes(forecasts=forecasts({"trend": "?", "probability": "0.5", "caseFile": {"t": word}}))
    assert found == {"base": 0.444, "escalation": 0.111, "containment": 0.111, "fragmentation": 0.333}


def test_a_negative_weight_counts_as_none() -> None:
    found = lanes(forecasts=forecasts({"trend": "rising", "probability": -1}))
    assert found == {"base": 0.667, "escalation": 0.0, "containment": 0.167, "fragmentation": 0.167}


def test_without_any_weight_all_is_base() -> None:
    assert normalised(dict.fromkeys(LANES, -1.0)) == {
        "base": 1.0,
        "escalation": 0.0,
        "containment": 0.0,
        "fragmentation": 0.0,
    }


def test_active_triggers_strengthen_their_lane_and_watched_ones_are_only_named() -> None:
    sets = document("mena", alert_count={"activeAlertCount": 11})["scenario_sets"]
    escalation = sets[0]["lanes"][1]
    assert (escalation["name"], escalation["probability"], escalation["trigger_ids"]) == (
        "escalation",
        0.25,
        ["oref_cluster"],
    )
    watched = document("mena", alert_count={"activeAlertCount": 9})["scenario_sets"][0]["lanes"][1]
    assert (watched["probability"], watched["trigger_ids"]) == (0.143, ["oref_cluster"])
