"""Grounds: which feed stands under which axis, trigger and kind of change. By its grounds a change is judged and told.

Names of feeds are those of ``FEEDS``; an axis stands under what is read from it (see ``trigger_grounds``).
Source: the pipeline specification, sections 6 and 9; method 2, sections 3 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regional_snapshots.model.feeds.table import ENERGY_FEEDS, feeds_of

AXIS_GROUNDS: Mapping[str, frozenset[str]] = {
    "coercive_pressure": frozenset({"signals", "forecasts"}),
    "domestic_fragility": frozenset({"country_scores"}),
    "capital_stress": frozenset({"macro_verdict", "debts", "stress"}),
    "energy_vulnerability": frozenset({"energy_mix", "gas_fill", "days_of_cover"}),
    "alliance_cohesion": frozenset({"forecasts"}),
    "maritime_access": frozenset({"chokepoints", "transits"}),
    "energy_leverage": frozenset(),
}
"""Axis -> its feeds, over all methods."""

NET = "net_balance"
NET_GROUNDS = frozenset[str]().union(*AXIS_GROUNDS.values())
REGIME_GROUNDS = NET_GROUNDS | frozenset(AXIS_GROUNDS)

CORRIDOR_GROUNDS = AXIS_GROUNDS["maritime_access"]
SCENARIO_GROUNDS = frozenset({"forecasts"})
LEVERAGE_GROUNDS = frozenset({"forecasts"})

METRIC_GROUNDS: tuple[tuple[str, str, frozenset[str], str], ...] = (
    ("chokepoint", "threat_level", frozenset({"chokepoints"}), "maritime_access"),
    ("chokepoint", "", frozenset({"chokepoints", "transits"}), "maritime_access"),
    ("cii", "", frozenset({"country_scores"}), "domestic_fragility"),
    ("oref", "", frozenset({"alert_count"}), ""),
    ("gas", "", frozenset({"gas_fill"}), "energy_vulnerability"),
    ("energy", "", frozenset({"gas_fill"}), "energy_vulnerability"),
    ("theater", "", frozenset(), ""),
)
"""``(family, measure or "" for any, feeds, the axis that reads them too)`` of a metric ``family:subject:measure``."""

_NAMES = {spec.key: spec.name for energy in ENERGY_FEEDS for spec in feeds_of(energy)}


def feed_name(key: str) -> str:
    """The name of a feed by its Redis key; the key itself where the table has none."""
    return _NAMES.get(key, key)


def axis_grounds(axis: str) -> frozenset[str]:
    """The feeds of an axis, or of the net balance, and what it is called itself: it may become unknown, too."""
    return (NET_GROUNDS if axis == NET else AXIS_GROUNDS.get(axis, frozenset())) | {axis}


def trigger_grounds(metric: str) -> frozenset[str]:
    """What a trigger rests on: feeds, or an axis with its feeds. A metric that is in no table rests on everything."""
    family, measure, subject_axis = _parts(metric)
    if family == "balance":
        return axis_grounds(subject_axis)
    return next(
        (grounds for name, of, grounds, _ in METRIC_GROUNDS if name == family and of in ("", measure)), NET_GROUNDS
    )


def metric_of(entry: Mapping[str, Any] | None) -> str:
    """What a trigger's entry says it measures; the empty text when it says nothing."""
    threshold = (entry or {}).get("threshold")
    metric = threshold.get("metric") if isinstance(threshold, Mapping) else ""
    return metric if isinstance(metric, str) else ""


def trigger_axis(metric: str) -> str:
    """The axis to which a trigger belongs; the empty text when it belongs to none."""
    family, measure, subject_axis = _parts(metric)
    if family == "balance":
        return subject_axis
    return next((axis for name, of, _, axis in METRIC_GROUNDS if name == family and of in ("", measure)), "")


def _parts(metric: str) -> tuple[str, str, str]:
    family, _, measure = [*metric.split(":"), "", ""][:3]
    return family, measure, measure
