"""Predictions: forecasts as method 2 reads them, once per run.

Source: method 2, sections 3 (direction, probability) and 7 (horizons).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from regional_snapshots.model.shapes.forecasts import Forecast
from regional_snapshots.model.values import clip
from regional_snapshots.scoring.method2.inputs.case_files import CaseFile
from regional_snapshots.scoring.method2.inputs.numbers import at_most

UP, DOWN = "up", "down"
_DIRECTION_OF = {"rising": UP, "escalating": UP, "falling": DOWN, "de-escalating": DOWN}
_OPPOSITE = {UP: DOWN, DOWN: UP}
POSITIVE = "positive"
"""The polarity of a forecast whose event is good: a ceasefire."""

HOURS_OF_UNIT = {"h": 1, "hour": 1, "d": 24, "day": 24, "w": 168, "week": 168, "m": 720, "mo": 720, "month": 720}
HORIZONS = (("24h", 36), ("7d", 240), ("30d", 1080))
"""(horizon, longest outlook in hours that it takes); a longer outlook has none."""
HORIZON_WHEN_ABSENT = "7d"
_NUMBER_AND_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)[\s-]*(?:(hour|day|week|month)s?|(h|d|w|mo?))")
_UNIT_AND_NUMBER = re.compile(r"([hdwm])([0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True)
class Prediction:
    """A forecast: its probability (0 to 1) or None, whether matters get worse (``up``) or better (``down``) with it,
    its horizon or None, its case file or None, and the id under which it is evidence."""

    forecast: Forecast
    probability: float | None
    direction: str | None
    horizon: str | None
    case: CaseFile | None
    evidence_id: str


def predictions(forecasts: Iterable[Forecast]) -> tuple[Prediction, ...]:
    """All forecasts of a run, in feed order."""
    return tuple(
        Prediction(
            forecast=forecast,
            probability=None if forecast.probability is None else clip(forecast.probability),
            direction=direction_of(forecast.trend, forecast.polarity),
            horizon=horizon_of(forecast.horizon),
            case=None if forecast.case is None else CaseFile(forecast.case),
            evidence_id=f"forecast:{forecast.id or f'number-{index}'}",
        )
        for index, forecast in enumerate(forecasts)
    )


def direction_of(trend: str, polarity: str) -> str | None:
    """Where matters go; a forecast of something good has it swapped."""
    direction = _DIRECTION_OF.get(trend.strip())
    return _OPPOSITE.get(direction or "") if polarity.strip() == POSITIVE else direction


def horizon_of(text: str) -> str | None:
    """The horizon of an outlook such as "36h", "10 days" or "d7"; None for a longer one and one that cannot be read."""
    text = text.strip()
    if not text:
        return HORIZON_WHEN_ABSENT
    if match := _NUMBER_AND_UNIT.fullmatch(text):
        amount, unit = match[1], match[2] or match[3]
    elif match := _UNIT_AND_NUMBER.fullmatch(text):
        unit, amount = match.groups()
    else:
        return None
    hours = float(amount) * HOURS_OF_UNIT[unit]
    return next((horizon for horizon, longest in HORIZONS if at_most(hours, longest)), None)
