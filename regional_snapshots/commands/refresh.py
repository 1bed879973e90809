"""`refresh`: compute and publish regions through Dagster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, WRONG, command, opened
from regional_snapshots.commands.shared.parameters import RegionName
from regional_snapshots.model.regions import PLACE_OF, REGION_IDS
from regional_snapshots.model.values import spoken
from regional_snapshots.settings import Settings

if TYPE_CHECKING:
    from regional_snapshots.defs.instance.run import RegionResult
    from regional_snapshots.store.snapshots import SnapshotStore


@command(
    "refresh",
    short_help="Compute and publish regions.",
    examples=("refresh", "refresh mena europe", "refresh mena --force"),
)
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--force", is_flag=True, help="Write even if another snapshot owns this bucket.")
def refresh(regions: Sequence[str], force: bool, as_json: bool) -> int:
    """Compute and publish REGIONS (default: all) through Dagster."""
    settings = Settings.load()
    regions = sorted(set(regions), key=PLACE_OF.__getitem__) or list(REGION_IDS)
    with opened(settings) as store:  # and keep it: the run uses the same one
        for warning in store.inspect():
            console.complain(f"warning: {warning}")
        with console.progress("refreshing", len(regions), shown=not as_json) as advance:
            from regional_snapshots.definitions import definitions
            from regional_snapshots.defs.instance.run import run_refresh

            defs = definitions(settings)
            results = run_refresh(defs, settings, regions, force=force, done=lambda part: advance(len(part)))
        lines = [] if as_json else _lines(store)
    if as_json:
        console.as_json([asdict(result) for result in results])
    else:
        console.table(
            ("region", "regime", "confidence", "outcome", "snapshot id"),
            [
                (each.region, spoken(each.regime), _decimals(each.confidence), each.outcome, each.snapshot_id)
                for each in results
            ],
        )
        if any(result.outcome == "DUPLICATE" for result in results):
            console.line("DUPLICATE: the snapshot named owns this bucket; nothing was written (see --force).")
        for line in lines:
            console.line(line)
    problems = _problems(results)
    for problem in problems:
        console.complain(problem)
    return WRONG if problems or any(result.outcome in ("FAILED", "WITHHELD") for result in results) else FINE


def _problems(results: Sequence[RegionResult]) -> list[str]:
    """What went wrong, each said once: regions of which the same is to be said share its line."""
    regions_of: dict[str, list[str]] = {}
    for result in results:
        if result.problem:
            said = result.problem.removeprefix(f"{result.region}: ")
            regions_of.setdefault(said, []).extend([result.region] if said != result.problem else [])
    return [": ".join(filter(None, (", ".join(regions), said))) for said, regions in regions_of.items()]


def _lines(store: SnapshotStore) -> list[str]:
    """What matters now, after an empty line; nothing where no region can be read."""
    from regional_snapshots.gathering.stories import latest_stories
    from regional_snapshots.report.headlines import headlines

    told = latest_stories(store, REGION_IDS).stories
    return ["", *headlines(list(told.values()))] if told else []


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
