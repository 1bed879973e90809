"""Jobs for whoever sees nonsense published at three in the morning: pin a region, and let it go again."""

import dagster as dg
from pydantic import Field

from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.model.regions import REGIONS, named_regions
from regional_snapshots.store.errors import StoreError

REGION = f"One of {named_regions()}."


class PinConfig(dg.Config):
    """Which region is held at which snapshot, and for how long."""

    region: str = Field(description=REGION)
    snapshot_id: str = Field(description="As `history` and the materializations name it.")
    hours: float = Field(default=0, ge=0, description="End by itself after so long; 0: until it is unpinned.")


class UnpinConfig(dg.Config):
    """Which region is let go."""

    region: str = Field(description=REGION)


@dg.op
def pin_region(context: dg.OpExecutionContext, config: PinConfig, snapshots: dg.ResourceParam[Snapshots]) -> None:
    """Hold latest of a region at a snapshot: every reader sees that one, and refreshes go on into history."""
    store = snapshots.store
    for_ms = int(config.hours * 3_600_000) or None
    try:
        made = store.run(store.pins.pin(_region(config.region), config.snapshot_id, for_ms))
    except StoreError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    context.log.info(f"{made.region} is pinned at {made.snapshot_id}. Next: the job unpin ends it.")


@dg.op
def unpin_region(context: dg.OpExecutionContext, config: UnpinConfig, snapshots: dg.ResourceParam[Snapshots]) -> None:
    """Let latest of a region go to its newest snapshot again."""
    store = snapshots.store
    try:
        latest = store.run(store.pins.unpin(_region(config.region)))
    except StoreError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    context.log.info(f"{config.region} is not pinned; latest is {latest or 'nothing'}")


def _region(name: str) -> str:
    if name not in REGIONS:
        raise dg.Failure(f"There is no region {name!r}. Use one of {named_regions()}.", allow_retries=False)
    return name


@dg.job(description="Roll a region back: hold what readers see at an earlier snapshot.")
def pin() -> None:
    """One op."""
    pin_region()


@dg.job(description="Let readers of a region see its newest snapshot again.")
def unpin() -> None:
    """One op."""
    unpin_region()
