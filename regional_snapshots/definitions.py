"""The Dagster entry point, and the one place in which everything is put together."""

from __future__ import annotations

import dagster as dg

from regional_snapshots.defs.assets.checks import every_region_is_current, feeds_are_fresh, latest_agrees_with_index
from regional_snapshots.defs.assets.events import regional_events
from regional_snapshots.defs.assets.feeds import feeds
from regional_snapshots.defs.assets.overview import world_overview
from regional_snapshots.defs.assets.reconciliation import snapshot_reconciliation
from regional_snapshots.defs.assets.snapshots import snapshots_asset
from regional_snapshots.defs.automation.jobs import observe_feeds_job, overview_job, reconcile_job, refresh_job
from regional_snapshots.defs.automation.schedules import schedules
from regional_snapshots.defs.automation.sensors import after_failed_refresh, after_refresh
from regional_snapshots.defs.publishing.io_manager import snapshot_io_manager
from regional_snapshots.defs.publishing.resources import snapshots_resource
from regional_snapshots.settings import Settings


def definitions(settings: Settings) -> dg.Definitions:
    """Everything that Dagster shows and runs, as the settings have it. Reaches no server."""
    return dg.Definitions(
        assets=[feeds, snapshots_asset(settings), regional_events, world_overview, snapshot_reconciliation],
        asset_checks=[latest_agrees_with_index, every_region_is_current, feeds_are_fresh],
        jobs=[refresh_job, reconcile_job, overview_job, observe_feeds_job],
        schedules=schedules(settings),
        sensors=[after_refresh, after_failed_refresh(settings)],
        resources={"snapshots": snapshots_resource(settings), "snapshot_io_manager": snapshot_io_manager},
        executor=dg.in_process_executor,
    )


defs = definitions(Settings.load())
