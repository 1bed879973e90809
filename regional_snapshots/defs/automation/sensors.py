"""Sensors: what happens after a refresh, and after one that failed.

They look at every run that refreshes regions: those of the schedule, and those that a person starts in the UI.
"""

from collections.abc import Iterator

import dagster as dg

from regional_snapshots.defs.assets.overview import world_overview
from regional_snapshots.defs.automation.jobs import overview_job, reconcile_job, refresh_job
from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT, range_tags, regions_of, runs_for
from regional_snapshots.settings import Settings

RETRY_OF = "regional_snapshots/retry_of"
"""Tag of a run that repeats the failed regions of another: such a run is not repeated again."""

REPEATED_BY_DAGSTER = ("dagster/will_retry", "dagster/retry_number")
"""Tags of a crashed run that the daemon repeats itself, and of that repetition (see run_retries in dagster.yaml)."""

NO_REFRESH = dg.SkipReason("The run did not refresh regions.")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    request_job=overview_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="After a refresh: brings the world overview up to date, and judges the regions.",
)
def after_refresh(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
    """One overview per refresh."""
    run = context.dagster_run
    return dg.RunRequest(run_key=run.run_id) if is_refresh(run) else NO_REFRESH


def after_failed_refresh(settings: Settings) -> dg.SensorDefinition:
    """The sensor that looks after a refresh that failed."""

    @dg.run_failure_sensor(
        request_jobs=[refresh_job, reconcile_job, overview_job],
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="After a refresh that failed: reconciles, renews the overview, and repeats what failed once.",
    )
    def after_failed_refresh(context: dg.RunFailureSensorContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        """Reconcile and renew the overview; repeat what failed, unless this run was such a repetition itself."""
        run = context.dagster_run
        if not is_refresh(run):
            yield NO_REFRESH
            return
        yield dg.RunRequest(run_key=f"{run.run_id} reconcile", job_name=reconcile_job.name)
        overview = {"job_name": overview_job.name, "asset_selection": [world_overview.key], "asset_check_keys": []}
        yield dg.RunRequest(run_key=f"{run.run_id} overview", **overview)  # no checks: they judge what reconcile leaves
        if any(run.tags.get(tag, "false") != "false" for tag in (RETRY_OF, *REPEATED_BY_DAGSTER)):
            return
        for regions in runs_for(failed_regions(context), settings.regions_per_run):
            tags = range_tags(regions) | {RETRY_OF: run.run_id}
            yield dg.RunRequest(run_key=f"{run.run_id} {regions[0]}", job_name=refresh_job.name, tags=tags)

    return after_failed_refresh


def is_refresh(run: dg.DagsterRun) -> bool:
    """Whether a run refreshes regions: it is the job's, or it was started from the asset's own page."""
    return run.job_name == refresh_job.name or REGIONAL_SNAPSHOT in (run.asset_selection or ())


def failed_regions(context: dg.RunFailureSensorContext) -> list[str]:
    """The regions to repeat: those the failure names, less the withheld ones; all of the run if it names none."""
    for event in context.get_step_failure_events():
        failure = event.step_failure_data.user_failure_data
        if failure and "failed_regions" in failure.metadata:
            withheld = failure.metadata["withheld_regions"].value
            return [region for region in failure.metadata["failed_regions"].value if region not in withheld]
    return regions_of(context.dagster_run.tags)
