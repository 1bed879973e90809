"""The asset ``regional_snapshot``: eight regions, one partition each."""

import time
from dataclasses import replace
from datetime import timedelta

import dagster as dg
from pydantic import Field

from regional_snapshots.defs.assets.feeds import feed_keys, report_line
from regional_snapshots.defs.automation.cadence import longest_gap
from regional_snapshots.defs.automation.on_change import condition
from regional_snapshots.defs.instance.acknowledged import acknowledged, gone
from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT, backfill_policy, region_partitions
from regional_snapshots.defs.publishing.attempts import begin, written
from regional_snapshots.defs.publishing.failures import unread_failure
from regional_snapshots.defs.publishing.narratives import narrated
from regional_snapshots.defs.publishing.refresh import Refresh, Written, refresh
from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.publishing.rewound import told_of_rewinding
from regional_snapshots.defs.shown.metadata import OPERATIONS, OWNERS
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.settings import Settings
from regional_snapshots.store.errors import StoreError

GRACE = timedelta(minutes=15)
"""For a refresh that takes its time, or waits in the queue."""


class RefreshConfig(dg.Config):
    """Options of a refresh, as the launchpad shows them."""

    force: bool = Field(default=False, description="Write even if another snapshot owns this bucket.")


def regional_snapshot(
    context: dg.AssetExecutionContext, config: RefreshConfig, snapshots: dg.ResourceParam[Snapshots]
) -> Refresh:
    """A scored picture of one world region, computed from about seventeen feeds and published in Redis.

    Each region is written whole or not at all, at most once per reason and bucket (15 minutes unless set otherwise).
    The metadata say what became of it: `COMMITTED`, `DUPLICATE` (another snapshot owns this bucket), or `LATE` (kept
    in history; a newer one is already published). A region that fails never holds up the others: they are published,
    and the run fails and names the region and the reason.

    *Unsynced* beside a region means that a feed was seen to change since, or seen for the first time: the next refresh
    takes it in.
    """
    now_ms, regions = time.time_ns() // 1_000_000, sorted(context.partition_keys)
    earlier = begin(context, now_ms)
    try:
        done = {region: Written(found) for region, found in written(snapshots.store, regions, earlier).items()}
        left = [region for region in regions if region not in done]
        made = refresh(
            snapshots.store,
            left,
            now_ms,
            method=METHODS[snapshots.settings.method],
            min_confidence=snapshots.settings.min_confidence,
            force=config.force,
        )
        known = acknowledged(context.instance, made.previous)
        newest = {region: latest.id for region, latest in made.previous.items()}
        made = told_of_rewinding(made, gone(snapshots.store, known, newest))
    except StoreError as error:
        raise unread_failure(error, regions) from error
    told = narrated(snapshots.store, snapshots.settings, made.regions)
    regions_made = {**told.regions, **done}
    result = replace(made, regions=regions_made, usage=told.usage, warnings=(*made.warnings, *told.warnings))
    for warning in result.warnings:
        context.log.warning(warning)
    context.log.info("Feeds:\n" + "\n".join(map(report_line, result.feeds.report)))  # one event: each costs a write
    return result


def freshness_policy(settings: Settings) -> dg.FreshnessPolicy:
    """Yellow when a refresh was missed, red when two were. It judges the asset as a whole: one fresh region hides the
    others, which is why ``every_region_is_current`` judges each."""
    gap = longest_gap(settings.refresh_cron)
    return dg.FreshnessPolicy.time_window(warn_window=gap + GRACE, fail_window=2 * gap + GRACE)


def snapshots_asset(settings: Settings) -> dg.AssetsDefinition:
    """The asset ``regional_snapshot`` as the settings have it."""
    return dg.asset(
        key=REGIONAL_SNAPSHOT,
        partitions_def=region_partitions,
        backfill_policy=backfill_policy(settings.regions_per_run),
        io_manager_key="snapshot_io_manager",
        deps=feed_keys(settings),
        freshness_policy=freshness_policy(settings),
        automation_condition=condition(settings),
        group_name="snapshots",
        kinds={"python", "redis"},
        owners=OWNERS,
        code_version="1",
        metadata={"documentation": dg.MetadataValue.path(OPERATIONS)},
    )(regional_snapshot)
