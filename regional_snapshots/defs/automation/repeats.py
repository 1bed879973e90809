"""Repetitions of failed regions, at growing distance: an outage at the tick does not cost a period.

Nothing is remembered but tags of runs. A region is repeated while the last run that took it has failed in a way that
may pass by itself; the next refresh, or a person, takes it in a run of its own, and so ends the row of its repetitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import dagster as dg

from regional_snapshots.defs.automation.runs import failed_regions, refresh_runs
from regional_snapshots.defs.partitions import runs_for
from regional_snapshots.defs.tags import (
    REFRESH,
    REFRESH_JOB,
    REPEATS,
    REPETITION,
    WILL_RETRY,
    is_of_command_line,
    range_tags,
    refresh_of,
    regions_of,
)

FIRST_DISTANCE_S = 60.0
LOOKED_BACK = timedelta(days=8)
"""A schedule of once a week still gets its repetitions."""

DAGSTERS_TURN_S = 60.0
"""How long a crashed run is left to Dagster, which repeats it within seconds or, where its backfill has ended
meanwhile, not at all, although the tag says that it will."""


def repetitions(instance: dg.DagsterInstance, now: datetime, regions_per_run: int) -> list[dg.RunRequest]:
    """The runs that are due now."""
    failed = refresh_runs(instance, since=now - LOOKED_BACK, statuses=[dg.DagsterRunStatus.FAILURE])
    failed = [record for record in failed if not is_of_command_line(record.dagster_run)]
    if not failed:
        return []
    requests: list[dg.RunRequest] = []
    taken_later: set[str] = set()
    begin = failed[-1].create_timestamp - timedelta(seconds=1)
    for record in refresh_runs(instance, since=begin):
        run = record.dagster_run
        regions = [region for region in regions_of(run.tags) if region not in taken_later]
        is_failed = run.status is dg.DagsterRunStatus.FAILURE
        if is_of_command_line(run) and is_failed:  # its user knows; it ends no row
            continue
        taken_later.update(regions)
        if is_failed and regions and now.timestamp() >= due_at(record):
            passing = set(failed_regions(instance, run, "repeatable"))
            mine = [region for region in regions if region in passing]
            requests += [_request(run, group) for group in runs_for(mine, regions_per_run)]
    return requests


def due_at(record: dg.RunRecord) -> float:
    """When what failed in a run may be repeated, in seconds since 1970."""
    run = record.dagster_run
    ended = float(record.end_time or record.update_timestamp.timestamp())
    if run.tags.get(WILL_RETRY) == "true":
        return ended + DAGSTERS_TURN_S
    return ended + FIRST_DISTANCE_S * 2.0 ** _repetition(run)


def _repetition(run: dg.DagsterRun) -> int:
    text = run.tags.get(REPETITION, "0")
    return int(text) if text.isdecimal() else 0


def _request(run: dg.DagsterRun, regions: list[str]) -> dg.RunRequest:
    """The same again, with the options that a person may have set, and as a part of the same refresh."""
    own = (cast(Mapping[str, Any], run.run_config).get("ops") or {}).get("regional_snapshot")
    return dg.RunRequest(
        run_key=f"repeat {run.run_id} {regions[0]}",
        job_name=REFRESH_JOB,
        run_config={"ops": {"regional_snapshot": own}} if own else {},
        tags=range_tags(regions)
        | {REPEATS: run.run_id, REPETITION: str(_repetition(run) + 1), REFRESH: refresh_of(run)},
    )
