"""What the tiers must leave of a history, in plain Python and without the code under test; and a history on a server
whose clock can be set."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import redis

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots_tests.support.clock import SettableClock
from regional_snapshots_tests.support.commits import REGION, wait_until
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.oracle import BUCKET_MS

HOUR_MS = 3_600_000
MOST = 64
"""So many snapshots one commit drops."""
Ages = tuple[tuple[int, int], ...]
"""Tiers as (age, length of a slot), in ms, the youngest first."""
ORDINARY, SHIFT = "corridor_break", "regime_shift"


def slot_of(instant: int, now_ms: int, tiers: Ages) -> tuple[int, int] | None:
    """Length and start of the slot that holds an instant, once all of it is older than its tier; None before."""
    found = None
    for age, length in tiers:
        start = instant - instant % length
        if start + length <= now_ms - age:
            found = (length, start)
    return found


def overdue(
    entries: Mapping[str, int], spare: Collection[str], held: Collection[str], now_ms: int, tiers: Ages,
    *, before_ms: int | None = None,
) -> list[str]:  # fmt: skip
    """Of all ``entries`` (id -> instant), the ids that must go, the youngest first.

    ``spare`` are those that may go, ``held`` those that must not. ``before_ms``: what a commit can see.
    """
    alone = Counter(entries.values())
    slots: dict[tuple[int, int], list[str]] = defaultdict(list)
    for identity, instant in entries.items():
        seen = before_ms is None or instant < before_ms
        slot = slot_of(instant, now_ms, tiers)
        if slot and seen and identity in spare and alone[instant] == 1:
            slots[slot].append(identity)
    gone = [identity for members in slots.values() for identity in sorted(members)[:-1] if identity not in held]
    return sorted(gone, reverse=True)


def seen_before(instant: int, tiers: Ages) -> int:
    """The instant before which a commit of a snapshot of ``instant`` looks for what is due."""
    age, length = tiers[0]
    return (instant - age) // length * length


@dataclass
class Timeline:
    """The time of a server, which only a test moves: seven minutes after the start of a bucket."""

    clock: SettableClock
    client: redis.Redis
    ahead_s: int = 0

    def begin(self, days_ago: int) -> None:
        """So many days ago, at the start of a UTC day and seven minutes."""
        wanted = int(time.time()) // 86_400 * 86_400 - days_ago * 86_400 + 420
        self._set(wanted - int(time.time()))

    def wait(self, ms: int) -> None:
        """Time passes: whole seconds."""
        self._set(self.ahead_s + ms // 1000)

    def _set(self, ahead_s: int) -> None:
        self.ahead_s = ahead_s
        self.clock.ahead(ahead_s)
        wait_until(lambda: abs(self.client.time()[0] - time.time() - ahead_s) < 5)

    @property
    def now_ms(self) -> int:
        """The server's time."""
        seconds, microseconds = self.client.time()
        return seconds * 1000 + microseconds // 1000

    def made(self, reason: str = ORDINARY, *, back: int = 0, **notes: object) -> Snapshot:
        """A snapshot of the start of the server's bucket, or of so many buckets before."""
        return snapshot(REGION, self.now_ms // BUCKET_MS * BUCKET_MS - back * BUCKET_MS, reason=reason, **notes)


def entries_of(client: redis.Redis) -> dict[str, int]:
    """What the index names: id -> instant."""
    found = client.zrange(f"snapshot:index:{{{REGION}}}", 0, -1, withscores=True)
    return {identity.decode(): int(score) for identity, score in found}


def listed(client: redis.Redis) -> set[str]:
    """What the list of the tiers names."""
    return {identity.decode() for identity in client.zrange(f"snapshot:spare:{{{REGION}}}", 0, -1)}
