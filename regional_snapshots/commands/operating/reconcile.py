"""`reconcile`: report drift, and repair it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, WRONG, CannotRun, command, opened
from regional_snapshots.commands.shared.parameters import RegionName
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings

if TYPE_CHECKING:
    from regional_snapshots.store.reconcile.reconciler import ReconcileReport
    from regional_snapshots.store.snapshots import SnapshotStore


@command(
    "reconcile",
    short_help="Report drift, and repair it.",
    examples=("reconcile --check", "reconcile", "reconcile mena --deep"),
)
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--check", is_flag=True, help="Report only, change nothing.")
@click.option(
    "--deep",
    is_flag=True,
    help="Also verify all payloads; look for what no index names, or nobody tells.",
)
@click.option("--fix-types", is_flag=True, help="Also move keys of the wrong type out of the way.")
def reconcile(regions: Sequence[str], check: bool, deep: bool, fix_types: bool, as_json: bool) -> int:
    """Report drift in REGIONS (default: all), and repair it unless --check is given."""
    from regional_snapshots.store.errors import (
        AccessRefusedError,
        ServerBusyError,
        ServerRefusedError,
        UnreachableError,
    )

    settings = Settings.load()
    with opened(settings) as store:
        again = deep or fix_types  # a stream or series that is moved away can be told again in the same run
        report = store.reconcile(regions or REGION_IDS, repair=not check, deep=deep, fix_types=fix_types, news=again)
        report = _compared_with_dagster(store, report, settings)
    if len(report.errors) == len(regions or REGION_IDS):
        first = next(iter(report.errors.values()))
        unread = not report.states and isinstance(first, ServerBusyError | ServerRefusedError)
        if unread or isinstance(first, UnreachableError | AccessRefusedError):
            raise CannotRun(f"{first.problem}. Next: {first.next_step}.")
    if as_json:
        regions_checked = json.loads(report.frame().to_json(orient="records"))
        findings = [asdict(finding) for finding in report.findings]
        errors = {region: str(error) for region, error in report.errors.items()}
        console.as_json({"healthy": report.healthy, "regions": regions_checked, "findings": findings, "errors": errors})
    else:
        console.table(
            ("region", "latest", "snapshots", "findings", "repaired", "left"),
            report.frame()[["region", "latest", "snapshots", "findings", "repaired", "left"]].itertuples(index=False),
        )
        for finding in report.findings:
            done = "repaired" if finding.repaired else "found"
            console.line(f"{done:8} {finding.region}: {finding.kind}: {finding.key}: {finding.detail}")
        console.line(_verdict(report) if report.healthy else _left(report, check))
    for problem in report.errors.values():
        console.complain(str(problem))
    return FINE if report.healthy else WRONG


def _compared_with_dagster(store: SnapshotStore, report: ReconcileReport, settings: Settings) -> ReconcileReport:
    """A store that went back agrees with itself: only the record of what was committed shows it."""
    from regional_snapshots.defs.instance.acknowledged import on_record, with_rewound
    from regional_snapshots.defs.instance.home import InstanceError

    try:
        return with_rewound(store, report, on_record(settings, report.states))
    except InstanceError as error:
        console.complain(f"warning: not compared with what Dagster has on record: {error}")
        return report


def _verdict(report: ReconcileReport) -> str:
    from regional_snapshots.store.reconcile.findings import WENT_BACK

    names = list(report.states)
    verdict = f"{names[0]} is consistent." if len(names) == 1 else f"All {len(names)} regions are consistent."
    if report.went_back:
        return f"{verdict}\n{WENT_BACK}"
    return verdict


def _left(report: ReconcileReport, check: bool) -> str:
    steps = ["run it again without --check"] if check and report.left else []
    if any(finding.kind == "wrong_type" for finding in report.left):
        steps.append("add --fix-types to rename keys of the wrong type")
    next_steps = f" Next: {', '.join(steps)}." if steps else ""
    return f"{len(report.left) + len(report.errors)} left to repair.{next_steps}"
