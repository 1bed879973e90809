"""Triggers: measured values that cross a threshold, or come near it.

Source: the pipeline specification, section 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.snapshot import AXES
from regional_snapshots.scoring.tables.triggers import NEAR, TRIGGERS, Trigger, threshold_of

THREAT = {"war_zone": 1.0, "critical": 0.8, "high": 0.6, "elevated": 0.4}
"""Threat levels as numbers; every other level is 0."""


def triggers(region_id: str, feeds: Feeds, balance: Mapping[str, Any], now_ms: int) -> dict[str, list[dict[str, Any]]]:
    """The ``triggers`` block: the region's triggers as ``active``, ``watching`` and ``dormant``, in table order."""
    buckets: dict[str, list[dict[str, Any]]] = {"active": [], "watching": [], "dormant": []}
    for trigger in TRIGGERS:
        if trigger.region == region_id:
            value = metric_value(trigger.metric, region_id, feeds, balance)
            state = trigger_state(trigger.operator, trigger.value, value)
            buckets[state].append(_described(trigger, state == "active", now_ms))
    return buckets


def metric_value(metric: str, region_id: str, feeds: Feeds, balance: Mapping[str, Any]) -> float | None:
    """Value of a metric ``family:subject[:measure]``, or None when nothing measures it."""
    family, subject, measure = [*metric.split(":"), ""][:3]
    if family == "balance":
        return balance[measure] if subject == region_id and measure in AXES else None
    if family == "chokepoint":
        return _chokepoint_value(subject, measure, feeds)
    if family == "cii":
        return next((row.score or 0.0 for row in feeds.country_scores if row.country == subject), None)
    return (feeds.alert_count or 0.0) if family == "oref" else None


def _chokepoint_value(chokepoint_id: str, measure: str, feeds: Feeds) -> float | None:
    """Of duplicate chokepoints the first counts."""
    chokepoint = next((item for item in feeds.chokepoints if item.id == chokepoint_id), None)
    if chokepoint is None:
        return None
    if measure == "threat_level":
        return THREAT.get(chokepoint.threat or "", 0.0)
    transit = feeds.transits.get(chokepoint_id)
    return (transit.today_total or 0.0) if transit else 0.0


def trigger_state(operator: str, target: float, value: float | None) -> str:
    """``active``, ``watching`` or ``dormant``. A change (``delta_*``) is never active, for there is no baseline yet."""
    if value is None or operator.startswith("delta_"):
        return "dormant"
    held = {"gt": value > target, "gte": value >= target, "lt": value < target, "lte": value <= target}
    if held[operator]:
        return "active"
    band = abs(target) * NEAR  # none around a target of 0: such a trigger is never watched
    near = target - band <= value < target if operator in ("gt", "gte") else target < value <= target + band
    return "watching" if near else "dormant"


def _described(trigger: Trigger, active: bool, now_ms: int) -> dict[str, Any]:
    return {
        "id": trigger.id,
        "description": trigger.description,
        "threshold": threshold_of(trigger),
        "activated": active,
        "activated_at": now_ms if active else 0,
        "scenario_lane": trigger.lane,
        "evidence_ids": [],
    }
