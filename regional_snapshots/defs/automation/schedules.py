"""Schedules: refresh every six hours, reconcile every hour; on as soon as the daemon runs.

Feeds need no schedule of their own, unless refreshes follow them: every refresh observes what it reads.
"""

from collections.abc import Callable
from typing import Any

import dagster as dg

from regional_snapshots.defs.automation.cadence import first_of_day
from regional_snapshots.defs.automation.on_change import every
from regional_snapshots.defs.partitions import BRIEFED, runs_for
from regional_snapshots.defs.tags import BRIEFS_JOB, OBSERVE_JOB, RECONCILE_JOB, REFRESH, REFRESH_JOB, range_tags
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings

DEEP = {"ops": {"snapshot_reconciliation": {"config": {"deep": True}}}}


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """All schedules, as the settings have them."""

    def refresh_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        """One run per group of regions; the run key names the tick, so that no tick runs twice."""
        tick = context.scheduled_execution_time.isoformat()
        return [
            dg.RunRequest(run_key=f"{tick} {regions[0]}", tags=range_tags(regions) | {REFRESH: tick})
            for regions in runs_for(REGION_IDS, settings.regions_per_run)
        ]

    first = first_of_day(settings.reconcile_cron)

    def reconcile_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """One run per tick; the first of a day is deep, so that what only that finds is judged within a day."""
        tick = context.scheduled_execution_time
        config = DEEP if tick.time() == first else {}
        return dg.RunRequest(run_key=tick.isoformat(), run_config=config)

    def made(tick: Callable[..., Any], job: str, cron: str, description: str) -> dg.ScheduleDefinition:
        return dg.schedule(
            job_name=job,
            cron_schedule=cron,
            execution_timezone=settings.time_zone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=description,
        )(tick)

    refreshes = "Refreshes all regions, as many in one run as the setting REGIONS_PER_RUN says."
    found = [
        made(refresh_schedule, REFRESH_JOB, settings.refresh_cron, refreshes),
        made(reconcile_schedule, RECONCILE_JOB, settings.reconcile_cron, "Checks and repairs the store."),
    ]
    found.append(made(briefs_schedule, BRIEFS_JOB, settings.brief_cron, "Writes the week of every region in words."))
    if settings.on_change_minutes:
        follows = "Looks whether a feed has changed, so that it is taken in."
        found.append(made(observe_feeds_schedule, OBSERVE_JOB, every(settings.on_change_minutes), follows))
    return found


def observe_feeds_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run per tick."""
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())


def briefs_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run per tick, for all regions."""
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat(), tags=range_tags(BRIEFED))
