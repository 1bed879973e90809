"""What counts as a change, and as the reason for a snapshot (sections 14.3 and 14.4 of the pipeline specification)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from regional_snapshots.scoring.parity.changes import two_decimals
from regional_snapshots.scoring.parity.snapshot import score_region
from regional_snapshots.scoring.scored import Previous
from regional_snapshots_tests.scoring.worlds import NOW, chokepoint, document, feeds, forecasts, many_signals, scored

ALERTS = {"activeAlertCount": 11}


def changed(previous: dict[str, Any], **payloads: Any) -> dict[str, Any]:
    return scored("mena", previous, **payloads).changes


def with_balance(**axes: float) -> dict[str, Any]:
    previous = copy.deepcopy(document("mena"))
    previous["balance"].update(axes)
    return previous


def without(*parts: str) -> dict[str, Any]:
    return {name: part for name, part in document("mena").items() if name not in parts}


def test_the_same_world_again_changes_nothing() -> None:
    world = {"signals": many_signals(3), "alert_count": ALERTS, "forecasts": forecasts({"caseFile": "hamas"})}
    result = scored("mena", document("mena", **world), **world)
    assert not any(result.changes.values())
    assert (result.snapshot.reason, result.note) == ("scheduled_6h", "")


def test_triggers_that_begin_and_end_are_changes() -> None:
    begun = scored("mena", document("mena"), alert_count=ALERTS)
    assert [item["id"] for item in begun.changes["trigger_activations"]] == ["oref_cluster"]
    assert begun.snapshot.reason == "trigger_activation"
    ended = scored("mena", document("mena", alert_count=ALERTS))
    assert ended.changes["trigger_deactivations"] == [{"id": "oref_cluster"}]
    assert ended.snapshot.reason == "scheduled_6h"


def test_a_first_run_reports_active_triggers() -> None:
    result = scored("mena", alert_count=ALERTS)
    assert [item["id"] for item in result.changes["trigger_activations"]] == ["oref_cluster"]


@pytest.mark.parametrize(("before", "broken"), [(1.0, []), (0.633, []), (0.634, [("0.63", "0.33")])])
def test_a_corridor_breaks_when_access_falls_by_more_than_03(before: float, broken: list[Any]) -> None:
    now = {"chokepoints": chokepoint("suez", threatLevel="war_zone" if before < 1 else "normal")}
    found = scored("mena", with_balance(maritime_access=before), **now)
    assert [(item["from"], item["to"]) for item in found.changes["corridor_breaks"]] == broken
    assert (found.snapshot.reason == "corridor_break") is bool(broken)


@pytest.mark.parametrize(
    ("before", "failed"), [(0.5, []), (0.501, ["alliance_cohesion"]), (None, ["alliance_cohesion"])]
)
def test_a_buffer_fails_when_it_falls_by_more_than_02(before: float | None, failed: list[str]) -> None:
    previous = with_balance()
    previous["balance"]["alliance_cohesion"] = before
    found = changed(previous)["buffer_failures"]
    assert [item["axis"] for item in found] == failed
    assert all(item["from"] == (1 if before is None else before) for item in found)


@pytest.mark.parametrize("absent", [{}, {"balance": None}, {"balance": {}}])
def test_missing_axes_of_the_previous_count_as_one(absent: dict[str, Any]) -> None:
    previous = {**without("balance"), **absent}
    found = changed(previous, chokepoints=chokepoint("suez", threatLevel="war_zone"))
    assert found["corridor_breaks"] == [{"corridor_id": "aggregate", "from": "1.00", "to": "0.33"}]
    assert [item["axis"] for item in found["buffer_failures"]] == ["alliance_cohesion", "maritime_access"]


@pytest.mark.parametrize(("before", "shifted"), [(0.15, []), (0.34, []), (0.04, [0.16]), (None, [0.2]), (0.4, [-0.2])])
def test_leverage_shifts_by_more_than_015(before: float | None, shifted: list[float]) -> None:
    previous = copy.deepcopy(document("mena", forecasts=forecasts({"caseFile": "hamas"})))
    previous["actors"] = [{"actor_id": "hamas", "leverage_score": before}] if before is not None else []
    found = scored("mena", previous, forecasts=forecasts({"caseFile": "hamas"}))
    assert [item["delta"] for item in found.changes["leverage_shifts"]] == pytest.approx(shifted)
    assert (found.snapshot.reason == "leverage_shift") is bool(shifted)


@pytest.mark.parametrize(("before", "shifted"), [(None, []), (0, []), (0.3, []), (0.301, ["hamas"])])
def test_a_shift_of_exactly_015_is_none(before: float | None, shifted: list[str]) -> None:
    mentions = forecasts(*[{"caseFile": "hamas"}] * 3, *[{"caseFile": "israel"}] * 37)
    previous = copy.deepcopy(document("mena", forecasts=mentions))
    actor = next(item for item in previous["actors"] if item["actor_id"] == "hamas")
    assert actor["leverage_score"] == 0.15
    actor["leverage_score"] = before
    found = changed(previous, forecasts=mentions)["leverage_shifts"]
    assert [item["actor_id"] for item in found] == shifted


@pytest.mark.parametrize(("before", "jumps"), [(0.0, 0), (0.3, 0), (0.301, 1)])
def test_a_jump_of_exactly_015_is_none(before: float, jumps: int) -> None:
    falling = forecasts({"trend": "falling", "probability": 0.0118})  # containment (0.1 + 0.0059) / 0.7059 = 0.15
    previous = copy.deepcopy(document("mena"))
    previous["scenario_sets"] = [{"horizon": "7d", "lanes": [{"name": "containment", "probability": before}]}]
    found = changed(previous, forecasts=falling)["scenario_jumps"]
    assert [item["to"] for item in found] == [0.15] * jumps


@pytest.mark.parametrize(("before", "jumps"), [(0.421, 0), (0.42, 1), (0.722, 1), (0.571, 0)])
def test_a_lane_jumps_by_more_than_015(before: float, jumps: int) -> None:
    previous = copy.deepcopy(document("mena"))
    previous["scenario_sets"] = [{"horizon": "7d", "lanes": [{"name": "base", "probability": before}]}]
    found = changed(previous)["scenario_jumps"]
    assert len(found) == jumps
    assert all((item["horizon"], item["lane"], item["to"]) == ("7d", "base", 0.571) for item in found)


@pytest.mark.parametrize("absent", [{}, {"actors": None, "scenario_sets": None}])
def test_actors_of_a_previous_without_any_had_no_leverage(absent: dict[str, Any]) -> None:
    found = changed({**without("actors", "scenario_sets"), **absent}, forecasts=forecasts({"caseFile": "hamas"}))
    assert found["leverage_shifts"] == [{"actor_id": "hamas", "from": 0, "to": 0.2, "delta": 0.2}]
    assert found["scenario_jumps"] == []


def test_a_previous_without_a_label_counts_as_another_regime() -> None:
    previous = copy.deepcopy(document("mena"))
    previous["regime"] = {}
    result = scored("mena", previous)
    assert result.changes["regime_changed"] == {"from": "", "to": "calm"}
    assert result.snapshot.document["regime"]["transition_driver"] == "regime_shift"


def test_the_reason_is_the_first_kind_of_change() -> None:
    world = {"signals": many_signals(3), "alert_count": ALERTS}
    assert scored("mena", document("mena"), **world).snapshot.reason == "regime_shift"


def broken(**parts: Any) -> dict[str, Any]:
    return {**copy.deepcopy(document("mena")), **parts}


@pytest.mark.parametrize(
    "previous",
    [
        {},
        [],
        "text",
        7,
        broken(regime=None),
        broken(regime={"label": "quiet"}),
        broken(regime={"label": ["calm"]}),
        broken(region_id="europe"),
        broken(balance=[]),
        broken(balance={"maritime_access": "0.9"}),
        broken(balance={"maritime_access": float("nan")}),
        broken(balance={"maritime_access": 10**400}),
        broken(triggers=[]),
        broken(triggers={"active": [None]}),
        broken(triggers={"active": [{"id": "\ud800"}]}),
        broken(triggers={"active": None}),
        broken(actors=[1]),
        broken(actors=[{"actor_id": "x", "leverage_score": []}]),
        broken(scenario_sets={}),
        broken(scenario_sets=[{"horizon": {}, "lanes": []}]),
        broken(scenario_sets=[{"horizon": "7d", "lanes": [{"name": "base", "probability": None}]}]),
    ],
)
def test_an_unreadable_previous_invents_no_changes(previous: Any) -> None:
    world = {"signals": many_signals(3), "alert_count": ALERTS}
    result = scored("mena", previous, **world)
    assert not any(result.changes.values())
    assert result.snapshot.reason == "scheduled_6h"
    assert result.note.startswith("previous snapshot not compared: ")
    assert result.snapshot.document["regime"]["previous_label"] == ""


def test_a_previous_that_the_store_could_not_verify_invents_no_changes() -> None:
    damaged = Previous(unreadable="the content does not verify")
    result = score_region("mena", feeds(alert_count=ALERTS), damaged, NOW)
    assert not any(result.changes.values())
    assert result.note == "previous snapshot not compared: the content does not verify"


def test_a_previous_without_triggers_invents_no_activations() -> None:
    previous = copy.deepcopy(document("mena"))
    del previous["triggers"]
    result = scored("mena", previous, alert_count=ALERTS)
    assert result.changes["trigger_activations"] == []
    assert "triggers not compared" in result.note


@pytest.mark.parametrize(
    ("value", "text"), [(0.125, "0.13"), (0.375, "0.38"), (1, "1.00"), (0.649, "0.65"), (0.0, "0.00")]
)
def test_two_decimals_round_exact_halves_up(value: float, text: str) -> None:
    assert two_decimals(value) == text
