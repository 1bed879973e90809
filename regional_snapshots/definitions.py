"""The Dagster entry point."""

from __future__ import annotations

import dagster as dg

from regional_snapshots.defs.assets import regional_snapshot
from regional_snapshots.defs.checks import every_region_is_current, feeds_are_fresh, latest_agrees_with_index
from regional_snapshots.defs.feeds import feeds
from regional_snapshots.defs.io_manager import SnapshotIOManager
from regional_snapshots.defs.jobs import observe_feeds_job, overview_job, reconcile_job, refresh_job
from regional_snapshots.defs.overview import world_overview
from regional_snapshots.defs.reconciliation import snapshot_reconciliation
from regional_snapshots.defs.resources import SnapshotStoreResource, store_resource
from regional_snapshots.defs.schedules import observe_feeds_schedule, reconcile_schedule, refresh_schedule
from regional_snapshots.defs.sensors import after_failed_refresh, after_refresh
from regional_snapshots.settings import Settings


def definitions(snapshots: SnapshotStoreResource) -> dg.Definitions:
    """Everything that Dagster shows and runs, on this store."""
    return dg.Definitions(
        assets=[feeds, regional_snapshot, world_overview, snapshot_reconciliation],
        asset_checks=[latest_agrees_with_index, every_region_is_current, feeds_are_fresh],
        jobs=[refresh_job, reconcile_job, overview_job, observe_feeds_job],
        schedules=[refresh_schedule, reconcile_schedule, observe_feeds_schedule],
        sensors=[after_refresh, after_failed_refresh],
        resources={"snapshots": snapshots, "snapshot_io_manager": SnapshotIOManager(snapshots=snapshots)},
        executor=dg.in_process_executor,
    )


defs = definitions(store_resource(Settings.load()))
