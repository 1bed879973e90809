"""What changed since the previous snapshot, and which change is the reason for the new one.

Source: the pipeline specification, sections 14.3 (changes) and 14.4 (reason). A previous
snapshot that cannot be read is not taken for a first run: it is no basis for a comparison, so nothing changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from regional_snapshots.model.document.words import REGIME_LABELS, TRIGGER_REASONS
from regional_snapshots.model.snapshot import BUFFERS
from regional_snapshots.model.values import MAX_INSTANT_MS, MAX_MAGNITUDE, clean
from regional_snapshots.scoring.diff import activation, no_changes
from regional_snapshots.scoring.parity.blocks.regime import CALM

JUMP = 0.15
SHIFT = 0.15
CORRIDOR_BREAK = 0.3
BUFFER_FAILURE = 0.20


@dataclass(frozen=True)
class Baseline:
    """What the comparison needs of a previous snapshot. ``regime`` is its block (label, transitioned_at, driver), empty
    without a label; ``active`` holds trigger ids, or is None when the snapshot says nothing about triggers."""

    regime: Mapping[str, Any]
    balance: Mapping[str, float]
    active: tuple[str, ...] | None
    leverage: Mapping[str, float]
    lanes: Mapping[tuple[str, str], float]


class UnreadablePreviousError(ValueError):
    """A previous snapshot cannot be compared with; the text says why."""


def first_changes(label: str, current: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of the first snapshot ever: a regime other than calm, and every active trigger."""
    changes = no_changes()
    if label != CALM:
        changes["regime_changed"] = {"from": "", "to": label}
    changes["trigger_activations"] = [activation(trigger) for trigger in current["triggers"]["active"]]
    return changes


def changes_since(baseline: Baseline, label: str, current: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of the blocks ``current`` (balance, actors, triggers, scenario_sets) against a baseline."""
    changes = no_changes()
    before = baseline.regime.get("label", "")
    if label != before:
        changes["regime_changed"] = {"from": before, "to": label}
    if baseline.active is not None:
        active = {trigger["id"]: trigger for trigger in current["triggers"]["active"]}
        changes["trigger_activations"] = [activation(active[id]) for id in active if id not in baseline.active]
        changes["trigger_deactivations"] = [{"id": id} for id in baseline.active if id not in active]
    changes["scenario_jumps"] = _scenario_jumps(baseline, current["scenario_sets"])
    changes["corridor_breaks"] = _corridor_breaks(baseline, current["balance"])
    changes["leverage_shifts"] = _leverage_shifts(baseline, current["actors"])
    changes["buffer_failures"] = [
        {"axis": axis, "from": baseline.balance.get(axis, 1), "to": current["balance"][axis]}
        for axis in BUFFERS
        if baseline.balance.get(axis, 1) - current["balance"][axis] > BUFFER_FAILURE
    ]
    return changes


def baseline_of(document: Any, region_id: str) -> Baseline:
    """Take what the comparison needs out of a previous document, which may come from anywhere.

    A part that is missing or null has the meaning that section 14.3 gives it, except that missing triggers are not
    compared: each active one would count as new. Raises :class:`UnreadablePreviousError` for a document of another
    region, one without a regime, or one with a part that is not what this version writes.
    """
    document = _object(document, "the document")
    if document.get("region_id", region_id) != region_id:
        raise UnreadablePreviousError("it belongs to another region")
    balance, actors, sets = (document.get(part) for part in ("balance", "actors", "scenario_sets"))
    balance = _object({} if balance is None else balance, "balance")
    return Baseline(
        regime=_regime(document.get("regime")),
        balance={axis: _number(balance[axis], axis) for axis in BUFFERS if balance.get(axis) is not None},
        active=_active(document.get("triggers")),
        leverage=_leverage([] if actors is None else actors),
        lanes=_lanes([] if sets is None else sets),
    )


def _regime(value: Any) -> dict[str, Any]:
    block = _object(value, "regime")
    label = block.get("label")
    if label is None:
        return {}
    if not isinstance(label, str) or label not in REGIME_LABELS:
        raise UnreadablePreviousError("its regime label is unknown")
    since, driver = block.get("transitioned_at"), block.get("transition_driver")
    whole = isinstance(since, int) and not isinstance(since, bool) and 0 <= since <= MAX_INSTANT_MS
    known = isinstance(driver, str) and driver in TRIGGER_REASONS
    return {"label": label, "transitioned_at": since if whole else 0, "transition_driver": driver if known else ""}


def _active(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    listed = _list(_object(value, "triggers").get("active"), "triggers.active")
    return tuple(_text(_object(item, "a trigger").get("id"), "a trigger's id") for item in listed)


def _leverage(value: Any) -> dict[str, float]:
    found: dict[str, float] = {}
    for item in _list(value, "actors"):
        actor = _object(item, "an actor")
        score = actor.get("leverage_score")
        key = _text(actor.get("actor_id"), "an actor's id")
        found.setdefault(key, 0 if score is None else _number(score, "a leverage score"))
    return found


def _lanes(value: Any) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for item in _list(value, "scenario_sets"):
        scenario = _object(item, "a scenario set")
        horizon = _text(scenario.get("horizon"), "a horizon")
        for entry in _list(scenario.get("lanes", []), "lanes"):
            lane = _object(entry, "a lane")
            key = (horizon, _text(lane.get("name"), "a lane's name"))
            found.setdefault(key, _number(lane.get("probability"), "a probability"))
    return found


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UnreadablePreviousError(f"{what} is not an object")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise UnreadablePreviousError(f"{what} is not a list")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or clean(value) != value:
        raise UnreadablePreviousError(f"{what} is not a clean text")
    return value


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= MAX_MAGNITUDE:
        raise UnreadablePreviousError(f"{what} is not a number")
    return value


def _scenario_jumps(baseline: Baseline, sets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    jumps = []
    for scenario in sets:
        for lane in scenario["lanes"]:
            before = baseline.lanes.get((scenario["horizon"], lane["name"]))
            now = lane["probability"]
            if before is not None and abs(now - before) > JUMP:
                jumps.append({"horizon": scenario["horizon"], "lane": lane["name"], "from": before, "to": now})
    return jumps


def _corridor_breaks(baseline: Baseline, balance: Mapping[str, Any]) -> list[dict[str, str]]:
    before, now = baseline.balance.get("maritime_access", 1), balance["maritime_access"]
    if not before - now > CORRIDOR_BREAK:
        return []
    return [{"corridor_id": "aggregate", "from": two_decimals(before), "to": two_decimals(now)}]


def _leverage_shifts(baseline: Baseline, actors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    shifts = []
    for actor in actors:
        before, now = baseline.leverage.get(actor["actor_id"], 0), actor["leverage_score"]
        if abs(now - before) > SHIFT:
            shifts.append({"actor_id": actor["actor_id"], "from": before, "to": now, "delta": now - before})
    return shifts


def two_decimals(value: float) -> str:
    """Text with two decimals, exact halves up (0.125 gives 0.13)."""
    return str(Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP))
