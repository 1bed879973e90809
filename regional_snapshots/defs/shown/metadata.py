"""What a person sees of a materialization: plain values with their units, the numeric ones plotted over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from regional_snapshots.model.feeds import FeedReport, Feeds
from regional_snapshots.model.regions import REGIONS
from regional_snapshots.packaged import packaged
from regional_snapshots.scoring.scored import Scored
from regional_snapshots.store.commit import Commit
from regional_snapshots.store.reconcile.findings import KINDS, Finding

if TYPE_CHECKING:
    import pandas as pd

OWNERS = ["team:regional-snapshots"]
"""Who is asked about our assets."""

OPERATIONS, FEEDS_GUIDE = str(packaged("docs/operations.md")), str(packaged("docs/writing-feeds.md"))
"""Pages of the project that an asset points to."""


def schema(columns: Mapping[str, tuple[str, str]]) -> dg.TableSchema:
    """``{column: (type, description)}`` as the UI shows it."""
    return dg.TableSchema([dg.TableColumn(name, kind, about) for name, (kind, about) in columns.items()])


def table(frame: pd.DataFrame, columns: Mapping[str, tuple[str, str]]) -> dg.TableMetadataValue:
    """These columns of a DataFrame as a table for the UI."""
    records = frame[list(columns)].to_dict("records")
    return dg.MetadataValue.table([dg.TableRecord(record) for record in records], schema=schema(columns))


def finding_line(finding: Finding) -> str:
    """A finding in one line: which region, which key, what is wrong with it."""
    return f"{finding.region}: {finding.key}: {KINDS[finding.kind].what} ({finding.detail})"


def commit_metadata(
    scored: Scored, commit: Commit, feeds: Feeds, previous_id: str, milliseconds: float
) -> dict[str, Any]:
    """The answers to an operator's questions about one region of one run."""
    document = scored.snapshot.document
    meta = document["meta"]
    return {
        "region": REGIONS[document["region_id"]].label,
        "outcome": commit.outcome.value,
        **({"note": scored.note} if scored.note else {}),
        "regime": document["regime"]["label"],
        "what_changed": changes_in_words(scored.changes) or "nothing",
        "active_triggers": ", ".join(trigger["id"] for trigger in document["triggers"]["active"]) or "none",
        "confidence": float(meta["snapshot_confidence"]),
        "net_balance": float(document["balance"]["net_balance"]),
        "missing_feeds": feed_names(report for report in feeds.report if report.status == "missing"),
        "stale_feeds": feed_names(report for report in feeds.report if report.status == "stale"),
        "sample_feeds": feed_names(report for report in feeds.report if report.sample),
        "generated_at": dg.MetadataValue.timestamp(document["generated_at"] / 1000),
        "valid_until": dg.MetadataValue.timestamp(meta["valid_until"] / 1000),
        "trigger_reason": meta["trigger_reason"],
        "snapshot_id": commit.id,
        "previous_snapshot_id": previous_id or "none",
        "bucket_owner": commit.owner,
        "written_bytes": commit.bytes,
        "commit_milliseconds": round(milliseconds, 1),
        "commit_attempts": commit.attempts,
    }


def feed_names(reports: Iterable[FeedReport]) -> str:
    """Names of feeds in one line, as their assets are called."""
    return ", ".join(report.name for report in reports) or "none"


def changes_in_words(changes: Mapping[str, Any]) -> str:
    """The changes against the previous snapshot, as one line."""
    parts = []
    if shift := changes["regime_changed"]:
        parts.append(f"regime {shift['from'] or 'none'} → {shift['to']}")
    for name, verb in (("trigger_activations", "activated"), ("trigger_deactivations", "deactivated")):
        parts += [f"{trigger['id']} {verb}" for trigger in changes[name]]
    parts += [f"maritime access {item['from']} → {item['to']}" for item in changes["corridor_breaks"]]
    parts += [f"{item['actor_id']} leverage {item['delta']:+.2f}" for item in changes["leverage_shifts"]]
    parts += [f"{item['axis']} {item['from']} → {item['to']}" for item in changes["buffer_failures"]]
    return "; ".join(parts)
