"""What a person sees of a materialization: plain values with their units, the numeric ones plotted over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.scoring.snapshot import Scored
from regional_snapshots.store.commit import Commit


def commit_metadata(
    scored: Scored, commit: Commit, feeds: Feeds, previous_id: str, milliseconds: float
) -> dict[str, Any]:
    """The answers to an operator's questions about one region of one run."""
    document = scored.snapshot.document
    meta = document["meta"]
    return {
        "outcome": commit.outcome.value,
        "snapshot_id": commit.id,
        "bucket_owner": commit.owner,
        "previous_snapshot_id": previous_id or "none",
        "regime": document["regime"]["label"],
        "what_changed": changes_in_words(scored.changes) or "nothing",
        "trigger_reason": meta["trigger_reason"],
        "active_triggers": ", ".join(trigger["id"] for trigger in document["triggers"]["active"]) or "none",
        "confidence": float(meta["snapshot_confidence"]),
        "net_balance": float(document["balance"]["net_balance"]),
        "missing_inputs": ", ".join(meta["missing_inputs"]) or "none",
        "stale_inputs": ", ".join(meta["stale_inputs"]) or "none",
        "sample_feeds": ", ".join(report.name for report in feeds.report if report.sample) or "none",
        "generated_at": dg.MetadataValue.timestamp(document["generated_at"] / 1000),
        "valid_until": dg.MetadataValue.timestamp(meta["valid_until"] / 1000),
        "written_bytes": commit.bytes,
        "commit_milliseconds": round(milliseconds, 1),
        "commit_attempts": commit.attempts,
        **({"note": scored.note} if scored.note else {}),
    }


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
