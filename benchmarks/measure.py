"""Measuring fairly: contenders take turns, and a figure is the median of the ratios of each turn, with its spread."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Tick = Callable[[str], None]
"""Tells the person who waits what was just done."""


@dataclass(frozen=True)
class Figure:
    """One row of the table: a median with its quartiles, and the ``target`` it is to reach (``<=`` or ``>=``)."""

    group: str
    what: str
    unit: str
    median: float
    low: float
    high: float
    target: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None when there is none."""
        if not self.target:
            return None
        sign, bound = self.target.split()
        return self.median <= float(bound) if sign == "<=" else self.median >= float(bound)


def figure(group: str, what: str, unit: str, values: Sequence[float], target: str = "") -> Figure:
    """The figure of repeated measurements."""
    low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return Figure(group, what, unit, statistics.median(values), low, high, target)


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work took. Garbage of what came before is collected first."""
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def take_turns(contenders: Mapping[str, Callable[[], float]], rounds: int, tick: Tick) -> dict[str, list[float]]:
    """``{name: one result per round}``; every round runs all contenders, each round in the opposite order."""
    results: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds):
        for name in list(contenders)[:: 1 if turn % 2 == 0 else -1]:
            results[name].append(contenders[name]())
            tick(name)
    return results


def quotients(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Ratios, turn by turn."""
    return [top / bottom for top, bottom in zip(over, under, strict=True)]


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The b of ``seconds = a * sizes ** b`` that fits best: 1 is linear growth."""
    import math

    return statistics.linear_regression([math.log(n) for n in sizes], [math.log(s) for s in seconds]).slope
