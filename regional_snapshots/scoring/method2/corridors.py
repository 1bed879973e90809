"""Corridors: how open each is, how busy compared with what it should be, and how accessible that makes it.

Source: method 2, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from regional_snapshots.model.regions import Corridor
from regional_snapshots.model.shapes.maritime import Chokepoint
from regional_snapshots.model.values import clip
from regional_snapshots.scoring.method2.inputs.numbers import rounded
from regional_snapshots.scoring.method2.inputs.scope import Scope
from regional_snapshots.scoring.method2.past import DAY_MS, Past

OPENNESS_OF = {
    "war_zone": 0.0,
    "critical": 0.2,
    "high": 0.4,
    "red": 0.4,
    "elevated": 0.7,
    "yellow": 0.7,
    "normal": 1.0,
    "green": 1.0,
}
"""How open a corridor is under a threat level or a status colour, where no disruption score is published."""
OPENNESS_SHARE, THROUGHPUT_SHARE = 0.6, 0.4
HISTORY_MS = 90 * DAY_MS
LEAST_DAYS = 20
"""So many different UTC days with traffic make a history to compare with."""


@dataclass(frozen=True)
class CorridorState:
    """A corridor that a feed tells of. ``flow`` is the published flow ratio (clipped), ``basis`` what throughput rests
    on (``flow``, ``own_history`` or ``none``); shares are 0 to 1. Without openness it is unmeasured: no access."""

    corridor: Corridor
    chokepoint: Chokepoint
    openness: float | None
    flow: float | None
    throughput: float | None
    basis: str
    today_total: float | None
    observed_at: int | None

    @property
    def access(self) -> float | None:
        """How accessible it is, or None."""
        if self.openness is None or self.throughput is None:
            return self.openness
        return OPENNESS_SHARE * self.openness + THROUGHPUT_SHARE * self.throughput

    @property
    def evidence_id(self) -> str:
        """The id under which its state is evidence."""
        return f"chokepoint:{self.corridor.chokepoint}"

    def document(self) -> dict[str, Any]:
        """The entry of the ``corridors`` block."""
        return {
            "id": self.corridor.id,
            "openness": rounded(self.openness),
            "throughput": rounded(self.throughput),
            "basis": self.basis,
            "access": rounded(self.access),
            "today_total": rounded(self.today_total),
            "observed_at": self.observed_at,
        }


def corridor_states(scope: Scope, past: Past) -> list[CorridorState]:
    """The corridors of a region that a feed tells of, in table order; of duplicate chokepoints the last counts."""
    chokepoints = {chokepoint.id: chokepoint for chokepoint in scope.feeds.chokepoints}
    owned = [corridor for corridor in scope.region.corridors if corridor.chokepoint in chokepoints]
    return [_state(corridor, chokepoints[corridor.chokepoint or ""], scope, past) for corridor in owned]


def openness_of(chokepoint: Chokepoint) -> float | None:
    """From the disruption score, else the threat level, else the status; None when none can be read."""
    if chokepoint.disruption is not None:
        return 1 - clip(chokepoint.disruption / 100)
    levels = (OPENNESS_OF.get((word or "").strip()) for word in (chokepoint.published_threat, chokepoint.status))
    return next((level for level in levels if level is not None), None)


def _state(corridor: Corridor, chokepoint: Chokepoint, scope: Scope, past: Past) -> CorridorState:
    transit = scope.feeds.transits.get(chokepoint.id)
    today = transit.today_total if transit and transit.measured else None
    flow = None if chokepoint.flow_ratio is None else clip(chokepoint.flow_ratio)
    usual = None if flow is not None else _usual_total(corridor.id, past)
    throughput, basis = flow, "flow"
    if flow is None:
        compared = None if today is None or today <= 0 or usual is None else clip(today / usual)
        throughput, basis = compared, "none" if compared is None else "own_history"
    return CorridorState(
        corridor=corridor,
        chokepoint=chokepoint,
        openness=openness_of(chokepoint),
        flow=flow,
        throughput=throughput,
        basis=basis,
        today_total=today,
        observed_at=scope.world.states["chokepoints"].time,
    )


def _usual_total(corridor_id: str, past: Past) -> float | None:
    """Median of the ships a day of the region's own rows; None when too few days have any."""
    totals, days = [], set()
    for row in past.between(HISTORY_MS):
        total = row.corridors[corridor_id][2] if corridor_id in row.corridors else None
        if total is not None and total > 0:
            totals.append(total)
            days.add(row.at // DAY_MS)
    return median(totals) if len(days) >= LEAST_DAYS else None
