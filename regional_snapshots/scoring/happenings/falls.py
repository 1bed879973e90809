"""Falls: what lies far below its usual level, or far out of its own past, two snapshots running. Method 2 only.

Each rule is true of one snapshot; a fall is told when it becomes true of two running. Two running is judged by the
documents, and whether it had been true before by the row before them.
Source: the design, section 14; method 2, sections 4, 5 and 10.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from regional_snapshots.model.feeds.grounds import CORRIDOR_GROUNDS, NET, axis_grounds
from regional_snapshots.model.series import Gap, SeriesRow, like_rows
from regional_snapshots.model.snapshot import BUFFERS, PRESSURES
from regional_snapshots.scoring.happenings.view import View

WEEK_MS = 7 * 86_400_000
LEAST_ROWS = 4
"""Below so many rows there is no usual level. Source: method 2, section 6 (its median of the week)."""
CORRIDOR_BREAK, BUFFER_FAILURE, JUMP = 0.30, 0.20, 0.15
ANOMALIES = (3.0, 5.0)
"""z of the bad sign from which an anomaly is told, and from which it is severe."""

DECIMALS = 9
"""Thresholds are compared on values rounded so far. Source: method 2, section 1."""


@dataclass(frozen=True)
class Fall:
    """``usual`` and ``value`` of a corridor or an axis; ``level`` counts the thresholds that were crossed, from 1."""

    subject: str
    usual: float
    value: float
    threshold: float
    level: int = 1


@dataclass(frozen=True)
class Past:
    """Rows of the region's series, oldest first, and the gaps of the new document."""

    rows: Sequence[SeriesRow]
    gaps: Mapping[str, Gap]

    def before(self, at: int) -> SeriesRow | None:
        """The newest row that is older than a snapshot."""
        end = bisect_left(self.rows, at, key=_at)
        return self.rows[end - 1] if end else None

    def week(self, at: int) -> Sequence[SeriesRow]:
        """The rows of the seven days before an instant."""
        first, end = (bisect_left(self.rows, instant, key=_at) for instant in (at - WEEK_MS, at))
        return self.rows[first:end]

    def usual(self, at: int, grounds: frozenset[str], value: Callable[[SeriesRow], float | None]) -> float | None:
        """The median of the week before an instant, over rows that rest on the same grounds."""
        values = [found for row in like_rows(self.week(at), self.gaps, grounds) if (found := value(row)) is not None]
        return median(values) if len(values) >= LEAST_ROWS else None


def corridor_breaks(before: View, now: View, past: Past) -> list[Fall]:
    """Corridors whose access has come to lie 0.30 or more below the usual."""
    falls = []
    for name, block in now.corridors.items():
        measured = block.get("throughput") is not None

        def access(row: SeriesRow, name: str = name, measured: bool = measured) -> float | None:
            values = row.corridors.get(name)
            return values[0] if values and (values[1] is not None) == measured else None

        then = before.corridors.get(name, {})
        same = (then.get("throughput") is not None) == measured
        values = (block.get("access"), then.get("access") if same else None)
        falls += _newly_below(name, values, (before, now), past, CORRIDOR_GROUNDS, access, CORRIDOR_BREAK)
    return falls


def buffer_failures(before: View, now: View, past: Past) -> list[Fall]:
    """Buffers that have come to lie 0.20 or more below the usual."""
    falls = []
    for axis in BUFFERS:

        def value(row: SeriesRow, axis: str = axis) -> float | None:
            return row.axes.get(axis)

        values = (now.axes.get(axis), before.axes.get(axis))
        falls += _newly_below(axis, values, (before, now), past, axis_grounds(axis), value, BUFFER_FAILURE)
    return falls


def _newly_below(
    subject: str,
    values: tuple[float | None, float | None],
    views: tuple[View, View],
    past: Past,
    grounds: frozenset[str],
    value: Callable[[SeriesRow], float | None],
    depth: float,
) -> list[Fall]:
    before, now = views
    current, earlier = values

    def below(it: float | None, at: int) -> float | None:
        usual = past.usual(at, grounds, value)
        return usual if it is not None and usual is not None and round(usual - it, DECIMALS) >= depth else None

    usual = below(current, now.at)
    if current is None or usual is None or below(earlier, before.at) is None:
        return []
    row = past.before(before.at)
    if row is not None and below(value(row), row.at) is not None:
        return []
    return [Fall(subject, usual, current, depth)]


def scenario_jumps(before: View, now: View) -> list[dict[str, Any]]:
    """Lanes whose point moved by more than 0.15, and out of its old bounds, as the changes list them."""
    jumps = []
    for (horizon, name), lane in now.lanes.items():
        then = before.lanes.get((horizon, name), {})
        was, low, high, point = then.get("point"), then.get("low"), then.get("high"), lane.get("point")
        if was is None or low is None or high is None or point is None:
            continue
        if round(abs(point - was), DECIMALS) > JUMP and not low <= point <= high:
            jumps.append({"horizon": horizon, "lane": name, "from": was, "to": point})
    return jumps


def anomalies(before: View, now: View, past: Past) -> list[Fall]:
    """Axes, and the net, that have come to lie far out of their own past on the bad side, or farther than before."""
    falls = []
    for axis in (*PRESSURES, *BUFFERS, NET):
        value, entry = now.axes.get(axis), now.baseline.get(axis) or {}
        usual = entry.get("median")
        level = min(_level(axis, now), _level(axis, before))
        if not level or value is None or usual is None or not _like(axis, now, past):
            continue
        row = past.before(before.at)
        if row is None or level > min(_level_of_row(axis, row, entry), _level(axis, before)):
            falls.append(Fall(axis, usual, value, ANOMALIES[level - 1], level))
    return falls


def _level(axis: str, view: View) -> int:
    z = (view.baseline.get(axis) or {}).get("z")
    return _crossed(axis, z) if isinstance(z, (int, float)) else 0


def _level_of_row(axis: str, row: SeriesRow, entry: Mapping[str, float]) -> int:
    """A row beside the past of the new snapshot, which is nearly its own."""
    value = row.net if axis == NET else row.axes.get(axis)
    if value is None:
        return 0
    return _crossed(axis, (value - entry["median"]) / max(1.4826 * entry.get("mad", 0.0), 0.02))


def _crossed(axis: str, z: float) -> int:
    bad = round(z if axis in PRESSURES else -z, 3)
    return sum(bad >= threshold for threshold in ANOMALIES)


def _like(axis: str, now: View, past: Past) -> bool:
    """Whether most of what the baseline was made of rests on the grounds of today."""
    rows = [row for row in past.rows if (row.net if axis == NET else row.axes.get(axis)) is not None]
    return 2 * len(like_rows(rows, past.gaps, axis_grounds(axis))) >= len(rows)


def _at(row: SeriesRow) -> int:
    return row.at
