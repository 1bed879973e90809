"""Schedules: refresh every six hours, reconcile every hour; on as soon as the daemon runs.

Feeds need no schedule of their own: every refresh observes what it reads.
"""

from collections.abc import Callable

import dagster as dg

from regional_snapshots.defs.partitions import runs_for
from regional_snapshots.defs.tags import RECONCILE_JOB, REFRESH, REFRESH_JOB, range_tags
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """All schedules, as the settings have them."""

    def refresh_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        """One run per group of regions; the run key names the tick, so that no tick runs twice."""
        tick = context.scheduled_execution_time.isoformat()
        return [
            dg.RunRequest(run_key=f"{tick} {regions[0]}", tags=range_tags(regions) | {REFRESH: tick})
            for regions in runs_for(REGION_IDS, settings.regions_per_run)
        ]

    def made(tick: Callable, job: str, cron: str, description: str) -> dg.ScheduleDefinition:
        return dg.schedule(
            job_name=job,
            cron_schedule=cron,
            execution_timezone=settings.time_zone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=description,
        )(tick)

    refreshes = "Refreshes all regions, as many in one run as the setting REGIONS_PER_RUN says."
    return [
        made(refresh_schedule, REFRESH_JOB, settings.refresh_cron, refreshes),
        made(reconcile_schedule, RECONCILE_JOB, settings.reconcile_cron, "Checks and repairs the store."),
    ]


def reconcile_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run per tick."""
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())
