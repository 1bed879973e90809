"""How long a cron may leave between two ticks: what depends on it may be that old before anything is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import dagster as dg

FORM = "%Y-%m-%d %H:%M"
MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001 - any Monday; only distances are taken
SPANS = ((1, 700), (15, 3), (800, 3))
"""Days that are looked at, if they have so many ticks: one of a dense cron, two weeks with their week-ends, years."""

RARELY = timedelta(days=4 * 366)


def longest_gap(cron: str) -> timedelta:
    """The longest time between two ticks of a cron that Dagster takes."""
    for days, least in SPANS:
        ticks = _ticks(cron, days)
        if len(ticks) >= least:
            return max(later - earlier for earlier, later in pairwise(ticks))
    return RARELY


def _ticks(cron: str, days: int) -> list[datetime]:
    """The ticks of some days from a Monday on. Partitions by time are the public way to Dagster's reading of crons."""
    end = MONDAY + timedelta(days=days)
    between = dg.TimeWindowPartitionsDefinition(MONDAY.strftime(FORM), FORM, end=end.strftime(FORM), cron_schedule=cron)
    return [datetime.strptime(key, FORM) for key in between.get_partition_keys()]  # noqa: DTZ007 - distances
