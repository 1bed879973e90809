"""A time axis: where an instant lies, and which instants are named below it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from regional_snapshots.report.words import DAY_MS, HOUR_MS

STEPS_MS = tuple(hours * HOUR_MS for hours in (1, 3, 6, 12, 24, 48, 96, 168, 336, 720, 2160, 8760))
"""Distances between ticks."""

HALF_A_DAY_MS = 12 * HOUR_MS


@dataclass(frozen=True)
class Times:
    """Instants from ``begin`` to ``end`` (ms), drawn from ``left`` to ``right``."""

    begin: int
    end: int
    left: float
    right: float

    def x(self, instant_ms: float) -> float:
        """Where an instant lies; what is outside lies at the edge."""
        share = (instant_ms - self.begin) / (self.end - self.begin)
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    def ticks(self, most: int = 7) -> list[tuple[float, str]]:
        """``(x, label)``, at most so many: hours of a day, or days."""
        length = self.end - self.begin
        step = next((step for step in STEPS_MS if length / step <= most), length)
        first = -(-self.begin // step) * step
        return [(self.x(at), _tick(at, step)) for at in range(first, self.end + 1, step)]


def times_of(instants: list[int], left: float, right: float) -> Times:
    """The axis of some instants; around a single one there is half a day of room."""
    begin, end = min(instants), max(instants)
    if begin == end:
        begin, end = begin - HALF_A_DAY_MS, end + HALF_A_DAY_MS
    return Times(begin, end, left, right)


def _tick(instant_ms: int, step_ms: int) -> str:
    moment = datetime.fromtimestamp(instant_ms / 1000, tz=timezone.utc)
    is_day = step_ms >= DAY_MS or (moment.hour == 0 and moment.minute == 0)
    return f"{moment.day} {moment:%b}" if is_day else f"{moment:%H:%M}"
