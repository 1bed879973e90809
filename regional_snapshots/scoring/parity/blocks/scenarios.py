"""Scenarios: how likely four lanes are over three horizons, from forecasts and active triggers.

Source: the pipeline specification, section 10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regional_snapshots.model.document.words import LANES
from regional_snapshots.model.shapes.forecasts import Forecast
from regional_snapshots.model.values import round3, total
from regional_snapshots.scoring.parity.scope import Scope

HORIZONS: dict[str, tuple[str, ...]] = {
    "24h": ("h24", "24h", "day"),
    "7d": ("d7", "7d", "week"),
    "30d": ("d30", "30d", "month"),
}
"""Horizon -> texts any of which puts a forecast under it."""
DEFAULT_HORIZON = "7d"

START = {"base": 0.4, "escalation": 0.1, "containment": 0.1, "fragmentation": 0.1}
PER_ACTIVE_TRIGGER = 0.1
TREND_SHIFT: dict[str, tuple[str, float]] = {
    "rising": ("escalation", 0.5),
    "escalating": ("escalation", 0.5),
    "falling": ("containment", 0.5),
    "de-escalating": ("containment", 0.5),
    "stable": ("base", 0.3),
}
"""Trend -> (lane that it strengthens, by how much of the forecast's probability)."""
FRAGMENTATION_WORDS = ("fragment", "collapse", "breakdown")
FRAGMENTATION_SHIFT = 0.4


def scenario_sets(scope: Scope, triggers: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The ``scenario_sets`` block: per horizon four lanes whose probabilities sum to 1 (within 0.002, for rounding)."""
    sets = []
    for horizon in HORIZONS:
        weights = lane_weights([item for item in scope.forecasts if at_horizon(item.horizon, horizon)])
        for trigger in triggers["active"]:
            weights[trigger["scenario_lane"]] += PER_ACTIVE_TRIGGER
        probabilities = normalised(weights)
        lanes = [
            {
                "name": lane,
                "probability": probabilities[lane],
                "trigger_ids": [
                    trigger["id"]
                    for state in ("active", "watching")
                    for trigger in triggers[state]
                    if trigger["scenario_lane"] == lane
                ],
                "consequences": [],
                "transmissions": [],
            }
            for lane in LANES
        ]
        sets.append({"horizon": horizon, "lanes": lanes})
    return sets


def at_horizon(text: str, horizon: str) -> bool:
    """Whether a forecast with this (lower-case) horizon text counts under a horizon; without a text it is a week."""
    if not text:
        return horizon == DEFAULT_HORIZON
    return any(word in text for word in HORIZONS[horizon])


def lane_weights(forecasts: Sequence[Forecast]) -> dict[str, float]:
    """Weights of the lanes, not normalised, before triggers."""
    weights = dict(START)
    for forecast in forecasts:
        probability = forecast.probability or 0.0
        if forecast.trend in TREND_SHIFT:
            lane, share = TREND_SHIFT[forecast.trend]
            weights[lane] += share * probability
        if any(word in forecast.case_text for word in FRAGMENTATION_WORDS):
            weights["fragmentation"] += FRAGMENTATION_SHIFT * probability
    return weights


def normalised(weights: Mapping[str, float]) -> dict[str, float]:
    """Probabilities of the lanes, three decimals each; all on base when nothing weighs anything."""
    positive = {lane: max(0.0, weights[lane]) for lane in LANES}
    whole = total(positive.values())
    if whole == 0:
        return {lane: float(lane == "base") for lane in LANES}
    return {lane: round3(weight / whole) for lane, weight in positive.items()}
