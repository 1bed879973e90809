"""The asset ``snapshot_reconciliation``: proves that the store is consistent, and repairs what is not."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from regional_snapshots.defs.instance.acknowledged import acknowledged, with_rewound
from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT
from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.shown.metadata import OPERATIONS, OWNERS, finding_line, schema, table
from regional_snapshots.model.regions import REGION_IDS, named_regions
from regional_snapshots.report.markup import safe_markdown
from regional_snapshots.report.standing import MOST_LISTED, shortened
from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.reconcile.findings import KINDS, WENT_BACK

if TYPE_CHECKING:
    from regional_snapshots.store.reconcile.reconciler import ReconcileReport

MOST_FINDINGS = 200
"""Findings that the table lists where there are many regions."""

COLUMNS = {
    "region": ("string", "Id of the region."),
    "findings": ("int", "Disagreements found."),
    "repaired": ("int", "Of these, repaired."),
    "left": ("int", "Of these, left as found."),
    "snapshots": ("int", "Retained snapshots."),
    "latest": ("string", "The snapshot that readers see."),
    "head": ("string", "The newest snapshot of the index: the same as latest where all is well."),
}
"""Columns of the report: ``{name: (type, description)}``."""

FINDING_COLUMNS = {
    "region": ("string", "Id of the region."),
    "repaired": ("bool", "Whether it was repaired."),
    "severity": ("string", "error: readers are misled; warning; info: the ordinary course of time."),
    "what": ("string", "What disagrees."),
    "key": ("string", "The Redis key."),
    "before": ("string", "What the key held."),
    "after": ("string", "What repair makes, or would make, of it."),
}
"""Columns of the findings: ``{name: (type, description)}``."""


class ReconcileConfig(dg.Config):
    """Options of a reconciliation, as the launchpad shows them."""

    repair: bool = Field(default=True, description="Repair what is found; off: report only, change nothing.")
    deep: bool = Field(
        default=False, description="Also verify all payloads; look for what no index names, or nobody tells."
    )
    fix_types: bool = Field(default=False, description="Also move keys of the wrong type out of the way.")
    regions: list[str] = Field(default=list(REGION_IDS), description="Regions to look at.")


@dg.asset(
    deps=[REGIONAL_SNAPSHOT],
    group_name="snapshots",
    kinds={"python", "redis", "pandas"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema(COLUMNS), "documentation": dg.MetadataValue.path(OPERATIONS)},
    check_specs=[
        dg.AssetCheckSpec("nothing_is_left", asset="snapshot_reconciliation", description="Red while drift is left.")
    ],
    op_tags={"dagster/priority": "1"},  # first in its job: the checks judge what it leaves, also when it fails
)
def snapshot_reconciliation(
    context: dg.AssetExecutionContext, config: ReconcileConfig, snapshots: dg.ResourceParam[Snapshots]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Checks, region by region, that latest, index, payloads, timestamp views and claims agree, and repairs drift.

    Safe to run at any time and any number of times: a second run finds nothing. It never moves latest backwards, and
    what is damaged is moved to quarantine, not destroyed. The run fails when something is left unrepaired.
    """
    unknown = sorted(set(config.regions) - set(REGION_IDS))
    if unknown:
        raise dg.Failure(f"Unknown region(s): {', '.join(unknown)}. Use some of {named_regions()}.")
    try:
        report = snapshots.store.reconcile(
            config.regions, repair=config.repair, deep=config.deep, fix_types=config.fix_types,
            news=config.deep or config.fix_types,  # a stream or series that is moved away can be told again
        )  # fmt: skip
        report = with_rewound(snapshots.store, report, acknowledged(context.instance, config.regions))
    except StoreError as error:
        raise dg.Failure(f"Nothing could be checked. {error}") from error
    left = [finding_line(finding) for finding in report.left] + [str(error) for error in report.errors.values()]
    words = (
        "\n".join(["Left as found:", *shortened(left), *advice(report, config)])
        if left
        else "Nothing is left to repair."
    )
    marked = "\n".join(map(safe_markdown, words.splitlines()))
    yield dg.MaterializeResult(
        value=report.frame()[list(COLUMNS)],
        metadata=report_metadata(report, config),
        check_results=[dg.AssetCheckResult(passed=report.healthy, description=marked, metadata={"left": len(left)})],
    )
    if not report.healthy:
        raise dg.Failure(words, allow_retries=False)


def report_metadata(report: "ReconcileReport", config: ReconcileConfig) -> dict[str, Any]:
    """The report as the UI shows it: a table of the regions, one of the findings, and numbers that plot over time.

    Of more regions than a table lists it has those of which most is to be said; the asset's value has all.
    """
    findings = report.findings_frame()
    findings["what"] = [KINDS[kind].what for kind in findings["kind"]]
    regions = report.frame()
    if len(regions) > MOST_LISTED:
        regions = regions.sort_values(["left", "findings"], ascending=False, kind="stable").head(MOST_LISTED)
        findings = findings.head(MOST_FINDINGS)
    return {
        "verdict": " ".join([verdict(report), *advice(report, config)]),
        **({"findings_in_full": table(findings, FINDING_COLUMNS)} if report.findings else {}),
        "regions": table(regions, COLUMNS),
        "regions_checked": report.regions_checked,
        "findings": len(report.findings),
        "repaired": sum(finding.repaired for finding in report.findings),
        "left": len(report.left) + len(report.errors),
    }


def verdict(report: "ReconcileReport") -> str:
    """The report in one line."""
    repaired, left = sum(finding.repaired for finding in report.findings), len(report.left) + len(report.errors)
    if not report.findings and not report.errors:
        return f"All {report.regions_checked} regions are consistent."
    return f"{len(report.findings)} finding(s): {repaired} repaired, {left} left."


def advice(report: "ReconcileReport", config: ReconcileConfig) -> list[str]:
    """What to set in the launchpad, so that what was left is repaired, too; nothing if nothing can be set."""
    if report.healthy and report.went_back:
        return [WENT_BACK]
    if report.healthy or not report.left:
        return []
    if not config.repair:
        return ["Next: run again with repair: true."]
    if not config.fix_types and any(finding.kind == "wrong_type" for finding in report.left):
        return ["Next: run again with fix_types: true, which renames keys of the wrong type out of the way."]
    return []
