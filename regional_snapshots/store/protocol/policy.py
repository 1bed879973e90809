"""How long things live, how patient a commit is, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from regional_snapshots.model.events import Event
from regional_snapshots.model.values import DAY_MS, MINUTE_MS
from regional_snapshots.store.errors import ConfigurationError
from regional_snapshots.store.keys import KeyLayout
from regional_snapshots.store.link.waiting import Patience
from regional_snapshots.store.terms import Terms
from regional_snapshots.store.tiers.tiers import NO_TIERS, Tiers

SERIES_MS = 90 * DAY_MS
"""Source: method 2, section 5."""
NO_TIERS_THERE = "leave REGIONAL_SNAPSHOTS_RETENTION_TIERS empty there: other programs count on what they wrote"


class Outcome(str, Enum):
    """What became of a snapshot that did not fail."""

    COMMITTED = "COMMITTED"
    DUPLICATE = "DUPLICATE"
    LATE = "LATE"
    PINNED = "PINNED"


@dataclass(frozen=True)
class Policy:
    """How long snapshots are kept, how long one owns its bucket, and how patient a commit is.

    It gives up after so many ``attempts``, or when ``patience_s`` have passed since its first setback: long enough for
    a server to come back from a restart. What was committed is to be acknowledged by ``min_replicas``; where it is not,
    the answer says so. ``tiers``: which of the older snapshots are kept; none: all of them.
    """

    retention_ms: int = 90 * DAY_MS
    bucket_ms: int = 15 * MINUTE_MS
    attempts: int = 60
    patience_s: float = 20.0
    min_replicas: int = 0
    tiers: Tiers = NO_TIERS

    @property
    def patience(self) -> Patience:
        """How patient a commit is, and the reads beside it."""
        return Patience(self.attempts, self.patience_s)

    @property
    def series_ms(self) -> int:
        """How long rows of the series are kept: scoring looks back 90 days, and the oldest snapshot that is kept has to
        find the rows that it was compared with when it is computed again."""
        return self.retention_ms + SERIES_MS

    def terms(self, layout: str, method: str = "", regions: str = "") -> Terms:
        """What all writers of a store agree on, if this is their policy."""
        return Terms(layout, self.bucket_ms, self.retention_ms, method, regions)

    @property
    def inputs_ms(self) -> int:
        """How long the inputs of a run are kept: as long as all of its snapshots certainly are, and one slot more."""
        return self.tiers.whole_ms + self.tiers.tiers[0].every_ms if self.tiers else self.retention_ms

    def checked(self, layout: KeyLayout) -> Policy:
        """This policy. Raises :class:`ConfigurationError` for tiers where other programs count on what they wrote."""
        if self.tiers and not layout.spare:
            raise ConfigurationError(f"the layout {layout.name!r} keeps all snapshots", next_step=NO_TIERS_THERE)
        return self

    @classmethod
    def of(cls, retention_days: float, bucket_minutes: float, **others: Any) -> Policy:
        """The policy in the units of the settings; ``others`` as they are."""
        return cls(retention_ms=int(retention_days * DAY_MS), bucket_ms=int(bucket_minutes * MINUTE_MS), **others)


@dataclass(frozen=True)
class Commit:
    """The answer to the caller. ``owner`` is the id that owns the bucket: one's own, or the winner's.

    ``bytes`` were written by this very attempt: 0 when it found the snapshot, or another, already there. ``told`` are
    the events that were told with it.
    """

    outcome: Outcome
    region: str
    id: str
    owner: str
    attempts: int
    bytes: int
    told: tuple[Event, ...] = ()
    warnings: tuple[str, ...] = ()
