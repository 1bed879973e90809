"""Jobs: refresh the regions, reconcile the store, observe the feeds."""

from __future__ import annotations

import dagster as dg

from regional_snapshots.defs.assets.feeds import feed_keys
from regional_snapshots.defs.assets.overview import world_overview
from regional_snapshots.defs.assets.reconciliation import snapshot_reconciliation
from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT

refresh_job = dg.define_asset_job(
    "refresh",
    dg.AssetSelection.assets(REGIONAL_SNAPSHOT).without_checks(),
    description="Compute and publish regions: all of them, or the partitions you choose.",
)
reconcile_job = dg.define_asset_job(
    "reconcile",
    dg.AssetSelection.assets(snapshot_reconciliation) | dg.AssetSelection.checks_for_assets(REGIONAL_SNAPSHOT),
    description="Prove that the store is consistent, repair what is not, and judge the regions afterwards.",
)
overview_job = dg.define_asset_job(
    "overview",
    dg.AssetSelection.assets(world_overview) | dg.AssetSelection.checks_for_assets(REGIONAL_SNAPSHOT),
    description="Gather the latest snapshots into tables, a picture and a summary, and judge the regions.",
)
observe_feeds_job = dg.define_asset_job(
    "observe_feeds",
    dg.AssetSelection.assets(*feed_keys),
    description="Note age, size and version of every feed, all at one instant.",
)
