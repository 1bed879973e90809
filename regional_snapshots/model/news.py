"""News: what a snapshot brings about beside itself. It is stored with the snapshot, in the same transaction.

What happened is decided in ``scoring``; here stands what it is made of, and what can be told again from documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.document.words import EASED, EASED_BELOW, REGIME_ENDS, REGIME_RULES
from regional_snapshots.model.events import EVENT_TYPES, REGIME_SEVERITIES, Event
from regional_snapshots.model.methods import method_of
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import AXES

MOVES = 3
"""So many axes are named as the reason of a shift."""
REGIME_SHIFT = "regime_shift"


@dataclass(frozen=True)
class RegimeShift:
    """A change of regime that was told: ``before`` is the empty text on a first snapshot; ``at`` in ms since 1970."""

    before: str
    after: str
    at: int
    why: str
    method: str
    snapshot_id: str

    @property
    def severity(self) -> str:
        """How bad it is to have come here."""
        return REGIME_SEVERITIES.get(self.after, EVENT_TYPES[REGIME_SHIFT].severity)

    def fields(self) -> dict[str, str]:
        """As an entry of the stream has it."""
        return {
            "from": self.before,
            "to": self.after,
            "at": str(self.at),
            "why": self.why,
            "method": self.method,
            "snapshot_id": self.snapshot_id,
        }

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> RegimeShift:
        """From an entry of the stream. Raises ``KeyError`` or ``ValueError`` for one that is not ours."""
        return cls(
            before=fields["from"],
            after=fields["to"],
            at=int(fields["at"]),
            why=fields["why"],
            method=fields["method"],
            snapshot_id=fields["snapshot_id"],
        )


@dataclass(frozen=True)
class News:
    """What goes with a snapshot. ``what`` names what happened, in the claim; empty: the snapshot's reason says it."""

    what: str = ""
    events: tuple[Event, ...] = ()
    shift: RegimeShift | None = None
    row: SeriesRow | None = None


NO_NEWS = News()


def shift_of(document: Mapping[str, Any], previous: Mapping[str, Any] | None) -> RegimeShift | None:
    """The change of regime that a snapshot of ours tells of: its trigger reason says whether there is one.

    ``previous`` is the document before it, where there is one to be had, and only helps to say why.
    """
    meta, regime = document["meta"], document["regime"]
    if meta["trigger_reason"] != REGIME_SHIFT:
        return None
    return RegimeShift(
        before=regime["previous_label"] or "",
        after=regime["label"],
        at=document["generated_at"],
        why=moves_in_words(document, previous),
        method=meta.get("method", ""),
        snapshot_id=meta["snapshot_id"],
    )


def changes_regime(document: Mapping[str, Any]) -> bool:
    """Whether a document says that it changed the regime, by its trigger reason or by its regime. It may come from
    anywhere: what has another shape says nothing of it."""
    meta, regime = document.get("meta"), document.get("regime")
    if isinstance(meta, Mapping) and meta.get("trigger_reason") == REGIME_SHIFT:
        return True
    if not isinstance(regime, Mapping) or not regime.get("previous_label"):
        return False
    return bool(regime.get("transitioned_at") == document.get("generated_at"))


def moves_in_words(document: Mapping[str, Any], previous: Mapping[str, Any] | None) -> str:
    """The axes that moved most since the previous document, as one line; where none did, the rule that decided."""
    if previous is None:
        return "first snapshot"
    moved = axis_moves(_axes(previous), _axes(document))
    words = [f"{axis.replace('_', ' ')} {before:.2f} → {after:.2f}" for axis, before, after in moved[:MOVES]]
    return "; ".join(words) or _rule_in_words(document, previous)


def _rule_in_words(document: Mapping[str, Any], previous: Mapping[str, Any]) -> str:
    """The rule of method 2 by which the regime is another one although no axis moved."""
    if not method_of(document).startswith("2"):
        return "no axis moved"
    after, was = document["regime"]["label"], previous.get("regime")
    held = was if isinstance(was, Mapping) else {}
    rule = REGIME_RULES.get(after, "")
    if after == "calm":
        pressure = _axes(document).get("coercive_pressure")
        has_eased = held.get("label") == "managed_deescalation" and pressure is not None and pressure < EASED_BELOW
        rule = EASED if has_eased else REGIME_ENDS.get(str(held.get("label")), rule)
    pending = held.get("pending")
    twice = ", in the second snapshot running" if isinstance(pending, Mapping) and pending.get("label") == after else ""
    return f"no axis moved since the snapshot before: {rule}{twice}"


def axis_moves(before: Mapping[str, float | None], after: Mapping[str, float | None]) -> list[tuple[str, float, float]]:
    """``(axis, before, after)`` of the axes that are known on both sides and differ, the largest move first."""
    pairs = [(axis, before.get(axis), after.get(axis)) for axis in AXES]
    moved = [(axis, was, now) for axis, was, now in pairs if was is not None and now is not None and was != now]
    return sorted(moved, key=lambda move: -abs(move[2] - move[1]))


def _axes(document: Mapping[str, Any]) -> dict[str, float | None]:
    """Axes of a document that may come from anywhere: what is no number is not known."""
    balance = document.get("balance")
    if not isinstance(balance, Mapping):
        return {}
    return {axis: value if _is_number(value := balance.get(axis)) else None for axis in AXES}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass(frozen=True)
class Delivery:
    """One message: ``to`` whom, its ``text``, the event it tells of ("" for what is none), and when it was taken (ms).

    With a ``problem`` it was not taken, and is tried again.
    """

    to: str
    text: str
    event_id: str = ""
    problem: str = ""
    at: int = 0
