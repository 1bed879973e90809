"""Gaps: since when a feed has been missing, or an axis unknown, and when it last came back.

They stand in the document as ``meta.gaps``: ``{name: [since, until]}`` in ms; ``since`` is null for what has never been
known, ``until`` while it lasts. A gap that has ended is remembered while anything is compared with what lies before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from regional_snapshots.scoring.happenings.view import View

REMEMBERED_MS = 28 * 86_400_000
"""The longest past that anything is compared with. Source: method 2, section 10."""


@dataclass(frozen=True)
class Turn:
    """What turned unknown (``lost``) and known again (``regained``) from one snapshot to the next."""

    lost: frozenset[str] = frozenset()
    regained: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Both."""
        return self.lost | self.regained


def turn_between(before: View, now: View) -> Turn:
    """What was lost and regained between two snapshots. An axis that only one of them has says nothing."""
    shared = before.axes.keys() & now.axes.keys()
    lost, regained = now.unknown - before.unknown, before.unknown - now.unknown
    axes = (before.axes.keys() | now.axes.keys()) - shared
    return Turn(lost - axes, regained - axes)


def turn_before(before: View) -> Turn:
    """What was lost and regained when the previous snapshot was made."""
    return Turn(
        frozenset(name for name, (since, until) in before.gaps.items() if since == before.at and until is None),
        frozenset(name for name, (_, until) in before.gaps.items() if until == before.at),
    )


def gaps_now(before: View | None, now: View) -> dict[str, list[int | None]]:
    """The gaps as the new document states them, in order of names."""
    if before is None:
        return {name: [None, None] for name in sorted(now.unknown)}
    current: dict[str, list[int | None]] = {}
    for name in sorted(before.gaps.keys() | now.unknown):
        gap = before.gaps.get(name)
        since, until = gap or (now.at, None)
        if name in now.unknown:
            current[name] = [since if until is None else now.at, None]
        elif until is None or now.at - until <= REMEMBERED_MS:
            current[name] = [since, now.at if until is None else until]
    return current
