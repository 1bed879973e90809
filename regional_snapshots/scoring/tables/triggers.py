"""Triggers: which measured value of which region crosses which threshold.

Source: the pipeline specification, section 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NEAR = 0.2
"""A trigger is watched while its value misses the target by at most this share of it."""


@dataclass(frozen=True)
class Trigger:
    """A trigger of one region. ``metric`` names what is measured; ``delta_*`` compare it with what it was."""

    id: str
    region: str
    lane: str
    metric: str
    operator: str
    value: float
    window_minutes: int
    baseline: str
    description: str


TRIGGERS: tuple[Trigger, ...] = (
    Trigger("hormuz_transit_drop", "mena", "escalation", "chokepoint:hormuz:transit_count", "delta_lt", -0.20, 1440,
            "trailing_7d", "Ship transits through Hormuz fall by more than a fifth within a day"),
    Trigger("iran_cii_spike", "mena", "escalation", "cii:IR:combined_score", "delta_gt", 15, 720,
            "trailing_7d", "Iran's instability score jumps by more than 15 points within 12 hours"),
    Trigger("red_sea_critical", "mena", "escalation", "chokepoint:babelm:threat_level", "gte", 0.8, 60,
            "fixed", "The threat at Bab el-Mandeb is critical or worse"),
    Trigger("mena_coercive_high", "mena", "escalation", "balance:mena:coercive_pressure", "gte", 0.7, 360,
            "fixed", "Coercive pressure in the region is at its ceiling"),
    Trigger("oref_cluster", "mena", "escalation", "oref:active_alerts_count", "gt", 10, 60,
            "fixed", "More than ten Home Front alerts are active in Israel at once"),
    Trigger("taiwan_tension_high", "east-asia", "escalation", "chokepoint:taiwan_strait:threat_level", "gte", 0.6, 120,
            "fixed", "The threat in the Taiwan Strait is high or worse"),
    Trigger("russia_naval_buildup", "europe", "escalation", "theater:eastern_europe:russia_vessel_count", "delta_gt",
            5, 1440, "trailing_30d", "More than five additional Russian naval vessels off Eastern Europe in a day"),
    Trigger("european_capital_stress", "europe", "fragmentation", "balance:europe:capital_stress", "gte", 0.7, 360,
            "fixed", "Capital stress in Europe is near its ceiling"),
)  # fmt: skip


def threshold_of(trigger: Trigger) -> dict[str, Any]:
    """The threshold as documents have it."""
    return {
        "metric": trigger.metric,
        "operator": trigger.operator,
        "value": trigger.value,
        "window_minutes": trigger.window_minutes,
        "baseline": trigger.baseline,
    }
