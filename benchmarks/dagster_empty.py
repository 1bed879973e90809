"""What Dagster costs by itself: empty assets with eight partitions, in definitions that import nothing of ours."""

import dagster as dg

NAMES = ["mena", "east-asia", "europe", "north-america", "south-asia", "latam", "sub-saharan-africa", "global"]
FEEDS = [dg.AssetKey(["feeds", f"feed_{number}"]) for number in range(17)]
regions = dg.StaticPartitionsDefinition(NAMES)


@dg.asset(partitions_def=regions, backfill_policy=dg.BackfillPolicy.single_run())
def empty(context: dg.AssetExecutionContext) -> None:
    """Nothing, for each of eight regions."""


@dg.asset(partitions_def=regions, backfill_policy=dg.BackfillPolicy.single_run(), deps=FEEDS)
def empty_with_feeds(context: dg.AssetExecutionContext) -> None:
    """Nothing, and depends on seventeen feeds: Dagster looks up the version of each."""


defs = dg.Definitions(
    assets=[empty, empty_with_feeds, *(dg.AssetSpec(feed) for feed in FEEDS)],
    jobs=[dg.define_asset_job("nothing", [empty]), dg.define_asset_job("nothing_with_feeds", [empty_with_feeds])],
    executor=dg.in_process_executor,
)
