"""The Dagster entry point, and the one place in which everything is put together."""

from __future__ import annotations

import dagster as dg

from regional_snapshots.model.geography import RegionsFileError

try:
    import regional_snapshots.model.regions  # noqa: F401 (before all that needs it, so that its error stands alone)
except RegionsFileError as error:
    raise error.with_traceback(None) from None

from regional_snapshots.defs.assets.briefs import weekly_brief
from regional_snapshots.defs.assets.checks import judge_regions
from regional_snapshots.defs.assets.events import regional_events
from regional_snapshots.defs.assets.feeds import feeds_asset
from regional_snapshots.defs.assets.overview import world_overview
from regional_snapshots.defs.assets.reconciliation import snapshot_reconciliation
from regional_snapshots.defs.assets.snapshots import snapshots_asset
from regional_snapshots.defs.automation.jobs import jobs
from regional_snapshots.defs.automation.notify import notify
from regional_snapshots.defs.automation.on_change import sensors_on_change
from regional_snapshots.defs.automation.schedules import schedules
from regional_snapshots.defs.automation.sensors import sensors
from regional_snapshots.defs.publishing.io_manager import snapshot_io_manager
from regional_snapshots.defs.publishing.pinning import pin, unpin
from regional_snapshots.defs.publishing.resources import snapshots_resource
from regional_snapshots.settings import Settings


def definitions(settings: Settings) -> dg.Definitions:
    """Everything that Dagster shows and runs, as the settings have it. Reaches no server."""
    made = jobs(settings)
    return dg.Definitions(
        assets=[
            feeds_asset(settings),
            snapshots_asset(settings),
            regional_events,
            world_overview,
            weekly_brief,
            snapshot_reconciliation,
        ],
        asset_checks=[judge_regions],
        jobs=[*made.values(), pin, unpin],
        schedules=schedules(settings),
        sensors=[*sensors(settings, made), notify(settings), *sensors_on_change(settings)],
        resources={"snapshots": snapshots_resource(settings), "snapshot_io_manager": snapshot_io_manager},
        executor=dg.in_process_executor,
    )


defs = definitions(Settings.load())
