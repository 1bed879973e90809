"""A region's snapshot, computed: every stage in its order, as one pure function of (region, feeds, previous, now).

Source: the pipeline specification, sections 5 (order), 14.5 (meta) and 16 (schema).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import GEOGRAPHY_VERSION, REGIONS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.parity.actors import actors
from regional_snapshots.scoring.parity.balance import balance
from regional_snapshots.scoring.parity.changes import (
    Baseline,
    UnreadablePreviousError,
    baseline_of,
    changes_since,
    first_changes,
    no_changes,
    trigger_reason,
)
from regional_snapshots.scoring.parity.evidence import evidence
from regional_snapshots.scoring.parity.mobility import mobility
from regional_snapshots.scoring.parity.regime import regime, regime_label
from regional_snapshots.scoring.parity.scenarios import scenario_sets
from regional_snapshots.scoring.parity.scope import scope_of
from regional_snapshots.scoring.parity.transmissions import transmission_paths
from regional_snapshots.scoring.parity.triggers import triggers

MODEL_VERSION = "0.1.0"
SCORING_VERSION = "1.1.0"

NARRATIVE_SECTIONS = ("situation", "balance_assessment", "outlook_24h", "outlook_7d", "outlook_30d")


@dataclass(frozen=True)
class Previous:
    """A region's previous snapshot: its document, or None on the first run. ``unreadable`` says why one that exists
    cannot be compared with; the empty text when it can, or when there is none."""

    document: dict[str, Any] | None = None
    unreadable: str = ""


@dataclass(frozen=True)
class Scored:
    """A computed snapshot, what changed since the previous one, and a note for the operator (mostly empty)."""

    snapshot: Snapshot
    changes: dict[str, Any]
    note: str


def score_regions(
    region_ids: Iterable[str], feeds: Feeds, previous: Mapping[str, Previous], now_ms: int
) -> dict[str, Scored]:
    """Score regions from one reading of the feeds. A region without an entry in ``previous`` is on its first run."""
    return {
        region_id: score_region(region_id, feeds, previous.get(region_id, Previous()), now_ms)
        for region_id in region_ids
    }


def score_region(region_id: str, feeds: Feeds, previous: Previous, now_ms: int) -> Scored:
    """Score one region. Raises ``KeyError`` for an unknown region, and for nothing that feeds or ``previous`` hold."""
    scope = scope_of(REGIONS[region_id], feeds)
    scores = balance(scope)
    states = triggers(region_id, feeds, scores, now_ms)
    label = regime_label(scores)
    blocks: dict[str, Any] = {
        "balance": scores,
        "actors": actors(scope),
        "leverage_edges": [],
        "scenario_sets": scenario_sets(scope, states),
        "transmission_paths": transmission_paths(region_id, {trigger["id"] for trigger in states["active"]}),
        "triggers": states,
        "mobility": mobility(scope),
        "evidence": evidence(scope, now_ms),
        "narrative": empty_narrative(),
    }
    baseline, changes, note = _compared(region_id, previous, label, blocks)
    reason = trigger_reason(changes)
    driver = reason if changes["regime_changed"] else ""
    document = {
        "region_id": region_id,
        "generated_at": now_ms,
        "meta": _meta(feeds, reason),
        "regime": regime(label, baseline.regime if baseline else {}, driver, now_ms),
        **blocks,
    }
    return Scored(Snapshot.seal(document), changes, note)


def empty_narrative() -> dict[str, Any]:
    """The ``narrative`` block of a snapshot that nobody has narrated."""
    return {**{name: {"text": "", "evidence_ids": []} for name in NARRATIVE_SECTIONS}, "watch_items": []}


def _compared(
    region_id: str, previous: Previous, label: str, blocks: Mapping[str, Any]
) -> tuple[Baseline | None, dict[str, Any], str]:
    if previous.unreadable:
        return None, no_changes(), f"previous snapshot not compared: {previous.unreadable}"
    if previous.document is None:
        return None, first_changes(label, blocks), ""
    try:
        baseline = baseline_of(previous.document, region_id)
    except UnreadablePreviousError as error:
        return None, no_changes(), f"previous snapshot not compared: {error}"
    note = "" if baseline.active is not None else "triggers not compared: the previous snapshot has none"
    return baseline, changes_since(baseline, label, blocks), note


def _meta(feeds: Feeds, reason: str) -> dict[str, Any]:
    return {
        "snapshot_id": "",
        "model_version": MODEL_VERSION,
        "scoring_version": SCORING_VERSION,
        "geography_version": GEOGRAPHY_VERSION,
        "snapshot_confidence": feeds.confidence,
        "missing_inputs": list(feeds.missing),
        "stale_inputs": list(feeds.stale),
        "valid_until": feeds.valid_until,
        "trigger_reason": reason,
        "narrative_provider": "",
        "narrative_model": "",
    }
