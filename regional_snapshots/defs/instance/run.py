"""Running the refresh from the command line: through Dagster, in this process, on the persistent instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import dagster as dg

from regional_snapshots.defs.instance.home import opened_instance, prepare_instance
from regional_snapshots.defs.instance.lost_runs import fail_lost_runs, process_tags
from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT, runs_for
from regional_snapshots.defs.tags import OVERVIEW_JOB, REFRESH_JOB, range_tags
from regional_snapshots.settings import Settings

QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}

LISTED = {".dagster/repository": "__repository__@regional_snapshots"}
"""The tag by which the UI lists a run with its job and on the timeline; the location is the one of workspace.yaml."""


@dataclass(frozen=True)
class RegionResult:
    """What became of one region: ``outcome`` is one of the four outcomes or ``FAILED``, ``problem`` says why.

    ``snapshot_id`` owns the bucket: of a ``DUPLICATE`` it is another's, and so are regime and confidence.
    """

    region: str
    outcome: str
    regime: str = ""
    confidence: float | None = None
    snapshot_id: str = ""
    problem: str = ""


def run_refresh(
    defs: dg.Definitions,
    settings: Settings,
    regions: Sequence[str],
    *,
    force: bool,
    done: Callable[[list[RegionResult]], None],
) -> list[RegionResult]:
    """Refresh the regions, a run per group of neighbours, then the overview. ``done`` hears of each run's end."""
    prepare_instance(settings)
    config = {"ops": {"regional_snapshot": {"config": {"force": force}}}, "loggers": QUIET}
    results: list[RegionResult] = []
    mine = LISTED | process_tags()
    with opened_instance(settings) as instance:
        fail_lost_runs(instance)
        for group in runs_for(regions, settings.regions_per_run):
            run = defs.resolve_job_def(REFRESH_JOB).execute_in_process(
                run_config=config, instance=instance, tags=range_tags(group) | mine, raise_on_error=False
            )
            results += (group_results := _results(run, group))
            done(group_results)
        if any(result.snapshot_id for result in results):
            defs.resolve_job_def(OVERVIEW_JOB).execute_in_process(
                run_config={"loggers": QUIET}, instance=instance, tags=mine, raise_on_error=False
            )
    return results


def _results(run: dg.ExecuteInProcessResult, regions: Sequence[str]) -> list[RegionResult]:
    published = {}
    for event in run.get_asset_materialization_events():
        if event.asset_key != REGIONAL_SNAPSHOT:  # a feed that was seen to be fresh
            continue
        told = {label: entry.value for label, entry in event.materialization.metadata.items()}
        published[event.partition] = RegionResult(
            region=event.partition or "",
            outcome=str(told["outcome"]),
            regime=str(told.get("regime", "")).replace(" ", "_"),
            confidence=cast("float | None", told.get("confidence")),
            snapshot_id=str(told["bucket_owner"]),
        )
    reasons, withheld, general = _failure(run)
    return [
        published.get(region)
        or RegionResult(region, "WITHHELD" if region in withheld else "FAILED", problem=reasons.get(region) or general)
        for region in regions
    ]


def _failure(run: dg.ExecuteInProcessResult) -> tuple[dict[str, str], list[str], str]:
    """Reasons by region, the withheld regions, and what to say of a region that has no reason of its own."""
    for event in run.all_events:
        if event.is_step_failure:
            failure, error = event.step_failure_data.user_failure_data, event.step_failure_data.error
            if failure and "reasons" in failure.metadata:
                reasons = cast(Mapping[str, str], failure.metadata["reasons"].value)
                withheld = cast(Sequence[str], failure.metadata["withheld_regions"].value)
                return dict(reasons), list(withheld), failure.description or ""
            cause = error.cause or error if error else None
            return {}, [], (failure.description if failure else None) or (cause.message.strip() if cause else "")
    return {}, [], "the run failed before its step began: see the run in the Dagster UI"
