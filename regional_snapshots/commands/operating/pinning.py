"""`pin` and `unpin`: hold what readers see of a region at an earlier snapshot, and let it go."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, command, opened
from regional_snapshots.commands.shared.parameters import Duration, RegionName, SnapshotPoint
from regional_snapshots.model.values import spoken, spoken_time
from regional_snapshots.report.standing import standing
from regional_snapshots.settings import Settings

if TYPE_CHECKING:
    from regional_snapshots.model.snapshot import Snapshot
    from regional_snapshots.store.records.pins import Pin


@command(
    "pin",
    short_help="Roll a region back: hold latest at a snapshot.",
    examples=("pin mena 6h --for 2h", "pin mena 'yesterday 18:00'"),
)
@click.argument("region", type=RegionName())
@click.argument("snapshot", type=SnapshotPoint())
@click.option("--for", "for_ms", type=Duration(), help="End by itself after so long, such as 2h or 3d.")
def pin(region: str, snapshot: int | str, for_ms: int | None, as_json: bool) -> int:
    """Let every reader of REGION see SNAPSHOT, an id or a time at which it was the latest.

    Refreshes go on into history, as PINNED, and nobody is told of them. It ends after --for, with `unpin`, or when the
    snapshot expires; then latest is the newest one again.
    """
    with opened(Settings.load()) as store:
        name = snapshot if isinstance(snapshot, str) else store.as_of(region, snapshot).id
        made = store.run(store.pins.pin(region, name, for_ms))
        shown = "" if as_json else in_words(store.get(region, name))
    if as_json:
        console.as_json(asdict(made))
    else:
        console.line(f"{pinned(made)}: {shown}. Next: `regional-snapshots unpin {region}` ends it.")
    return FINE


@command("unpin", short_help="Let latest go to the newest snapshot again.", examples=("unpin mena",))
@click.argument("region", type=RegionName())
def unpin(region: str, as_json: bool) -> int:
    """Let every reader of REGION see its newest snapshot again."""
    with opened(Settings.load()) as store:
        held = store.run(store.pins.pins([region])).get(region)
        latest = store.run(store.pins.unpin(region))
        shown = "nothing" if not latest or as_json else f"{latest}: {in_words(store.get(region, latest))}"
    if as_json:
        console.as_json({"region": region, "latest": latest, "was_pinned_at": held.snapshot_id if held else None})
    elif held:
        console.line(f"{region} is no longer pinned at {held.snapshot_id}. Latest is {shown}.")
    else:
        console.line(f"{region} was not pinned. Latest is {shown}.")
    return FINE


def in_words(snapshot: Snapshot) -> str:
    """A snapshot by when it was made, and its regime."""
    return f"made {spoken_time(snapshot.generated_at)}, {spoken(standing(snapshot.document).regime)}"


def pinned(pin: Pin) -> str:
    """A pin in words."""
    until = f" until {spoken_time(pin.until_ms)}" if pin.until_ms else ""
    return f"{pin.region} is pinned at {pin.snapshot_id}{until}"
