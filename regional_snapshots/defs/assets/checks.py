"""Checks of ``regional_snapshot``: judged over all regions, so that one good region never hides a bad one.

One check per kind with a line per region, and no partitioned checks: they are a preview in Dagster 1.13, and a run that
takes several partitions shows them none.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg

from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT, one_run
from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.shown.metadata import feed_names, finding_line
from regional_snapshots.defs.tags import is_refresh
from regional_snapshots.gathering.feeds_now import feeds_now
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import HOUR_MS
from regional_snapshots.report.markup import safe_markdown
from regional_snapshots.report.standing import shortened
from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.reader import Found

OVERDUE_MS = 12 * HOUR_MS
"""Two refreshes missed. Source: the pipeline specification, section 20 (budget of 720 minutes)."""


@dataclass(frozen=True)
class Verdict:
    """What a check says."""

    passed: bool
    description: str
    metadata: dict[str, Any]
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR


def latest_agrees_with_index(snapshots: Snapshots) -> Verdict:
    """Latest, index and payloads agree in every region.

    Red when reconciliation would find anything, or a region cannot be read.
    """
    report = snapshots.store.reconcile(REGION_IDS, repair=False)
    words = [finding_line(finding) for finding in report.findings]
    words += [str(error) for error in report.errors.values()]
    return Verdict(
        passed=report.healthy,
        description=bullets(words) or "Every region is consistent.",
        metadata={"regions_checked": report.regions_checked, "findings": len(words)},
    )


def every_region_is_current(snapshots: Snapshots) -> Verdict:
    """Every region's latest snapshot is within its validity.

    Yellow when a region is past its own deadline (valid_until), red when one is missing or misses two refreshes.
    """
    past, overdue = lateness(snapshots.store.latest_all(REGION_IDS), time.time_ns() // 1_000_000)
    return Verdict(
        passed=not past and not overdue,
        severity=dg.AssetCheckSeverity.ERROR if overdue else dg.AssetCheckSeverity.WARN,
        description=bullets([*overdue.values(), *past.values()]) or "Every region is within its validity.",
        metadata={"regions_past_validity": len(past), "regions_overdue": len(overdue)},
    )


def feeds_are_fresh(snapshots: Snapshots) -> Verdict:
    """Every feed is published, and not older than it may be.

    Yellow when a feed is stale or missing: the regions are published all the same, with less confidence.
    """
    parsed, _ = feeds_now(snapshots.store, snapshots.settings)
    stale = [report for report in parsed.report if report.status == "stale"]
    missing = [report for report in parsed.report if report.status == "missing"]
    return Verdict(
        passed=not stale and not missing,
        severity=dg.AssetCheckSeverity.WARN,
        description=bullets([f"stale: {feed_names(stale)}", f"missing: {feed_names(missing)}"]),
        metadata={"stale_feeds": len(stale), "missing_feeds": len(missing), "confidence": parsed.confidence},
    )


JUDGES: dict[str, Callable[[Snapshots], Verdict]] = {
    judge.__name__: judge for judge in (latest_agrees_with_index, every_region_is_current, feeds_are_fresh)
}
"""Each check; its docstring is what the UI shows."""


@dg.multi_asset_check(
    specs=[dg.AssetCheckSpec(name, asset=REGIONAL_SNAPSHOT, description=it.__doc__) for name, it in JUDGES.items()],
    can_subset=True,
)
def judge_regions(
    context: dg.AssetCheckExecutionContext, snapshots: dg.ResourceParam[Snapshots]
) -> Iterator[dg.AssetCheckResult]:
    """Judge all regions. In one of several runs of a refresh nothing is judged: the overview that follows the last of
    them judges once what they left."""
    if is_refresh(context.run) and not one_run(snapshots.settings.regions_per_run):
        return
    for key in sorted(context.selected_asset_check_keys, key=lambda key: list(JUDGES).index(key.name)):
        try:
            verdict = JUDGES[key.name](snapshots)
        except StoreError as error:
            verdict = Verdict(passed=False, description=str(error), metadata={})
        yield dg.AssetCheckResult(asset_key=key.asset_key, check_name=key.name, **vars(verdict))


def bullets(lines: Iterable[str]) -> str:
    """A list, as the UI renders it; of many lines the first, and how many there are beside these."""
    every = list(lines)
    return "\n".join(f"- {safe_markdown(line)}" for line in shortened(every))


def valid_until(found: Snapshot) -> float:
    """Until when a snapshot is valid (ms); one of another program may not say so, or name a time before its own."""
    said = found.document["meta"].get("valid_until")
    return max(said, found.generated_at) if isinstance(said, int | float) else found.generated_at


def lateness(latest: dict[str, Found], now_ms: int) -> tuple[dict[str, str], dict[str, str]]:
    """``(past validity, overdue)``, each ``{region: what to know}``. Overdue: nothing readable, or 12 hours old."""
    past, overdue = {}, {}
    for region, found in latest.items():
        if isinstance(found, StoreError):
            overdue[region] = str(found)
            continue
        hours = (now_ms - found.generated_at) / HOUR_MS
        age = f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.0f} min"
        if now_ms - found.generated_at > OVERDUE_MS:
            overdue[region] = f"{region}: overdue, {age} old. Next: materialize this partition."
        elif now_ms > valid_until(found):
            past[region] = f"{region}: {age} old and no longer valid: a feed is too old (see feeds_are_fresh)."
    return past, overdue
