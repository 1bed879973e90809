"""`backup` and `restore`: every retained snapshot, in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, WRONG, command, opened
from regional_snapshots.commands.shared.parameters import RegionName
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings


@command("backup", short_help="Write all retained snapshots to a file.", examples=("backup snapshots.jsonl.gz",))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("regions", nargs=-1, type=RegionName())
def backup(file: Path, regions: Sequence[str], as_json: bool) -> int:
    """Write all retained snapshots of REGIONS (default: all) to FILE: JSON lines, compressed with gzip.

    Every snapshot is verified first; one that is damaged is left out and named. An interrupted backup goes on where it
    broke off when it is run again with the same name.
    """
    with opened(Settings.load()) as store:
        report = store.backup(list(regions or REGION_IDS), file)
    if as_json:
        console.as_json(asdict(report))
    else:
        before = f" ({report.there} were in it before)" if report.there else ""
        console.line(f"{report.written} snapshots written to {file}{before}")
    return _told(report.problems, as_json)


@command("restore", short_help="Put the snapshots of a backup back.", examples=("restore snapshots.jsonl.gz",))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--into-empty", is_flag=True, help="Refuse if the store holds any snapshot of its regions.")
def restore(file: Path, into_empty: bool, as_json: bool) -> int:
    """Put the snapshots of FILE back into history, and let reconciliation point latest at the newest one.

    The whole file is proved before anything is written. What is in the store stays as it is, and writers may go on.
    """
    with opened(Settings.load()) as store:
        report = store.restore(file, into_empty=into_empty)
    if as_json:
        console.as_json(asdict(report))
    else:
        parts = [f"{report.written} snapshots restored", f"{report.there} were there"]
        console.line(", ".join(parts + ([f"{report.expired} are past the retention"] if report.expired else [])))
    return _told(report.problems, as_json)


def _told(problems: list[str], as_json: bool) -> int:
    if not as_json:
        for problem in problems:
            console.complain(problem)
    return WRONG if problems else FINE
