"""Checks of ``regional_snapshot``: judged over all regions, so that one good region never hides a bad one."""

import time
from collections.abc import Iterable

import dagster as dg

from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT
from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.shown.metadata import feed_names, finding_line
from regional_snapshots.model.feeds import DATA_KEYS, META_KEYS, Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.reader import Found

HOUR_MS = 3_600_000
OVERDUE_MS = 12 * HOUR_MS
"""Two refreshes missed. Source: the pipeline specification, section 20 (budget of 720 minutes)."""


@dg.asset_check(asset=REGIONAL_SNAPSHOT)
def latest_agrees_with_index(snapshots: dg.ResourceParam[Snapshots]) -> dg.AssetCheckResult:
    """Latest, index and payloads agree in every region.

    Red when reconciliation would find anything, or a region cannot be read.
    """
    try:
        report = snapshots.store.reconcile(REGION_IDS, repair=False)
    except StoreError as error:
        return dg.AssetCheckResult(passed=False, description=str(error))
    words = [finding_line(finding) for finding in report.findings]
    words += [str(error) for error in report.errors.values()]
    return dg.AssetCheckResult(
        passed=report.healthy,
        description=bullets(words) or "Every region is consistent.",
        metadata={"regions_checked": report.regions_checked, "findings": len(words)},
    )


@dg.asset_check(asset=REGIONAL_SNAPSHOT)
def every_region_is_current(snapshots: dg.ResourceParam[Snapshots]) -> dg.AssetCheckResult:
    """Every region's latest snapshot is within its validity.

    Yellow when a region is past its own deadline (valid_until), red when one is missing or misses two refreshes.
    """
    now_ms = time.time_ns() // 1_000_000
    try:
        latest = snapshots.store.latest_all(REGION_IDS)
    except StoreError as error:
        return dg.AssetCheckResult(passed=False, description=str(error))
    past, overdue = lateness(latest, now_ms)
    return dg.AssetCheckResult(
        passed=not past and not overdue,
        severity=dg.AssetCheckSeverity.ERROR if overdue else dg.AssetCheckSeverity.WARN,
        description=bullets([*overdue.values(), *past.values()]) or "Every region is within its validity.",
        metadata={"regions_past_validity": len(past), "regions_overdue": len(overdue)},
    )


@dg.asset_check(asset=REGIONAL_SNAPSHOT)
def feeds_are_fresh(snapshots: dg.ResourceParam[Snapshots]) -> dg.AssetCheckResult:
    """Every feed is published, and not older than it may be.

    Yellow when a feed is stale or missing: the regions are published all the same, with less confidence.
    """
    try:
        values = snapshots.store.read_feeds((*DATA_KEYS, *META_KEYS))
    except StoreError as error:
        return dg.AssetCheckResult(passed=False, description=str(error))
    parsed = Feeds.from_raw(values, time.time_ns() // 1_000_000)
    stale = [report for report in parsed.report if report.status == "stale"]
    missing = [report for report in parsed.report if report.status == "missing"]
    return dg.AssetCheckResult(
        passed=not stale and not missing,
        severity=dg.AssetCheckSeverity.WARN,
        description=bullets([f"stale: {feed_names(stale)}", f"missing: {feed_names(missing)}"]),
        metadata={"stale_feeds": len(stale), "missing_feeds": len(missing), "confidence": parsed.confidence},
    )


def bullets(lines: Iterable[str]) -> str:
    """A list, as the UI renders it."""
    return "\n".join(f"- {line}" for line in lines)


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
