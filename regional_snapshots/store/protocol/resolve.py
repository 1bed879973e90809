"""*Resolve*: what became of an attempt whose answer was lost."""

from __future__ import annotations

from dataclasses import replace

from regional_snapshots.model.events import Event
from regional_snapshots.store.protocol.policy import Commit, Outcome


class InDoubt(Exception):
    """The link broke after the transaction may have been sent. ``aim``: the outcome if it was executed, and ``told``
    the events that were told then."""

    def __init__(self, aim: Outcome, told: tuple[Event, ...] = ()) -> None:
        super().__init__(aim)
        self.aim, self.told = aim, told


def resolve(answer: Commit, in_doubt: InDoubt | None) -> Commit:
    """The answer, knowing of an attempt in doubt: what *look* then finds stored is what that attempt aimed at.

    An aim that has been overtaken since cannot have landed later: its watch would have voided it.
    """
    if in_doubt is None or answer.outcome not in (Outcome.COMMITTED, Outcome.PINNED) or answer.bytes:
        return answer
    return replace(answer, outcome=in_doubt.aim, told=in_doubt.told)
