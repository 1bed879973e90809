"""The feeds as external assets: published by other programs, observed by every refresh that reads them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import dagster as dg

from regional_snapshots.defs.automation.cadence import longest_gap
from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.shown.metadata import FEEDS_GUIDE
from regional_snapshots.gathering.feeds_now import feeds_now
from regional_snapshots.model.feeds import FeedReport, FeedSpec, feeds_of
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.settings import Settings
from regional_snapshots.store.errors import StoreError

DATA_VERSION = "dagster/data_version"
"""Tag by which Dagster knows the version of what an event tells of."""

FRESH = "fresh"


def feed_key(name: str) -> dg.AssetKey:
    """The asset key of the feed of a name."""
    return dg.AssetKey(["feeds", name])


def feed_keys(settings: Settings) -> list[dg.AssetKey]:
    """The asset keys of all feeds that the chosen method reads."""
    return [feed_key(name) for name in _feeds(settings)]


def feeds_asset(settings: Settings) -> dg.AssetsDefinition:
    """The feeds that the chosen method reads, as one step that observes them all."""
    gap = longest_gap(settings.refresh_cron)
    specs = [_spec(name, documents, gap) for name, documents in _feeds(settings).items()]
    observed: dg.AssetsDefinition = dg.multi_observable_source_asset(specs=specs, can_subset=True)(feeds)
    return observed


def _feeds(settings: Settings) -> dict[str, list[FeedSpec]]:
    """The documents of each feed, by its name: of some feeds a method reads the newest of two."""
    found: dict[str, list[FeedSpec]] = {}
    for spec in feeds_of(METHODS[settings.method].energy_feed):
        found.setdefault(spec.name, []).append(spec)
    return found


def _spec(name: str, documents: Sequence[FeedSpec], gap: timedelta) -> dg.AssetSpec:
    """A feed is noted as published when a refresh sees it fresh and changed, so it may be as old as its own age and the
    time between two refreshes allow; older than that, its publisher has stopped."""
    what, max_age_min = documents[0].what, max(document.max_age_min for document in documents)
    keys = [document.key for document in documents]
    return dg.AssetSpec(
        feed_key(name),
        group_name="feeds",
        kinds={"redis", "json"},
        description=f"{what[:1].upper()}{what[1:]}.\n\nPublished by another program under the Redis key "
        f"`{'` or `'.join(keys)}`.",
        metadata={
            "redis_key": " or ".join(keys),
            "max_age_minutes": max_age_min,
            "documentation": dg.MetadataValue.path(FEEDS_GUIDE),
        },
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(minutes=max_age_min) + gap),
    )


def feeds(context: dg.AssetExecutionContext, snapshots: dg.ResourceParam[Snapshots]) -> Iterator[dg.ObserveResult]:
    """Reads all feeds at one instant and notes age, size and version of each."""
    try:
        parsed, documents = feeds_now(snapshots.store, snapshots.settings)
    except StoreError as error:
        raise dg.Failure(f"The feeds could not be read. {error}") from error
    for report in parsed.report:
        if feed_key(report.name) in context.selected_asset_keys:
            yield dg.ObserveResult(
                asset_key=feed_key(report.name),
                metadata=seen(report, documents.get(report.key)),
                data_version=dg.DataVersion(version(report)),
            )


def noted(
    reports: Iterable[FeedReport], documents: Mapping[str, bytes | None], known: Mapping[str, str | None]
) -> Iterator[dg.AssetObservation | dg.AssetMaterialization]:
    """What a refresh notes of the feeds it read: an observation of each that changed since it was noted last, and that
    it was published, if it is fresh: its freshness policy counts from there. ``known``: the versions noted last.
    """
    for report in reports:
        if version(report) == known.get(report.name):
            continue
        metadata, tags = seen(report, documents.get(report.key)), {DATA_VERSION: version(report)}
        yield dg.AssetObservation(feed_key(report.name), metadata=metadata, tags=tags)
        if report.status == FRESH:
            yield dg.AssetMaterialization(feed_key(report.name), metadata=metadata, tags=tags)


def seen(report: FeedReport, raw: bytes | None) -> dict[str, str | int | float]:
    """What is seen of one feed: state, age (minutes), size (bytes), entries."""
    age = {} if report.age_min is None else {"age_minutes": round(report.age_min, 1)}
    return {
        "state": report.status,
        "bytes": len(raw or b""),
        "entries_used": report.used,
        "entries_rejected": sum(count for _, count in report.rejected),
        "notes": "; ".join(notes(report)) or "none",
        **age,
    }


def version(report: FeedReport) -> str:
    """A version that follows the content of a feed, and whether it is fresh."""
    return f"{report.digest[:16]}-{report.status}" if report.digest else report.status


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
