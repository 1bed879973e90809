"""The tiers as they are set, and the slots that follow from them. Pure: time is an argument.

``2d:6h, 30d:1d`` reads: of what is older than 2 days, one in 6 hours; of what is older than 30 days, one a day. A slot
begins at a whole multiple of its length since 1970 (UTC), and is thinned once all of it is older than its tier says.
Slots of one tier lie within those of the next, so what a later tier keeps, no earlier one has let go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from regional_snapshots.model.values import UNITS_MS

MOST_TIERS = 4
SYNTAX = "write AGE:SLOT for each tier, such as 2d:6h,30d:1d"
_TIER = re.compile(r"(\d{1,5})([mhd]):(\d{1,5})([mhd])")


class Tier(NamedTuple):
    """Of what is older than ``after_ms``, one snapshot in every ``every_ms`` is kept."""

    after_ms: int
    every_ms: int


class Slot(NamedTuple):
    """A stretch of time of which one snapshot is kept: how long it is and when it begins (ms)."""

    every_ms: int
    start_ms: int


@dataclass(frozen=True)
class Tiers:
    """The tiers, the youngest first; none: everything is kept for the whole retention."""

    tiers: tuple[Tier, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tiers)

    @classmethod
    def parse(cls, text: str) -> Tiers:
        """From the text of the setting; "" is no tiers. Raises ``ValueError``, whose text says why."""
        words = [word.strip() for word in text.split(",")] if text.strip() else []
        found = [_TIER.fullmatch(word) for word in words]
        tiers = []
        for word, match in zip(words, found, strict=True):
            if match is None:
                raise ValueError(f"{word!r} is no tier: {SYNTAX}")
            age, age_unit, slot, slot_unit = match.groups()
            tiers.append(Tier(int(age) * UNITS_MS[age_unit], int(slot) * UNITS_MS[slot_unit]))
        if problem := _problem(tiers):
            raise ValueError(problem)
        return cls(tuple(tiers))

    def problem(self, retention_ms: int, bucket_ms: int) -> str:
        """Why they do not go with a retention and a bucket; "" when they do."""
        if not self.tiers:
            return ""
        if self.tiers[0].after_ms <= bucket_ms:
            return "the first tier begins before the bucket of a snapshot has ended"
        if self.tiers[-1].after_ms + self.tiers[-1].every_ms > retention_ms:
            return "the last tier begins when, or after, the retention has ended"
        return ""

    @property
    def whole_ms(self) -> int:
        """For how long every single snapshot is certainly kept; and no longer than one slot more."""
        return self.tiers[0].after_ms

    def ends(self, now_ms: int) -> list[int]:
        """Of each tier, the instant (ms) before which its slots are thinned: the end of a slot."""
        return [(now_ms - tier.after_ms) // tier.every_ms * tier.every_ms for tier in self.tiers]

    def slot(self, instant_ms: int, now_ms: int) -> Slot | None:
        """The slot of which a snapshot of this instant is one of several; None while all of them are kept."""
        for tier, end_ms in zip(reversed(self.tiers), reversed(self.ends(now_ms)), strict=True):
            if instant_ms < end_ms:
                return Slot(tier.every_ms, instant_ms // tier.every_ms * tier.every_ms)
        return None


NO_TIERS = Tiers()


def _problem(tiers: list[Tier]) -> str:
    if len(tiers) > MOST_TIERS:
        return f"more than {MOST_TIERS} tiers"
    if any(min(tier) <= 0 for tier in tiers):
        return "an age or a slot of 0"
    for one, other in pairwise(tiers):
        if other.after_ms <= one.after_ms:
            return "the ages have to rise"
        if other.every_ms <= one.every_ms or other.every_ms % one.every_ms:
            return "each slot has to be a multiple of the one before"
    return ""
