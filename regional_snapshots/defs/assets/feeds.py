"""The feeds as external assets: published by other programs, observed here in one pass."""

import hashlib
import time
from collections.abc import Iterator

import dagster as dg

from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.shown.metadata import FEEDS_GUIDE
from regional_snapshots.model.feeds import DATA_KEYS, FEEDS, META_KEYS, FeedReport, Feeds, FeedSpec
from regional_snapshots.store.errors import StoreError


def feed_key(feed: FeedSpec) -> dg.AssetKey:
    """The asset key of a feed."""
    return dg.AssetKey(["feeds", feed.name])


feed_keys = [feed_key(feed) for feed in FEEDS]
feed_specs = [
    dg.AssetSpec(
        feed_key(feed),
        group_name="feeds",
        kinds={"redis", "json"},
        description=f"{feed.what[:1].upper()}{feed.what[1:]}.\n\n"
        f"Published by another program under the Redis key `{feed.key}`.",
        metadata={
            "redis_key": feed.key,
            "max_age_minutes": feed.max_age_min,
            "documentation": dg.MetadataValue.path(FEEDS_GUIDE),
        },
    )
    for feed in FEEDS
]


@dg.multi_observable_source_asset(specs=feed_specs, can_subset=True)
def feeds(context: dg.AssetExecutionContext, snapshots: dg.ResourceParam[Snapshots]) -> Iterator[dg.ObserveResult]:
    """Reads all feeds at one instant and notes age, size and version of each."""
    try:
        values = snapshots.store.read_feeds((*DATA_KEYS, *META_KEYS))
    except StoreError as error:
        raise dg.Failure(f"The feeds could not be read. {error}") from error
    parsed = Feeds.from_raw(values, time.time_ns() // 1_000_000, problems=values.problems)
    for feed, report in zip(FEEDS, parsed.report, strict=True):
        if feed_key(feed) in context.selected_asset_keys:
            yield observation(feed, report, values[feed.key])


def observation(feed: FeedSpec, report: FeedReport, raw: bytes | None) -> dg.ObserveResult:
    """What is seen of one feed: state, age (minutes), size (bytes), entries, and a version that follows its content."""
    metadata = {
        "state": report.status,
        "bytes": len(raw or b""),
        "entries_used": report.used,
        "entries_rejected": sum(count for _, count in report.rejected),
        "notes": "; ".join(notes(report)) or "none",
    }
    if report.age_min is not None:
        metadata["age_minutes"] = round(report.age_min, 1)
    version = hashlib.sha256(raw).hexdigest()[:16] if raw is not None else "missing"
    return dg.ObserveResult(asset_key=feed_key(feed), metadata=metadata, data_version=dg.DataVersion(version))


def notes(report: FeedReport) -> list[str]:
    """What a person should know of a feed beside its numbers."""
    sample = ["a sample, not current data"] if report.sample else []
    ageless = report.status == "stale" and report.age_min is None
    age = ["says no time: its age is unknown, it counts as stale"] if ageless else []
    return [*sample, *age, *report.remarks]


def report_line(report: FeedReport) -> str:
    """One feed of a run as a line of its log."""
    rejected = "; ".join(f"{count} rejected: {reason}" for reason, count in report.rejected)
    return "; ".join(
        part for part in (f"{report.key}: {report.status}, {report.used} used", rejected, *report.notes) if part
    )
