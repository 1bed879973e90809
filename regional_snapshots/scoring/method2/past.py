"""The past of a region: rows of its series that this method made, of earlier six-hour buckets only.

Source: method 2, section 5. Windows include both ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from regional_snapshots.model.series import SeriesRow, series_bucket
from regional_snapshots.scoring.method2.inputs.held import METHOD

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True)
class Past:
    """Rows, oldest first, as seen at ``now_ms``."""

    rows: tuple[SeriesRow, ...]
    now_ms: int

    def between(self, oldest_ago_ms: int, newest_ago_ms: int = 0) -> list[SeriesRow]:
        """The rows of a window that ends ``newest_ago_ms`` ago."""
        oldest, newest = self.now_ms - oldest_ago_ms, self.now_ms - newest_ago_ms
        return [row for row in self.rows if oldest <= row.at <= newest]

    def nearest(self, ago_ms: int, within_ms: int, value_of: Callable[[SeriesRow], float | None]) -> float | None:
        """The value of the row that is closest to ``ago_ms`` ago, at most ``within_ms`` off. Rows without one are
        passed over; of two that are equally close the older counts."""
        found = [
            (abs(self.now_ms - ago_ms - row.at), value)
            for row in self.between(ago_ms + within_ms, ago_ms - within_ms)
            if (value := value_of(row)) is not None
        ]
        return min(found, key=lambda entry: entry[0])[1] if found else None


def past_of(rows: Iterable[SeriesRow], now_ms: int) -> Past:
    """The past as far as scoring may look at it: a later snapshot replaces the row of its own bucket, never an earlier
    one, so that this one can be computed again."""
    bucket = series_bucket(now_ms)
    return Past(tuple(row for row in rows if row.method == METHOD and row.bucket < bucket), now_ms)
