"""Sensors: what happens after a refresh, and after one that failed.

They look at the state and not at events, like a reconciliation: whatever was missed or came in a crowd, what is due now
is asked for once. They look at every run that refreshes regions, of the schedule and of a person in the UI.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import dagster as dg

from regional_snapshots.defs.automation.jobs import WORLD_OVERVIEW
from regional_snapshots.defs.automation.repeats import repetitions
from regional_snapshots.defs.automation.runs import UNFINISHED, failed_regions, is_over, refresh_runs
from regional_snapshots.defs.instance.lost_runs import fail_lost_runs
from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT
from regional_snapshots.defs.tags import (
    OVERVIEW_JOB,
    RECONCILE_JOB,
    REFRESH_JOB,
    REPEATS,
    is_of_command_line,
    refresh_of,
)
from regional_snapshots.settings import Settings

A_DAY = timedelta(days=1)


def sensors(settings: Settings, jobs: Mapping[str, Any]) -> list[dg.SensorDefinition]:
    """All sensors, as the settings have them. ``jobs``: what they start, by name."""

    def after_refresh(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """One overview per refresh, however many runs it had; several refreshes at once have one, too."""
        return overview_due(context.instance) or dg.SkipReason("The overview shows the last refresh.")

    def after_failed_refresh(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        """Reconcile where that may help; repeat what may pass by itself."""
        now = datetime.now(timezone.utc)
        due = [reconciliation_due(context.instance, now)]
        due += repetitions(context.instance, now, settings.regions_per_run)
        return [request for request in due if request] or dg.SkipReason("No refresh failed, or nothing is due yet.")

    def lost_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        """Fail the runs of the command line whose process is gone: they would fill the queue."""
        lost = fail_lost_runs(context.instance)
        return dg.SkipReason(f"Failed, because its process is gone: {', '.join(lost)}" if lost else "No run is lost.")

    def made(look: Callable[..., Any], starts: list[str], description: str) -> dg.SensorDefinition:
        running = dg.DefaultSensorStatus.RUNNING
        started = [jobs[name] for name in starts] or None
        return dg.sensor(jobs=started, default_status=running, description=description)(look)

    return [
        made(after_refresh, [OVERVIEW_JOB], "After a refresh: brings the world overview up to date."),
        made(
            after_failed_refresh,
            [RECONCILE_JOB, REFRESH_JOB],
            "After a refresh that failed: reconciles, and repeats after 1, 2, 4, … minutes, until the next refresh, "
            "the regions that may succeed with nobody doing anything.",
        ),
        made(lost_runs, [], "Fails runs of the command line that were killed, so that they do not fill the queue."),
    ]


def overview_due(instance: dg.DagsterInstance) -> dg.RunRequest | None:
    """The overview, if one began before the last region was shown, and the refresh of that region is over."""
    shown = instance.get_latest_materialization_event(REGIONAL_SNAPSHOT)
    run = instance.get_run_by_id(shown.run_id) if shown else None
    if shown is None or (run and not is_over(instance, run)):
        return None
    if instance.get_run_records(dg.RunsFilter(job_name=OVERVIEW_JOB, statuses=UNFINISHED), limit=1):
        return None
    overview = instance.get_latest_materialization_event(WORLD_OVERVIEW)
    made_in = instance.get_run_record_by_id(overview.run_id) if overview else None
    begun = (made_in.start_time or made_in.create_timestamp.timestamp()) if made_in else 0.0
    if begun >= shown.timestamp:
        return None
    return dg.RunRequest(run_key=f"overview after {shown.run_id}", job_name=OVERVIEW_JOB)


def reconciliation_due(instance: dg.DagsterInstance, now: datetime) -> dg.RunRequest | None:
    """A reconciliation after the last refresh that failed, once it is over: not where only the server, or feeds, were
    missing, and not after its repetitions."""
    failed = refresh_runs(instance, since=now - A_DAY, statuses=[dg.DagsterRunStatus.FAILURE])
    runs = [record.dagster_run for record in failed]
    mine = [run for run in runs if not is_of_command_line(run) and REPEATS not in run.tags]
    if not mine or not is_over(instance, mine[0]) or not _may_have_drifted(instance, mine[0]):
        return None
    return dg.RunRequest(run_key=f"reconcile after {refresh_of(mine[0])}", job_name=RECONCILE_JOB)


def _may_have_drifted(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    passes = {*failed_regions(instance, run, "repeatable"), *failed_regions(instance, run, "withheld")}
    return bool(set(failed_regions(instance, run)) - passes)
