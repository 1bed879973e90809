"""What a cron means: how long it may leave between two ticks, and when it ticks first in a day."""

from __future__ import annotations

from datetime import datetime, time, timedelta
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


def first_of_day(cron: str) -> time:
    """The time of day before which a cron never ticks; midnight for one that hardly ever does."""
    ticks = (_ticks(cron, days) for days, _ in SPANS)
    return min((tick.time() for tick in next(filter(None, ticks), [])), default=time())


def _ticks(cron: str, days: int) -> list[datetime]:
    """The ticks of some days from a Monday on. Partitions by time are the public way to Dagster's reading of crons."""
    end = MONDAY + timedelta(days=days)
    between = dg.TimeWindowPartitionsDefinition(MONDAY.strftime(FORM), FORM, end=end.strftime(FORM), cron_schedule=cron)
    return [datetime.strptime(key, FORM) for key in between.get_partition_keys()]  # noqa: DTZ007 - distances
