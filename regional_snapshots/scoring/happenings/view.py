"""A document as the comparison sees it. It may come from anywhere: what cannot be read is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.document.words import REGIME_LABELS, TRIGGER_REASONS, UNDETERMINED
from regional_snapshots.model.feeds.grounds import NET, feed_name
from regional_snapshots.model.methods import are_comparable, method_of
from regional_snapshots.model.snapshot import AXES
from regional_snapshots.model.values import MAX_INSTANT_MS, clean

Block = Mapping[str, Any]
LABELS = (*REGIME_LABELS, UNDETERMINED)
UNKNOWN_LABEL = "?"


@dataclass(frozen=True)
class View:
    """One snapshot. ``missing``: names of feeds; ``axes`` with the net: None where not known; ``triggers`` by id, each
    with its ``state``; None when the document says nothing about triggers; ``lanes`` by horizon and name."""

    region: str
    id: str
    at: int
    method: str
    geography: str
    confidence: float | None
    sample: bool
    missing: frozenset[str]
    stale: frozenset[str]
    regime: Block
    axes: Mapping[str, float | None]
    coverage: Block
    drivers: Sequence[Block]
    triggers: Mapping[str, Block] | None
    corridors: Mapping[str, Block]
    lanes: Mapping[tuple[str, str], Block]
    baseline: Block
    gaps: Mapping[str, tuple[int | None, int | None]]
    told: Block

    @property
    def label(self) -> str:
        """Its regime; the empty text when it says none."""
        return _text(self.regime.get("label"))

    @property
    def pending(self) -> str:
        """The regime that is wanted and not adopted yet; the empty text when there is none."""
        return _text(_block(self.regime.get("pending")).get("label"))

    @property
    def active(self) -> dict[str, Block]:
        """Its active triggers by id."""
        return {name: entry for name, entry in (self.triggers or {}).items() if entry["state"] == "active"}

    @property
    def unknown(self) -> frozenset[str]:
        """What is not known: feeds that are missing, axes that are null although they apply."""
        null = (axis for axis, value in self.axes.items() if value is None and axis != NET)
        return self.missing | {axis for axis in null if self.coverage.get(axis, 0) is not None}

    def is_comparable(self, now: View) -> bool:
        """Whether something can be said of the change from this snapshot to another."""
        same = are_comparable(self.method, now.method) and self.geography == now.geography
        return same and self.label != UNKNOWN_LABEL and self.region in ("", now.region)


def view_of(document: Any) -> View:
    """What is to be seen of a document. Never raises."""
    document = _block(document)
    meta, balance = _block(document.get("meta")), _block(document.get("balance"))
    at = document.get("generated_at")
    return View(
        region=_text(document.get("region_id")),
        id=_text(meta.get("snapshot_id")),
        at=at if _is_instant(at) else 0,
        method=method_of(document),
        geography=_text(meta.get("geography_version")),
        confidence=_number(meta.get("snapshot_confidence")),
        sample=meta.get("sample") is True,
        missing=_feeds(meta.get("missing_inputs")),
        stale=_feeds(meta.get("stale_inputs")),
        regime=regime_of(document.get("regime")),
        axes={axis: _number(balance[axis]) for axis in (*AXES, NET) if axis in balance},
        coverage=_block(balance.get("coverage")),
        drivers=[*_blocks(balance.get("pressures")), *_blocks(balance.get("buffers"))],
        triggers=_triggers(document.get("triggers")),
        corridors={_text(entry.get("id")): entry for entry in _blocks(document.get("corridors"))},
        lanes={
            (_text(scenario.get("horizon")), _text(lane.get("name"))): lane
            for scenario in _blocks(document.get("scenario_sets"))
            for lane in _blocks(scenario.get("lanes"))
        },
        baseline=_block(document.get("baseline")),
        gaps=_gaps(meta.get("gaps")),
        told=_told(meta.get("told")),
    )


def regime_of(value: Any) -> dict[str, Any]:
    """The members of a block ``regime`` that are what they should be; a label that nobody knows is "?"."""
    block = _block(value)
    label, was, driver = (block.get(name) for name in ("label", "previous_label", "transition_driver"))
    found: dict[str, Any] = {}
    if label is not None:
        found["label"] = label if label in LABELS else UNKNOWN_LABEL
    if was in LABELS and was != label:
        found["previous_label"] = was
    if _is_instant(since := block.get("transitioned_at")):
        found["transitioned_at"] = since
    if driver in TRIGGER_REASONS:
        found["transition_driver"] = driver
    if isinstance(pending := block.get("pending"), Mapping):
        found["pending"] = pending
    return found


def _is_instant(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INSTANT_MS


def _triggers(value: Any) -> dict[str, Block] | None:
    if not isinstance(value, Mapping):
        return None
    states = ("active", "watching", "dormant")
    return {
        _text(entry.get("id")): {**entry, "state": state} for state in states for entry in _blocks(value.get(state))
    }


def _told(value: Any) -> Block:
    """The block ``meta.told`` if it is whole, else an empty one."""
    block = _block(value)
    regime, active, unknown = regime_of(block.get("regime")), _block(block.get("active")), block.get("unknown")
    if regime.get("label") not in LABELS or not isinstance(unknown, list):
        return {}
    since = {name: at for name, at in active.items() if _text(name) and _is_instant(at)}
    return {"regime": regime, "active": since, "unknown": frozenset(name for name in map(_text, unknown) if name)}


def _gaps(value: Any) -> dict[str, tuple[int | None, int | None]]:
    gaps = {name: gap for name, gap in _block(value).items() if isinstance(gap, list) and len(gap) == 2 and _text(name)}
    return {
        name: (since, until)
        for name, (since, until) in gaps.items()
        if all(end is None or _is_instant(end) for end in (since, until))
    }


def _feeds(keys: Any) -> frozenset[str]:
    return frozenset(feed_name(key) for key in map(_text, keys) if key) if isinstance(keys, list) else frozenset()


def _block(value: Any) -> Block:
    return value if isinstance(value, Mapping) else {}


def _blocks(value: Any) -> list[Block]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    """A clean text; what is none, or holds what is not to be stored, is empty."""
    return value if isinstance(value, str) and clean(value) == value else ""


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
