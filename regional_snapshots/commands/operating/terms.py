"""`terms`: on which terms a store is written, and how to change them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, WRONG, command, opened
from regional_snapshots.commands.shared.parameters import RegionName
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings


@command(
    "terms",
    short_help="On which terms the store is written: layout, buckets, retention.",
    examples=("terms", "terms --change"),
)
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--change", is_flag=True, help="Write down the terms of these settings in their place.")
def terms(regions: Sequence[str], change: bool, as_json: bool) -> int:
    """Compare the terms in the store of REGIONS (default: all) with those of these settings.

    Writers with another key layout or other buckets are refused. --change moves and deletes nothing that is stored;
    stop the writers that have the former settings first.
    """
    from regional_snapshots.store.terms import change_terms, differences, stored_terms

    names = regions or REGION_IDS
    with opened(Settings.load()) as store:
        if change:
            store.run(change_terms(store.connections, store.layout, store.terms, names))
        held = store.run(stored_terms(store.connections, store.layout, names))
        mine = store.terms
    differs = {region: differences(mine, found) if found else () for region, found in held.items()}
    if as_json:
        stored = {region: asdict(found) if found else None for region, found in held.items()}
        console.as_json({"mine": asdict(mine), "stored": stored, "differs": differs})
    else:
        said = ("; ".join(differs[region]) or ("as here" if held[region] else "none yet") for region in names)
        console.table(("term", "here"), mine.words().items())
        console.line("")
        console.table(("region", "in the store"), zip(names, said, strict=True))
    return WRONG if any(differs.values()) else FINE
