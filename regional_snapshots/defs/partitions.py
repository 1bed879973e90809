"""Partitions: one per region, and how many of them one run takes."""

from collections.abc import Mapping, Sequence

import dagster as dg

from regional_snapshots.model.regions import REGION_IDS

REGIONAL_SNAPSHOT = dg.AssetKey("regional_snapshot")
"""The asset that has them."""

region_partitions = dg.StaticPartitionsDefinition(list(REGION_IDS))

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
ONE = "dagster/partition"
"""Tags by which Dagster runs one partition, or several partitions in one run: a range in the order of REGION_IDS."""


def backfill_policy(regions_per_run: int) -> dg.BackfillPolicy:
    """All regions in one run, or at most so many in each."""
    if regions_per_run >= len(REGION_IDS):
        return dg.BackfillPolicy.single_run()
    return dg.BackfillPolicy.multi_run(max_partitions_per_run=regions_per_run)


def runs_for(regions: Sequence[str], regions_per_run: int) -> list[list[str]]:
    """The regions of each run: runs of neighbours in the order of REGION_IDS, because a run takes a range."""
    runs: list[list[str]] = []
    for region in (region for region in REGION_IDS if region in regions):
        last = runs[-1] if runs else []
        follows = last and REGION_IDS.index(region) == REGION_IDS.index(last[-1]) + 1
        if follows and len(last) < regions_per_run:
            last.append(region)
        else:
            runs.append([region])
    return runs


def range_tags(regions: Sequence[str]) -> dict[str, str]:
    """The tags of a run that takes these neighbouring regions."""
    return {RANGE_START: regions[0], RANGE_END: regions[-1]}


def regions_of(tags: Mapping[str, str]) -> list[str]:
    """The regions that a run with these tags takes."""
    start = tags.get(RANGE_START) or tags.get(ONE)
    end = tags.get(RANGE_END) or tags.get(ONE)
    if not start or not end:
        return []
    return list(REGION_IDS[REGION_IDS.index(start) : REGION_IDS.index(end) + 1])
