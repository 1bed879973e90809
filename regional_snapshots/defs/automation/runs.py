"""Looking at the runs of the instance: which refreshes there were, whether one is over, what failed in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

import dagster as dg

from regional_snapshots.defs.tags import ASSET_JOB, BACKFILL, REFRESH, REFRESH_JOB, is_refresh, refresh_of, regions_of

FINISHED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
UNFINISHED = [status for status in dg.DagsterRunStatus if status not in FINISHED]
MOST_RUNS = 1000
"""Runs that are looked at in one go: of a refresh with one run a region, all."""


def refresh_runs(
    instance: dg.DagsterInstance,
    *,
    since: datetime | None = None,
    statuses: Sequence[dg.DagsterRunStatus] = (),
    tags: dict[str, str] | None = None,
) -> list[dg.RunRecord]:
    """Runs that refresh regions and were created since then, the newest first."""
    found: list[dg.RunRecord] = []
    for job in (REFRESH_JOB, ASSET_JOB):
        filters = dg.RunsFilter(job_name=job, created_after=since, statuses=statuses, tags=tags or {})
        found += instance.get_run_records(filters, limit=MOST_RUNS)
    return sorted((it for it in found if is_refresh(it.dagster_run)), key=lambda it: it.storage_id, reverse=True)


def is_over(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether the refresh that a run belongs to is over: no run of it is queued or under way."""
    if run.status not in FINISHED:
        return False
    backfill_id = run.tags.get(BACKFILL)
    backfill = instance.get_backfill(backfill_id) if backfill_id else None
    if backfill and backfill.status.value == "REQUESTED":  # it may have runs left to start
        return False
    shared = {tag: refresh_of(run) for tag in (REFRESH, BACKFILL) if tag in run.tags}
    return not shared or not refresh_runs(instance, statuses=UNFINISHED, tags=dict([shared.popitem()]))


def failed_regions(instance: dg.DagsterInstance, run: dg.DagsterRun, kind: str = "failed") -> list[str]:
    """The regions that failed in a run; with ``kind`` *repeatable* or *withheld*, those of them.

    A run that ended before it could name any has failed in all, and may be repeated.
    """
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        failure = entry.dagster_event.step_failure_data.user_failure_data if entry.dagster_event else None
        named = failure.metadata.get(f"{kind}_regions") if failure else None
        if named is not None:
            return [str(region) for region in cast(Iterable[str], named.value)]
    return [] if kind == "withheld" else regions_of(run.tags)
