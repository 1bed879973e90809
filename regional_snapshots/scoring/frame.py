"""The frame of a document: what every method says about a snapshot, whatever it found out.

Source: the pipeline specification, sections 14.5 (meta) and 15 (narrative).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import GEOGRAPHY_VERSION
from regional_snapshots.model.snapshot import ID_PATTERN
from regional_snapshots.scoring.scored import Previous

MODEL_VERSION = "0.1.0"
SEAL = "sha256-12"
"""The scheme by which an id verifies its content: the first 12 hex digits of SHA-256."""
NARRATIVE_SECTIONS = ("situation", "balance_assessment", "outlook_24h", "outlook_7d", "outlook_30d")


@dataclass(frozen=True)
class Known:
    """How much was known: ``confidence`` 0 to 1, keys of feeds that are missing or stale, how long it holds (ms)."""

    confidence: float
    missing: Sequence[str]
    stale: Sequence[str]
    valid_until: int


def meta(
    method: str, scoring_version: str, known: Known, feeds: Feeds, previous: Previous, reason: str
) -> dict[str, Any]:
    """The ``meta`` block; the id comes when the document is sealed."""
    return {
        "snapshot_id": "",
        "seal": SEAL,
        "method": method,
        "model_version": MODEL_VERSION,
        "scoring_version": scoring_version,
        "geography_version": GEOGRAPHY_VERSION,
        "snapshot_confidence": known.confidence,
        "missing_inputs": list(known.missing),
        "stale_inputs": list(known.stale),
        "valid_until": known.valid_until,
        "trigger_reason": reason,
        "previous_id": previous_id(previous),
        "inputs": feeds.inputs,
        "sample": feeds.sample,
        "narrative_provider": "",
        "narrative_model": "",
    }


def previous_id(previous: Previous) -> str:
    """Id of the previous snapshot; the empty text where there is none, or none that it says."""
    found = _meta_of(previous.document).get("snapshot_id")
    return found if isinstance(found, str) and ID_PATTERN.fullmatch(found) else ""


def _meta_of(document: Any) -> Mapping[str, Any]:
    block = document.get("meta") if isinstance(document, Mapping) else None
    return block if isinstance(block, Mapping) else {}


def empty_narrative() -> dict[str, Any]:
    """The ``narrative`` block of a snapshot that nobody has narrated."""
    return {**{name: {"text": "", "evidence_ids": []} for name in NARRATIVE_SECTIONS}, "watch_items": []}
