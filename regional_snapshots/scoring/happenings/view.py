"""A document as the comparison sees it. It may come from anywhere: what cannot be read is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.snapshot import AXES
from regional_snapshots.scoring.happenings.grounds import NET, feed_name

Block = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """One snapshot. ``missing``: names of feeds; ``axes`` with the net: None where not known; ``triggers`` by id, each
    with its ``state``; None when the document says nothing about triggers; ``lanes`` by horizon and name."""

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
    gaps: Block
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


def view_of(document: Any) -> View:
    """What is to be seen of a document. Never raises."""
    document = _block(document)
    meta, balance = _block(document.get("meta")), _block(document.get("balance"))
    at = document.get("generated_at")
    return View(
        id=_text(meta.get("snapshot_id")),
        at=at if isinstance(at, int) else 0,
        method=method_of(meta),
        geography=_text(meta.get("geography_version")),
        confidence=_number(meta.get("snapshot_confidence")),
        sample=meta.get("sample") is True,
        missing=_feeds(meta.get("missing_inputs")),
        stale=_feeds(meta.get("stale_inputs")),
        regime=_block(document.get("regime")),
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
        gaps=_block(meta.get("gaps")),
        told=_block(meta.get("told")),
    )


def method_of(meta: Block) -> str:
    """The method that made a document: what it says itself, else the first two numbers of its scoring version."""
    version = _text(meta.get("scoring_version"))
    return _text(meta.get("method")) or version.rpartition(".")[0]


def _triggers(value: Any) -> dict[str, Block] | None:
    if not isinstance(value, Mapping):
        return None
    states = ("active", "watching", "dormant")
    return {
        _text(entry.get("id")): {**entry, "state": state} for state in states for entry in _blocks(value.get(state))
    }


def _feeds(keys: Any) -> frozenset[str]:
    return frozenset(feed_name(key) for key in keys if isinstance(key, str)) if isinstance(keys, list) else frozenset()


def _block(value: Any) -> Block:
    return value if isinstance(value, Mapping) else {}


def _blocks(value: Any) -> list[Block]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
