"""What a look at one region saw, and the rules by which it is judged. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regional_snapshots.model.snapshot import time_of
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.store.keys import RegionKeys

ABSENT, NO_EXPIRY = -2, -1
"""What ``PTTL`` answers for a key that is not there, and for one that never expires."""
OFF_MS = 1000
"""An expiry counts as wrong when it is off by more: it is read a little later than the server's time."""


@dataclass(frozen=True)
class Held:
    """What one key held. ``value`` is the start of a string; of a payload it is empty, and ``problem`` is why it is not
    the snapshot it should be ("" when it is). ``foreign``: it is a snapshot, and belongs to another region.

    ``instant`` (ms) is that of the snapshot that a payload holds, or the view of a program beside us; ``sealed``,
    whether its id verifies it.
    """

    type: str = "none"
    expires_in_ms: int = ABSENT
    value: str = ""
    problem: str = ""
    foreign: bool = False
    instant: int | None = None
    sealed: bool = True

    @property
    def there(self) -> bool:
        """Whether the key exists."""
        return self.type != "none"

    @property
    def usable(self) -> bool:
        """Whether it is a string, as payloads, views, claims and latest are."""
        return self.type == "string"


@dataclass(frozen=True)
class Unsound:
    """From ``top``, the newest entry of an index, on, the first ``count`` entries are not sound; ``sound`` is the next
    one (None: there is none)."""

    top: str
    count: int
    sound: str | None


@dataclass(frozen=True)
class Examined:
    """One region as it was observed, all at one time.

    ``judged`` are the ids to be judged; ``scores`` (None: not indexed) and ``payloads`` cover them and every id that
    a view or a claim names. ``taken`` are the keys that a quarantine must not write over; ``pin`` holds latest;
    ``unsound`` is what the next look need not walk through.
    """

    keys: RegionKeys
    server_ms: int
    latest: Held
    index: Held
    judged: frozenset[str]
    scores: Mapping[str, float | None]
    payloads: Mapping[str, Held]
    views: Mapping[int, Held]
    claims: Mapping[str, Held]
    taken: frozenset[str] = frozenset()
    pin: Held = Held()
    unsound: Unsound | None = None
    beside: Mapping[str, Held] = field(default_factory=dict)
    """What goes with the snapshots, see :attr:`RegionKeys.beside`; of these, only the types are judged."""

    @property
    def spare(self) -> str:
        """The list of what the tiers may drop; "" where there is none, or something else in its place."""
        held = self.beside.get(self.keys.spare, Held())
        return self.keys.spare if held.type == "zset" else ""

    def instant(self, name: str) -> int | None:
        """The instant (ms) of a snapshot, which an unsealed id does not tell exactly; None for what has none."""
        held = self.payloads.get(name)
        return time_of(name) if held is None or held.instant is None else held.instant

    def order(self, name: str) -> tuple[int, str]:
        """Where a snapshot stands in time; what has no instant stands before everything."""
        instant = self.instant(name)
        return (-1 if instant is None else instant), name

    def unsealed(self, name: str) -> bool:
        """Whether another program wrote this snapshot: nothing of it is ever removed, renamed or cut short."""
        held = self.payloads.get(name)
        return held is not None and held.usable and not held.sealed and not held.problem


@dataclass(frozen=True)
class Rules:
    """What is right: how long things live, what may still be under way, and whether wrong types are repaired.

    ``grace_ms``: an orphaned payload or view that is younger may be half of another program's write, and is left alone.
    ``clock_ms``: the time by this machine's clock, which has to agree before anything is called of the future.
    """

    retention_ms: int
    bucket_ms: int
    grace_ms: int = 60_000
    quarantine_ms: int = 7 * 86_400_000
    fix_types: bool = False
    clock_ms: int = MAX_INSTANT_MS


def order(identity: str) -> tuple[int, str]:
    """Where a snapshot stands in time; what is not an id stands before everything."""
    instant = time_of(identity)
    return (-1 if instant is None else instant), identity
