"""Partitions: one per region, and how many of them one run takes."""

from collections.abc import Sequence

import dagster as dg

from regional_snapshots.model.regions import PLACE_OF, REGION_IDS, WORLD_IDS

REGIONAL_SNAPSHOT = dg.AssetKey("regional_snapshot")
"""The asset that has them."""

region_partitions = dg.StaticPartitionsDefinition(list(REGION_IDS))

BRIEFED = tuple(region for region in REGION_IDS if region not in WORLD_IDS)
"""The regions that have a weekly brief: those of the world, and not the world."""

brief_partitions = dg.StaticPartitionsDefinition(list(BRIEFED))


def backfill_policy(regions_per_run: int) -> dg.BackfillPolicy:
    """All regions in one run, or at most so many in each."""
    if one_run(regions_per_run):
        return dg.BackfillPolicy.single_run()
    return dg.BackfillPolicy.multi_run(max_partitions_per_run=regions_per_run)


def one_run(regions_per_run: int) -> bool:
    """Whether one run takes all regions, and so is a refresh by itself."""
    return regions_per_run >= len(REGION_IDS)


def runs_for(regions: Sequence[str], regions_per_run: int) -> list[list[str]]:
    """The regions of each run: runs of neighbours in the order of REGION_IDS, because a run takes a range."""
    runs: list[list[str]] = []
    for region in sorted(PLACE_OF.keys() & set(regions), key=PLACE_OF.__getitem__):
        last = runs[-1] if runs else []
        follows = last and PLACE_OF[region] == PLACE_OF[last[-1]] + 1
        if follows and len(last) < regions_per_run:
            last.append(region)
        else:
            runs.append([region])
    return runs
