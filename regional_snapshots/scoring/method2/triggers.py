"""Triggers: measured values that cross a threshold, and do not flicker around it.

Source: method 2, section 8. A trigger starts on fresh data only, and ends when its value is clearly short, twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.scoring.method2.balance import Balance
from regional_snapshots.scoring.method2.corridors import CorridorState
from regional_snapshots.scoring.method2.inputs.held import Held, HeldTrigger
from regional_snapshots.scoring.method2.inputs.numbers import above, at_least, rounded
from regional_snapshots.scoring.method2.inputs.scope import Scope
from regional_snapshots.scoring.method2.past import HOUR_MS, Past
from regional_snapshots.scoring.tables.triggers import NEAR, TRIGGERS, Trigger, threshold_of

MINUTE_MS = 60_000
RELEASE = 0.1
"""An active trigger is let go when its value is short of the target by this share of it, twice running."""
WINDOW_SLACK_MS = 6 * HOUR_MS
"""So far from the length of its window may the row lie that a change is measured against."""
UPWARDS = ("gt", "gte", "delta_gt")

OWN_TRIGGERS: tuple[Trigger, ...] = (
    Trigger("hormuz_threat", "mena", "escalation", "chokepoint:hormuz:threat_level", "gte", 0.6, 60,
            "fixed", "The threat in the Strait of Hormuz is high or worse"),
    Trigger("panama_threat", "north-america", "escalation", "chokepoint:panama:threat_level", "gte", 0.6, 60,
            "fixed", "The threat at the Panama Canal is high or worse"),
    Trigger("panama_threat", "latam", "escalation", "chokepoint:panama:threat_level", "gte", 0.6, 60,
            "fixed", "The threat at the Panama Canal is high or worse"),
    Trigger("gas_low", "europe", "fragmentation", "gas:europe:fill", "lte", 0.30, 1440,
            "fixed", "European gas storage is at most 30 percent full"),
)  # fmt: skip
"""Triggers that this method adds to the common table."""


@dataclass(frozen=True)
class Measured:
    """A measured value, unrounded, or None; the weight of the feed that it comes from; its evidence."""

    value: float | None
    weight: float
    evidence_ids: Sequence[str]

    @property
    def data(self) -> str:
        """``fresh``, ``stale`` or ``none``."""
        if self.value is None or self.weight <= 0:
            return "none"
        return "fresh" if self.weight >= 1 else "stale"


NOTHING = Measured(None, 0.0, ())


@dataclass(frozen=True)
class Picture:
    """What triggers are measured from."""

    scope: Scope
    balance: Balance
    corridors: Sequence[CorridorState]
    past: Past


def triggers(picture: Picture, held: Held, now_ms: int) -> dict[str, list[dict[str, Any]]]:
    """The ``triggers`` block: the region's triggers as ``active``, ``watching`` and ``dormant``, in table order."""
    buckets: dict[str, list[dict[str, Any]]] = {"active": [], "watching": [], "dormant": []}
    for trigger in (*TRIGGERS, *OWN_TRIGGERS):
        if trigger.region == picture.scope.region.id:
            measured = measure(trigger, picture)
            before = held.active.get(trigger.id)
            state = state_of(trigger, measured, before)
            buckets[state].append(_described(trigger, measured, _activated_at(state, before, now_ms)))
    return buckets


def measure(trigger: Trigger, picture: Picture) -> Measured:
    """What a trigger's metric ``family:subject[:measure]`` is at."""
    family, subject, what = [*trigger.metric.split(":"), "", ""][:3]
    reader = _READERS.get(family)
    return reader(subject, what, trigger, picture) if reader else NOTHING


def state_of(trigger: Trigger, measured: Measured, before: HeldTrigger | None) -> str:
    """``active``, ``watching`` or ``dormant``. ``before``: how it was, if it was active before."""
    if measured.value is None or measured.data == "none":
        return "dormant"
    held = before is not None and not (_let_go(trigger, measured.value) and _let_go(trigger, before.value))
    fires = _fires(trigger, measured.value)
    if held or (fires and measured.data == "fresh"):
        return "active"
    return "watching" if fires or _is_near(trigger, measured.value) else "dormant"


def distance(trigger: Trigger, value: float) -> float:
    """How far beyond the target a value is, in the direction of firing; negative when short of it."""
    return value - trigger.value if trigger.operator in UPWARDS else trigger.value - value


def _fires(trigger: Trigger, value: float) -> bool:
    beyond = distance(trigger, value)
    return above(beyond, 0.0) if trigger.operator in ("gt", "lt") else at_least(beyond, 0.0)


def _let_go(trigger: Trigger, value: float | None) -> bool:
    """Whether a value is short of the target by so much that an active trigger may end."""
    if value is None or _fires(trigger, value):
        return False
    return at_least(-distance(trigger, value), RELEASE * abs(trigger.value))


def _is_near(trigger: Trigger, value: float) -> bool:
    return at_least(distance(trigger, value), -NEAR * abs(trigger.value))


def _activated_at(state: str, before: HeldTrigger | None, now_ms: int) -> int:
    if state != "active":
        return 0
    return before.activated_at if before and before.activated_at else now_ms


def _described(trigger: Trigger, measured: Measured, activated_at: int) -> dict[str, Any]:
    known = measured.value is not None and measured.data != "none"
    return {
        "id": trigger.id,
        "description": trigger.description,
        "threshold": threshold_of(trigger),
        "activated": activated_at > 0,
        "activated_at": activated_at,
        "scenario_lane": trigger.lane,
        "value": rounded(measured.value) if known else None,
        "distance": rounded(distance(trigger, measured.value or 0.0)) if known else None,
        "data": measured.data,
        "evidence_ids": list(measured.evidence_ids) if known else [],
    }


def _balance(region: str, axis: str, trigger: Trigger, picture: Picture) -> Measured:
    found = picture.balance.axes.get(axis)
    if found is None or region != picture.scope.region.id or found.value is None:
        return NOTHING
    ids = dict.fromkeys(name for part in found.measured for name in part.evidence_ids)
    return Measured(found.value, min(part.f for part in found.measured), tuple(ids))


def _chokepoint(subject: str, what: str, trigger: Trigger, picture: Picture) -> Measured:
    state = next((state for state in picture.corridors if state.corridor.chokepoint == subject), None)
    if state is None:
        return NOTHING
    if what == "transit_count":
        return _change_of_traffic(state, trigger, picture)
    threat = None if state.openness is None else 1 - state.openness
    return Measured(threat, picture.scope.world.weight("chokepoints"), [state.evidence_id])


def _change_of_traffic(state: CorridorState, trigger: Trigger, picture: Picture) -> Measured:
    """Relative change of the flow against the throughput of that row, else of the ships a day."""
    world, column, now = picture.scope.world, 1, state.flow
    source, ids = "chokepoints", [state.evidence_id]
    if now is None:
        column, now = 2, state.today_total if (state.today_total or 0) > 0 else None
        source, ids = "transits", world.source("transits")

    def then_of(row: Any) -> float | None:
        value = row.corridors[state.corridor.id][column] if state.corridor.id in row.corridors else None
        return value if value else None

    then = picture.past.nearest(trigger.window_minutes * MINUTE_MS, WINDOW_SLACK_MS, then_of)
    if now is None or then is None:
        return NOTHING
    return Measured(now / then - 1, world.weight(source), ids)


def _change_of_instability(country: str, what: str, trigger: Trigger, picture: Picture) -> Measured:
    now = next((score for row, score in picture.scope.scores if row.country == country), None)
    then = picture.past.nearest(trigger.window_minutes * MINUTE_MS, WINDOW_SLACK_MS, lambda row: row.cii.get(country))
    if now is None or then is None:
        return NOTHING
    return Measured(now - then, picture.scope.world.weight("country_scores"), [f"cii:{country}"])


def _alerts(subject: str, what: str, trigger: Trigger, picture: Picture) -> Measured:
    world = picture.scope.world
    return Measured(world.feeds.alert_count, world.weight("alert_count"), world.source("alert_count"))


def _gas(subject: str, what: str, trigger: Trigger, picture: Picture) -> Measured:
    world, fill = picture.scope.world, picture.scope.feeds.gas_fill.fill
    return Measured(None if fill is None else fill / 100, world.weight("gas_fill"), world.source("gas_fill"))


_READERS: Mapping[str, Callable[[str, str, Trigger, Picture], Measured]] = {
    "balance": _balance,
    "chokepoint": _chokepoint,
    "cii": _change_of_instability,
    "oref": _alerts,
    "gas": _gas,
}
"""How each family of metrics is measured; nothing measures the others."""
