"""What a person sees of a materialization: plain values with their units, the numeric ones plotted over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from regional_snapshots.files.packaged import packaged
from regional_snapshots.model.feeds import ENERGY_DEPENDENCY, FEEDS, FeedReport, Feeds
from regional_snapshots.model.regions import REGIONS
from regional_snapshots.model.snapshot import AXES, Snapshot
from regional_snapshots.report.known.turn import silent_triggers
from regional_snapshots.report.standing import standing
from regional_snapshots.report.story import changes, story
from regional_snapshots.report.words import UNKNOWN, words
from regional_snapshots.scoring.happenings.happening import Happening
from regional_snapshots.store.commit import Commit, Outcome
from regional_snapshots.store.reconcile.findings import KINDS, Finding

if TYPE_CHECKING:
    import pandas as pd

OWNERS = ["team:regional-snapshots"]
"""Who is asked about our assets."""

OPERATIONS, FEEDS_GUIDE = str(packaged("docs/operations.md")), str(packaged("docs/writing-feeds.md"))
EVENTS_GUIDE = str(packaged("docs/events.md"))
"""Pages of the project that an asset points to."""


def schema(columns: Mapping[str, tuple[str, str]]) -> dg.TableSchema:
    """``{column: (type, description)}`` as the UI shows it."""
    return dg.TableSchema([dg.TableColumn(name, kind, about) for name, (kind, about) in columns.items()])


def table(frame: pd.DataFrame, columns: Mapping[str, tuple[str, str]]) -> dg.TableMetadataValue:
    """These columns of a DataFrame as a table for the UI; what is not known says so."""
    known = frame[list(columns)].astype("object").where(frame[list(columns)].notna(), UNKNOWN)
    records = [{str(name): cell for name, cell in row.items()} for row in known.to_dict("records")]
    return dg.MetadataValue.table([dg.TableRecord(record) for record in records], schema=schema(columns))


def finding_line(finding: Finding) -> str:
    """A finding in one line: which region, which key, what is wrong with it."""
    return f"{finding.region}: {finding.key}: {KINDS[finding.kind].what} ({finding.detail})"


def snapshot_metadata(snapshot: Snapshot) -> dict[str, Any]:
    """What a snapshot says, for the person in the UI; the numbers plot over time."""
    document = snapshot.document
    meta, balance = document["meta"], document["balance"]
    return {
        "region": REGIONS[snapshot.region].label,
        "regime": words(document["regime"]["label"]),
        "active_triggers": listed_names(_triggers(document)),
        **numbers({"confidence": meta["snapshot_confidence"], "net_balance": balance["net_balance"]}),
        **numbers({axis: balance.get(axis) for axis in AXES}),
        "missing_feeds": listed_names(map(feed_asset, meta["missing_inputs"])),
        "stale_feeds": listed_names(map(feed_asset, meta["stale_inputs"])),
        "generated_at": dg.MetadataValue.timestamp(snapshot.generated_at / 1000),
        "valid_until": dg.MetadataValue.timestamp(meta["valid_until"] / 1000),
        "trigger_reason": meta["trigger_reason"],
        "snapshot_id": snapshot.id,
    }


def _triggers(document: Mapping[str, Any]) -> list[str]:
    """Active triggers, and those of which nothing tells whether they still are."""
    silent = silent_triggers(None, standing(document)).items()
    active = [trigger["id"] for trigger in document["triggers"]["active"]]
    return [*active, *(f"{name} (not known any more: {why})" for name, why in silent)]


def commit_metadata(scored: Happening, commit: Commit, feeds: Feeds, previous: Snapshot | None) -> dict[str, Any]:
    """What became of a region whose snapshot was written."""
    return {
        **snapshot_metadata(scored.snapshot),
        "outcome": commit.outcome.value,
        **({"note": scored.note} if scored.note else {}),
        "what_changed": what_changed(scored.snapshot, previous),
        "sample_feeds": feed_names(report for report in feeds.report if report.sample),
        "previous_snapshot_id": previous.id if previous else "none",
        "bucket_owner": commit.owner,
        "written_bytes": commit.bytes,
        "commit_attempts": commit.attempts,
        **({"warning": "; ".join(commit.warnings)} if commit.warnings else {}),
    }


def unwritten_metadata(region: str, owner: Snapshot | None, owner_id: str, note: str) -> dict[str, Any]:
    """What became of a region of which nothing was written: the words and numbers of the snapshot that was there, so
    that no number of one that was never stored enters a plot. ``owner`` is None when it cannot be read."""
    return {
        **(snapshot_metadata(owner) if owner else {"region": REGIONS[region].label, "snapshot_id": owner_id}),
        "outcome": Outcome.DUPLICATE.value,
        "note": note,
        "what_changed": "nothing was written",
        "bucket_owner": owner_id,
        "written_bytes": 0,
    }


def what_changed(snapshot: Snapshot, previous: Snapshot | None) -> str:
    """The changes against the snapshot before, one clause a fact."""
    if previous is None:
        return "the first snapshot, or the one before cannot be read"
    told = story(snapshot.document, previous.document)
    if told.before is None:
        return "not compared: another method made the one before"
    return "; ".join(changes(told)) or "nothing"


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Those that are known: a value that is not known has no place in a plot."""
    return {name: float(value) for name, value in values.items() if value is not None and value == value}


def feed_names(reports: Iterable[FeedReport]) -> str:
    """Names of feeds in one line, as their assets are called."""
    return listed_names(report.name for report in reports)


def feed_asset(key: str) -> str:
    """What the asset of the feed under a Redis key is called; a key that is no feed of ours is its own name."""
    return next((feed.name for feed in (*FEEDS, ENERGY_DEPENDENCY) if feed.key == key), key)


def listed_names(names: Iterable[str]) -> str:
    """Names in one line."""
    return ", ".join(names) or "none"
