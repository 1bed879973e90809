"""What readers have been told, where that differs from what a document says of itself.

While a feed is missing, a parity method finds a region calm and its triggers quiet. Nobody is told so: what was told
before stays, in ``meta.told``, until the feed is back and the next snapshot confirms what is seen then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.feeds.grounds import REGIME_GROUNDS, metric_of, trigger_grounds
from regional_snapshots.scoring.happenings.gaps import Turn, turn_before
from regional_snapshots.scoring.happenings.view import View


@dataclass(frozen=True)
class Told:
    """``regime``: the block as it was told; ``active``: triggers and since when (ms); ``unknown``: what was not known
    when document and telling agreed last."""

    regime: Mapping[str, Any]
    active: Mapping[str, int]
    unknown: frozenset[str]

    @property
    def label(self) -> str:
        """The regime that was told."""
        label = self.regime.get("label")
        return label if isinstance(label, str) else ""

    def agrees_with(self, now: View) -> bool:
        """Whether a document says the same itself."""
        return self.label == now.label and self.active.keys() == now.active.keys()

    def document(self) -> dict[str, Any]:
        """As ``meta.told`` has it."""
        return {
            "regime": dict(self.regime),
            "active": dict(self.active),
            "unknown": sorted(self.unknown),
        }

    @classmethod
    def by(cls, before: View) -> Told:
        """What had been told when the previous snapshot was published."""
        if before.told:
            return cls(before.told["regime"], before.told["active"], before.told["unknown"])
        turn = turn_before(before)  # its effect may still be to come: then what was known before it is what counts
        return cls(before.regime, activations(before), (before.unknown - turn.lost) | turn.regained)


@dataclass(frozen=True)
class Telling:
    """What is news against what had been told: a shift (``from``, ``to``) or None, and ids of triggers."""

    shift: tuple[str, str] | None
    activated: tuple[str, ...]
    cleared: tuple[str, ...]
    silenced: tuple[str, ...]
    """Triggers that are no longer active only because nothing measures them any more."""
    active: Mapping[str, int]
    """Triggers that readers take for active from now on, and since when."""


def telling(before: View, now: View, turn: Turn, earlier: Turn, *, shift_is_real: bool) -> Telling:
    """What to tell. ``turn`` goes with this snapshot, ``earlier`` with the one before.

    ``shift_is_real``: the regime would be what it is without the turn as well.
    """
    told = Told.by(before)
    shift = _shift(told, before, now, turn, shift_is_real)
    activated: list[str] = []
    cleared: list[str] = []
    silenced: list[str] = []
    active = dict(told.active)
    for name in [*now.active, *(name for name in told.active if name not in now.active)]:
        is_active, was_active = name in now.active, name in told.active
        if is_active == was_active:
            continue
        entry = (now.triggers or {}).get(name) or (before.triggers or {}).get(name) or {}
        if _unmeasured(entry) and not is_active:
            silenced.append(name)
        elif _settled(name, entry, told, before, now, turn, earlier):
            (activated if is_active else cleared).append(name)
            if is_active:
                active[name] = now.at
            else:
                del active[name]
    return Telling(shift, tuple(activated), tuple(cleared), tuple(silenced), active)


def _shift(told: Told, before: View, now: View, turn: Turn, shift_is_real: bool) -> tuple[str, str] | None:
    if now.label == told.label or not now.label:
        return None
    if now.label != before.label:
        return (told.label, now.label) if shift_is_real else None
    known_again = not turn.names & REGIME_GROUNDS and now.unknown & REGIME_GROUNDS <= told.unknown
    return (told.label, now.label) if known_again else None


def _settled(
    name: str, entry: Mapping[str, Any], told: Told, before: View, now: View, turn: Turn, earlier: Turn
) -> bool:
    """Whether a difference in a trigger is a fact: its grounds are as they were, and as they were told of."""
    grounds = trigger_grounds(metric_of(entry))
    if grounds & turn.names:
        return False
    is_active, was_active = name in now.active, name in before.active
    if is_active == was_active:  # it differs from what was told only: a feed that had been lost is back
        return now.unknown & grounds <= told.unknown
    return is_active or not grounds & earlier.names  # a method may take two snapshots to clear a trigger


def _unmeasured(entry: Mapping[str, Any]) -> bool:
    return entry.get("data") == "none"


def activations(view: View) -> dict[str, int]:
    """The active triggers of a document, and since when (ms) it says they are."""
    return {name: at if isinstance(at := entry.get("activated_at"), int) else 0 for name, entry in view.active.items()}
