"""Jobs: refresh the regions, reconcile the store, gather the overview, observe the feeds."""

from __future__ import annotations

from typing import Any

import dagster as dg

from regional_snapshots.defs.assets.feeds import feed_keys
from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT, one_run
from regional_snapshots.defs.tags import BRIEFS_JOB, OBSERVE_JOB, OVERVIEW_JOB, RECONCILE_JOB, REFRESH_JOB
from regional_snapshots.settings import Settings

WEEKLY_BRIEF = dg.AssetKey("weekly_brief")
WORLD_OVERVIEW, RECONCILIATION = dg.AssetKey("world_overview"), dg.AssetKey("snapshot_reconciliation")


def jobs(settings: Settings) -> dict[str, Any]:
    """All jobs by their names, as the settings have them (Dagster has no public name for their type).

    The checks judge all regions, so they run once a refresh: in its run, or, where a refresh has several runs, with
    the overview that follows the last of them.
    """
    alone = one_run(settings.regions_per_run)
    checks = dg.AssetSelection.checks_for_assets(REGIONAL_SNAPSHOT)
    snapshots = dg.AssetSelection.assets(REGIONAL_SNAPSHOT).without_checks()
    overview = dg.AssetSelection.assets(WORLD_OVERVIEW)
    made = [
        dg.define_asset_job(
            REFRESH_JOB,
            snapshots | checks if alone else snapshots,
            description="Compute and publish regions: all of them, or the partitions you choose.",
        ),
        dg.define_asset_job(
            RECONCILE_JOB,
            dg.AssetSelection.assets(RECONCILIATION) | checks,
            description="Prove that the store is consistent, repair what is not, and judge the regions afterwards.",
        ),
        dg.define_asset_job(
            OVERVIEW_JOB,
            overview if alone else overview | checks,
            description="Gather the latest snapshots into tables, a picture and a summary.",
        ),
        dg.define_asset_job(
            OBSERVE_JOB,
            dg.AssetSelection.assets(*feed_keys(settings)),
            description="Note age, size and version of every feed, all at one instant.",
        ),
        dg.define_asset_job(
            BRIEFS_JOB,
            dg.AssetSelection.assets(WEEKLY_BRIEF),
            description="Write the week of every region in words.",
        ),
    ]
    return {job.name: job for job in made}
