"""Schedules: refresh every six hours, reconcile and observe the feeds every hour; on as soon as the daemon runs."""

from collections.abc import Callable

import dagster as dg

from regional_snapshots.defs.automation.jobs import observe_feeds_job, reconcile_job, refresh_job
from regional_snapshots.defs.partitions import range_tags, runs_for
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """All schedules, as the settings have them."""

    def refresh_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        """One run per group of regions; the run key names the tick, so that no tick runs twice."""
        tick = context.scheduled_execution_time.isoformat()
        return [
            dg.RunRequest(run_key=f"{tick} {regions[0]}", tags=range_tags(regions))
            for regions in runs_for(REGION_IDS, settings.regions_per_run)
        ]

    def made(tick: Callable, job: dg.JobDefinition, cron: str, description: str) -> dg.ScheduleDefinition:
        return dg.schedule(
            job=job,
            cron_schedule=cron,
            execution_timezone=settings.time_zone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=description,
        )(tick)

    return [
        made(
            refresh_schedule,
            refresh_job,
            settings.refresh_cron,
            "Refreshes all regions, as many in one run as the setting REGIONS_PER_RUN says.",
        ),
        made(reconcile_schedule, reconcile_job, settings.reconcile_cron, "Checks and repairs the store."),
        made(
            observe_feeds_schedule,
            observe_feeds_job,
            settings.reconcile_cron,
            "Notes age, size and version of every feed, as often as the store is reconciled.",
        ),
    ]


def reconcile_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run per tick."""
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())


def observe_feeds_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run per tick."""
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())
