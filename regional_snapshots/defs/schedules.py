"""Schedules: refresh every six hours, reconcile and observe the feeds every hour; on as soon as the daemon runs."""

import dagster as dg

from regional_snapshots.defs.jobs import observe_feeds_job, reconcile_job, refresh_job
from regional_snapshots.defs.partitions import range_tags, runs_for
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings

settings = Settings.load()


@dg.schedule(
    job=refresh_job,
    cron_schedule=settings.refresh_cron,
    execution_timezone=settings.time_zone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Refreshes all regions, as many in one run as the setting REGIONS_PER_RUN says.",
)
def refresh_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    """One run per group of regions; the run key names the tick, so that no tick runs twice."""
    tick = context.scheduled_execution_time.isoformat()
    return [
        dg.RunRequest(run_key=f"{tick} {regions[0]}", tags=range_tags(regions))
        for regions in runs_for(REGION_IDS, settings.regions_per_run)
    ]


@dg.schedule(
    job=reconcile_job,
    cron_schedule=settings.reconcile_cron,
    execution_timezone=settings.time_zone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Checks and repairs the store.",
)
def reconcile_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run per tick."""
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())


@dg.schedule(
    job=observe_feeds_job,
    cron_schedule=settings.reconcile_cron,
    execution_timezone=settings.time_zone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Notes age, size and version of every feed, as often as the store is reconciled.",
)
def observe_feeds_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run per tick."""
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())
