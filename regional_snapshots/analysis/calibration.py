"""Calibration: what the scenarios of retained snapshots said, beside what came of it.

Source: method 2, section 11.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from regional_snapshots.model.values import number

HOUR_MS = 3_600_000
HORIZONS_MS: Mapping[str, int] = {"24h": 24 * HOUR_MS, "7d": 7 * 24 * HOUR_MS, "30d": 30 * 24 * HOUR_MS}
LANES = ("base", "escalation", "containment", "fragmentation")

PRESSURE_MOVE = 0.15
"""Rise or fall of coercive pressure that counts as escalation or containment."""
COHESION_LOSS = 0.20
FRAGMENTED = "fragmentation_risk"
DECIMALS = 9
"""Thresholds are compared on values rounded so, that the last bit of a difference never decides."""

FEWEST = 30
"""Fewer forecasts than this have no score."""
BINS = 10
UNIFORM_BRIER = 0.75
"""What a forecast of one quarter for each lane scores, always."""
LEAST_PROBABILITY = 0.0005
"""A probability is written with three decimals: one written as 0 may have been this, and its logarithm is finite."""


@dataclass(frozen=True)
class Said:
    """What one snapshot of a region said: its instant (ms), adopted label, coercive pressure and cohesion (None where
    not known), and the probability of each lane by horizon (absent where there were no forecasts)."""

    at: int
    label: str
    pressure: float | None
    cohesion: float | None
    probabilities: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Bin:
    """Probabilities of one tenth: how many, their mean, and how often what they spoke of came."""

    n: int
    mean_p: float | None
    observed: float | None


@dataclass(frozen=True)
class Calibration:
    """How well the scenarios of one horizon were calibrated. Brier scores run from 0 (best) to 2; None where ``n`` is
    below :data:`FEWEST`.

    ``n`` counts forecasts whose horizon has passed; ``independent`` how many horizons lie side by side in the time that
    they span, for forecasts made within one horizon judge much the same days. ``skill`` is 1 less the share of the
    climatological score that is left: 0 or less says that the frequencies alone would have done as well.
    """

    horizon: str
    n: int
    independent: int
    outcomes: Mapping[str, int]
    brier: float | None = None
    brier_climatology: float | None = None
    brier_uniform: float = UNIFORM_BRIER
    skill: float | None = None
    log_score: float | None = None
    bins: tuple[Bin, ...] = ()

    @property
    def remark(self) -> str:
        """Why there is no score, in words; "" when there is one."""
        return f"{self.n} forecasts are too few to judge: {FEWEST} are needed" if self.n < FEWEST else ""


def said(document: Mapping[str, Any]) -> Said:
    """What of a snapshot document calibration needs. Raises ``KeyError`` or ``TypeError`` for another shape."""
    balance = document["balance"]
    sets = {entry["horizon"]: entry["lanes"] for entry in document["scenario_sets"]}
    return Said(
        at=document["generated_at"],
        label=document["regime"]["label"],
        pressure=number(balance["coercive_pressure"]),
        cohesion=number(balance["alliance_cohesion"]),
        probabilities={horizon: found for horizon, lanes in sets.items() if (found := _probabilities(lanes))},
    )


def _probabilities(lanes: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    found = {lane["name"]: value for lane in lanes if (value := number(lane["probability"])) is not None}
    return found if set(found) == set(LANES) else {}


def calibrate(histories: Iterable[Sequence[Said]]) -> tuple[Calibration, ...]:
    """One calibration a horizon, over the histories of several regions: each of one region, oldest first."""
    listed = list(histories)
    return tuple(_calibration(horizon, listed) for horizon in HORIZONS_MS)


def outcome(history: Sequence[Said], instants: Sequence[int], at: int, horizon_ms: int) -> str | None:
    """The lane that came true within the horizon of entry ``at``; None while that is not over, or cannot be told.

    ``instants`` are those of the history.
    """
    start = history[at]
    if instants[-1] < start.at + horizon_ms:
        return None
    window = history[at : bisect_right(instants, start.at + horizon_ms)]
    pressures = [entry.pressure for entry in window if entry.pressure is not None]
    if _fragmented(window):
        return "fragmentation"
    if start.pressure is None:
        return None
    if _reaches(max(pressures) - start.pressure, PRESSURE_MOVE):
        return "escalation"
    return "containment" if _reaches(start.pressure - min(pressures), PRESSURE_MOVE) else "base"


def _fragmented(window: Sequence[Said]) -> bool:
    """Whether the label of fragmentation was adopted after the first entry, or cohesion was lost."""
    if any(before.label != FRAGMENTED == after.label for before, after in pairwise(window)):
        return True
    cohesions = [entry.cohesion for entry in window if entry.cohesion is not None]
    return window[0].cohesion is not None and _reaches(window[0].cohesion - min(cohesions), COHESION_LOSS)


def _reaches(difference: float, threshold: float) -> bool:
    return round(difference, DECIMALS) >= threshold


def _calibration(horizon: str, histories: Sequence[Sequence[Said]]) -> Calibration:
    judged: list[tuple[Mapping[str, float], str]] = []
    independent = 0
    for history in histories:
        found = list(_judged(horizon, history))
        judged += [(forecast, came) for _, forecast, came in found]
        independent += 1 + (found[-1][0] - found[0][0]) // HORIZONS_MS[horizon] if found else 0
    outcomes = Counter(came for _, came in judged)
    counted = {lane: outcomes[lane] for lane in LANES}
    if len(judged) < FEWEST:
        return Calibration(horizon, len(judged), independent, counted)
    brier = _mean(_squares(forecast, came) for forecast, came in judged)
    frequencies = {lane: count / len(judged) for lane, count in counted.items()}
    climatology = _mean(_squares(frequencies, came) for _, came in judged)
    return Calibration(
        horizon=horizon,
        n=len(judged),
        independent=independent,
        outcomes=counted,
        brier=brier,
        brier_climatology=climatology,
        skill=1 - brier / climatology if climatology else None,
        log_score=_mean(-math.log(max(forecast[came], LEAST_PROBABILITY)) for forecast, came in judged),
        bins=_bins(judged),
    )


def _judged(horizon: str, history: Sequence[Said]) -> Iterator[tuple[int, Mapping[str, float], str]]:
    """Instant, probabilities and outcome of every forecast of which that can be told."""
    instants = [entry.at for entry in history]
    for at, entry in enumerate(history):
        forecast = entry.probabilities.get(horizon)
        came = outcome(history, instants, at, HORIZONS_MS[horizon]) if forecast else None
        if forecast and came:
            yield entry.at, forecast, came


def _squares(forecast: Mapping[str, float], came: str) -> float:
    return math.fsum((forecast[lane] - (lane == came)) ** 2 for lane in LANES)


def _bins(judged: Sequence[tuple[Mapping[str, float], str]]) -> tuple[Bin, ...]:
    """All lanes of all forecasts by tenths of their probability; 1 lies in the last."""
    groups: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for forecast, came in judged:
        for lane in LANES:
            groups[min(int(forecast[lane] * BINS), BINS - 1)].append((forecast[lane], lane == came))
    return tuple(
        Bin(len(group), _mean(p for p, _ in group), _mean(float(came) for _, came in group))
        if group
        else Bin(0, None, None)
        for group in groups
    )


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return math.fsum(listed) / len(listed)
