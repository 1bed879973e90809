"""What is held from the snapshot before: its regime, its active triggers, the leverage of its actors.

Source: method 2, sections 6 (held label), 8 (staying active) and 9 (the triggers of other regions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regional_snapshots.model.document.words import REGIME_LABELS, UNDETERMINED
from regional_snapshots.model.methods import method_of
from regional_snapshots.model.values import MAX_INSTANT_MS, clean
from regional_snapshots.scoring.scored import Previous

METHOD = "2"
LABELS = (*REGIME_LABELS, UNDETERMINED)
"""The regimes of this method."""


@dataclass(frozen=True)
class HeldTrigger:
    """A trigger that was active: since when (ms), or 0, and the value that it had, or None."""

    activated_at: int
    value: float | None


@dataclass(frozen=True)
class Held:
    """The snapshot before. ``regime`` is its block, empty when its label cannot be read; ``active`` and ``leverage``
    are by id, ``leverage`` None when it lists no actors. ``note`` says why it is not compared with, where it is not."""

    found: bool = False
    regime: Mapping[str, Any] = field(default_factory=dict)
    active: Mapping[str, HeldTrigger] = field(default_factory=dict)
    leverage: Mapping[str, float] | None = None
    note: str = ""

    @property
    def label(self) -> str:
        """Its regime; the empty text when there is none to hold."""
        return str(self.regime.get("label", ""))


def held_of(previous: Previous, region_id: str) -> Held:
    """Read a previous snapshot of the region, which may come from anywhere. Never raises."""
    document: object = previous.document
    if document is None:
        return Held(note=f"previous snapshot not compared: {previous.unreadable}" if previous.unreadable else "")
    if not isinstance(document, Mapping):
        return Held(note="previous snapshot not compared: it is not an object")
    if document.get("region_id", region_id) != region_id:
        return Held(note="previous snapshot not compared: it belongs to another region")
    if method_of(document) != METHOD:
        return Held(note="previous snapshot not compared: another method made it")
    regime = _block(document.get("regime"))
    if regime.get("label") not in LABELS:
        return Held(note="previous snapshot not compared: its regime cannot be read")
    return Held(True, regime, active_triggers(document), _leverage(document.get("actors")))


def active_elsewhere(previous: Previous, now_ms: int) -> list[str]:
    """Ids of the triggers that are active in a region outside the run, while its latest snapshot holds."""
    document = previous.document
    if not isinstance(document, Mapping) or method_of(document) != METHOD:
        return []
    until = instant(_block(document.get("meta")).get("valid_until"))
    return list(active_triggers(document)) if until is not None and until > now_ms else []


def active_triggers(document: Mapping[str, Any]) -> dict[str, HeldTrigger]:
    """The active triggers of a document, by id."""
    entries = _block(document.get("triggers")).get("active")
    return {
        entry["id"]: HeldTrigger(instant(entry.get("activated_at")) or 0, measure(entry.get("value")))
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping) and _is_clean(entry.get("id"))
    }


def instant(value: Any) -> int | None:
    """An instant (ms) of a document, or None."""
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INSTANT_MS
    return value if whole else None


def measure(value: Any) -> float | None:
    """A number of a document, or None."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _leverage(actors: Any) -> dict[str, float] | None:
    if not isinstance(actors, list):
        return None
    return {
        actor["actor_id"]: score
        for actor in actors
        if isinstance(actor, Mapping)
        and _is_clean(actor.get("actor_id"))
        and (score := measure(actor.get("leverage_score"))) is not None
    }


def _block(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_clean(value: Any) -> bool:
    return isinstance(value, str) and clean(value) == value
