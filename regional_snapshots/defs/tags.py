"""Tags of runs, and what they tell: which regions a run takes, which refresh it belongs to, what it repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg

from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT
from regional_snapshots.model.regions import PLACE_OF, REGION_IDS

REFRESH_JOB, RECONCILE_JOB, OVERVIEW_JOB, OBSERVE_JOB = "refresh", "reconcile", "overview", "observe_feeds"
BRIEFS_JOB = "briefs"
ASSET_JOB = "__ASSET_JOB"
"""The job in which Dagster runs what is started from the page of an asset."""

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
ONE = "dagster/partition"
"""Tags by which Dagster runs one partition, or several partitions in one run: a range in the order of REGION_IDS."""

BACKFILL = "dagster/backfill"
REFRESH = "regional_snapshots/refresh"
"""Tag that the runs of one refresh share, however many there are."""

REPEATS = "regional_snapshots/repeats"
"""Tag of a run that repeats failed regions of another: the id of that run."""

REPETITION = "regional_snapshots/repetition"
"""Tag of such a run: how many there were, this one included. Each waits twice as long as the one before."""

HOST, PROCESS = "regional_snapshots/host", "regional_snapshots/process"
"""Tags of a run of the command line: where it runs, and in which process (id and start), so that its end is noticed."""

WILL_RETRY = "dagster/will_retry"
"""Tag of a crashed run that Dagster repeats itself (see run_retries in dagster.yaml)."""


def range_tags(regions: Sequence[str]) -> dict[str, str]:
    """The tags of a run that takes these neighbouring regions."""
    return {RANGE_START: regions[0], RANGE_END: regions[-1]}


def regions_of(tags: Mapping[str, str]) -> list[str]:
    """The regions that a run with these tags takes; none if it names one that is not in the table any more."""
    start, end = (tags.get(tag) or tags.get(ONE) for tag in (RANGE_START, RANGE_END))
    if start not in PLACE_OF or end not in PLACE_OF:
        return []
    return list(REGION_IDS[PLACE_OF[start] : PLACE_OF[end] + 1])


def is_refresh(run: dg.DagsterRun) -> bool:
    """Whether a run refreshes regions: it is the job's, or it was started from the asset's own page."""
    return run.job_name == REFRESH_JOB or REGIONAL_SNAPSHOT in (run.asset_selection or ())


def refresh_of(run: dg.DagsterRun) -> str:
    """The refresh that a run belongs to: a tick, a backfill, or nothing but itself."""
    return run.tags.get(REFRESH) or run.tags.get(BACKFILL) or run.run_id


def is_of_command_line(run: dg.DagsterRun) -> bool:
    """Whether it was started by the command line, which tells its user the next step."""
    return PROCESS in run.tags
