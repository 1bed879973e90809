"""Scenarios: how likely matters get worse, better or fall apart over three horizons, with bounds.

Source: method 2, section 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.document.words import LANES
from regional_snapshots.model.values import total
from regional_snapshots.scoring.method2.axes import any_of
from regional_snapshots.scoring.method2.inputs.numbers import rounded
from regional_snapshots.scoring.method2.inputs.predictions import DOWN, HORIZONS, UP, Prediction


@dataclass(frozen=True)
class Votes:
    """The forecasts that speak for a lane. ``low`` holds if they all mean the same, ``high`` if no two can come true
    together, ``point`` lies between; None without any."""

    entries: Sequence[Prediction]

    @property
    def low(self) -> float | None:
        return max((entry.probability or 0.0 for entry in self.entries), default=None)

    @property
    def high(self) -> float | None:
        return min(1.0, total(entry.probability or 0.0 for entry in self.entries)) if self.entries else None

    @property
    def point(self) -> float | None:
        return None if self.low is None else 0.5 * self.low + 0.5 * any_of(self.entries)


def scenario_sets(
    predictions: Sequence[Prediction], triggers: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[dict[str, Any]]:
    """The ``scenario_sets`` block: per horizon four lanes. Active triggers do not vote; their ids stand beside."""
    counted = [entry for entry in predictions if entry.probability is not None]
    return [
        _set(horizon, [entry for entry in counted if entry.horizon == horizon], triggers) for horizon, _ in HORIZONS
    ]


def lanes_of(predictions: Sequence[Prediction]) -> dict[str, Votes]:
    """The votes of each lane but ``base``. A forecast may speak for a direction and for fragmentation."""
    return {
        "escalation": Votes([entry for entry in predictions if entry.direction == UP]),
        "containment": Votes([entry for entry in predictions if entry.direction == DOWN]),
        "fragmentation": Votes([entry for entry in predictions if entry.case is not None and entry.case.breaks]),
    }


def probabilities(lanes: Mapping[str, Votes]) -> dict[str, float | None]:
    """The probability of each lane: base that none of the others comes, the rest in proportion to their points."""
    points = {lane: votes.point for lane, votes in lanes.items()}
    known = [point for point in points.values() if point is not None]
    if not known:
        return dict.fromkeys(LANES)
    base = 1.0
    for point in known:
        base *= 1 - point
    whole = total(known)
    shares = {lane: (1 - base) * (point or 0.0) / whole if whole else 0.0 for lane, point in points.items()}
    return {"base": base, **shares}


def _set(
    horizon: str, predictions: Sequence[Prediction], triggers: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    lanes = lanes_of(predictions)
    shares = probabilities(lanes)
    return {
        "horizon": horizon,
        "lanes": [_lane(lane, lanes.get(lane, Votes(())), shares[lane], triggers) for lane in LANES],
    }


def _lane(
    name: str, votes: Votes, probability: float | None, triggers: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    return {
        "name": name,
        "probability": rounded(probability),
        "n": len(votes.entries),
        "low": rounded(votes.low),
        "high": rounded(votes.high),
        "point": rounded(votes.point),
        "trigger_ids": [
            trigger["id"]
            for state in ("active", "watching")
            for trigger in triggers[state]
            if trigger["scenario_lane"] == name
        ],
        "consequences": [],
        "transmissions": [],
    }
