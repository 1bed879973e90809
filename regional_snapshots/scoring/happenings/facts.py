"""Facts: the changes against the previous snapshot, less those that are nothing but a feed lost or found.

The changes have the shape of the pipeline specification, section 14.3. Under method 2 breaks, failures and jumps follow
its own rules (the design, section 14).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.feeds.grounds import (
    CORRIDOR_GROUNDS,
    LEVERAGE_GROUNDS,
    NET,
    SCENARIO_GROUNDS,
    axis_grounds,
    metric_of,
    trigger_grounds,
)
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.scoring.diff import no_changes
from regional_snapshots.scoring.happenings import falls
from regional_snapshots.scoring.happenings.falls import Fall, Past
from regional_snapshots.scoring.happenings.gaps import Turn, turn_before, turn_between
from regional_snapshots.scoring.happenings.told import Telling, telling
from regional_snapshots.scoring.happenings.view import View
from regional_snapshots.scoring.parity.changes import two_decimals

Axes = Mapping[str, float | None]
Relabel = Callable[[Axes, Axes, Sequence[SeriesRow], str], str]
"""The regime that a snapshot of these axes would have if some had other values, given the rows of the last seven days
and the label held before; "" when that cannot be said."""


@dataclass(frozen=True)
class Facts:
    """``changes`` as the diff lists them; ``told`` what is told of regime and triggers; ``turn`` what was lost and
    regained; ``falls`` by type of event, under method 2 only."""

    changes: Mapping[str, Any]
    told: Telling | None
    turn: Turn
    falls: Mapping[str, list[Fall]]


def first_facts(changes: Mapping[str, Any]) -> Facts:
    """Of a snapshot without anything to compare with."""
    return Facts(changes, None, Turn(), {})


def facts_since(before: View, now: View, scored: Mapping[str, Any], past: Past, relabel: Relabel | None) -> Facts:
    """Of a snapshot and the one before it. ``scored``: the changes as the method has them."""
    turn = turn_between(before, now)
    if not before.is_comparable(now):
        return Facts(no_changes(), None, turn, {})
    earlier = turn_before(before)
    told = telling(before, now, turn, earlier, shift_is_real=_is_real(before, now, turn, earlier, past, relabel))
    found = _falls(before, now, turn, earlier, past) if now.baseline else {}
    changes = {
        **no_changes(),
        **_told_changes(told, now),
        "scenario_jumps": _jumps(before, now, scored, turn),
        "corridor_breaks": _breaks(scored, found, turn),
        "leverage_shifts": [] if LEVERAGE_GROUNDS & turn.names else scored["leverage_shifts"],
        "buffer_failures": _failures(scored, found, turn),
    }
    return Facts(changes, told, turn, found)


def _is_real(before: View, now: View, turn: Turn, earlier: Turn, past: Past, relabel: Relabel | None) -> bool:
    """Whether the regime changed for another reason than that something was lost or regained: with the axes that moved
    with it as they were, it would have changed all the same.

    Where a method takes two snapshots to adopt a label, the turn of the snapshot before counts as well.
    """
    rests = {axis: axis_grounds(axis) for axis in now.axes if axis != NET}
    instead = {axis: before.axes.get(axis) for axis, grounds in rests.items() if grounds & turn.names}
    instead = {axis: value for axis, value in instead.items() if value != now.axes[axis]}
    if before.pending == now.label and (row := past.before(before.at)):
        instead |= {axis: row.axes.get(axis) for axis, grounds in rests.items() if grounds & earlier.names}
    if not instead:
        return True
    return relabel is not None and relabel(now.axes, instead, past.week(now.at), before.label) == now.label


def _told_changes(told: Telling, now: View) -> dict[str, Any]:
    entries = now.triggers or {}
    return {
        "regime_changed": dict(zip(("from", "to"), told.shift, strict=True)) if told.shift else None,
        "trigger_activations": [
            {"id": name, "description": entries[name].get("description", "")} for name in told.activated
        ],
        "trigger_deactivations": [{"id": name} for name in told.cleared],
    }


def _falls(before: View, now: View, turn: Turn, earlier: Turn, past: Past) -> dict[str, list[Fall]]:
    """Falls that rest on what was known in both snapshots."""
    turned = turn.names | earlier.names
    found = {
        "corridor_break": [] if CORRIDOR_GROUNDS & turned else falls.corridor_breaks(before, now, past),
        "buffer_failure": falls.buffer_failures(before, now, past),
        "axis_anomaly": falls.anomalies(before, now, past),
    }
    return {kind: [fall for fall in some if not axis_grounds(fall.subject) & turned] for kind, some in found.items()}


def _jumps(before: View, now: View, scored: Mapping[str, Any], turn: Turn) -> list[dict[str, Any]]:
    if SCENARIO_GROUNDS & turn.names:
        return []
    if now.baseline:
        return falls.scenario_jumps(before, now)
    swayed = now.active.keys() ^ before.active.keys()  # parity: active triggers vote for their lane
    grounds = [trigger_grounds(metric_of((now.triggers or before.triggers or {}).get(name))) for name in swayed]
    return [] if any(ground & turn.names for ground in grounds) else scored["scenario_jumps"]


def _breaks(scored: Mapping[str, Any], found: Mapping[str, list[Fall]], turn: Turn) -> list[dict[str, Any]]:
    if "corridor_break" in found:
        return [
            {"corridor_id": fall.subject, "from": two_decimals(fall.usual), "to": two_decimals(fall.value)}
            for fall in found["corridor_break"]
        ]
    return [] if axis_grounds("maritime_access") & turn.names else scored["corridor_breaks"]


def _failures(scored: Mapping[str, Any], found: Mapping[str, list[Fall]], turn: Turn) -> list[dict[str, Any]]:
    if "buffer_failure" in found:
        return [{"axis": fall.subject, "from": fall.usual, "to": fall.value} for fall in found["buffer_failure"]]
    return [item for item in scored["buffer_failures"] if not axis_grounds(item["axis"]) & turn.names]
