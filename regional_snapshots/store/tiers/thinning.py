"""What a commit lets go of older snapshots, in its own transaction. Pure: no connection, no clock.

A list of the store's own names the snapshots that may be dropped: those that changed no regime. A commit enters its own
snapshot there. Of each slot the last one of the list is kept, and everything that is not on the list: what is not known
to be dispensable is not touched. So a list that is lost costs memory, never history; reconciliation reads what is on no
list, and drops it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from regional_snapshots.model.news import News, changes_regime
from regional_snapshots.model.snapshot import Snapshot, time_of
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.batch import Asked, Batch, Transaction, text
from regional_snapshots.store.tiers.tiers import Slot, Tiers

WINDOW = 128
"""So many entries of each tier a commit looks at, from the youngest that may be due on: about 6 KB a tier."""
DROPS = 64
"""So many it drops at most. What is left is dropped by the commits that follow, or by reconciliation."""


@dataclass(frozen=True)
class Thinned:
    """What a commit does for the tiers: ``listed``: its snapshot may be dropped one day; ``dropped``: what goes now."""

    listed: bool = False
    dropped: tuple[str, ...] = ()


NOTHING_THINNED = Thinned()


def ask_for_spare(batch: Batch, keys: RegionKeys, tiers: Tiers, at_ms: int) -> list[tuple[Asked, Asked]]:
    """Ask for what may be due at an instant, of each tier the newest first: on the list, and in the index."""
    ends = tiers.ends(at_ms)
    floors = [*(str(end) for end in ends[1:]), "-inf"]
    return [
        (
            batch.ask("ZREVRANGEBYSCORE", keys.spare, f"({end}", floor, "LIMIT", 0, WINDOW),
            batch.ask("ZREVRANGEBYSCORE", keys.index, f"({end}", floor, "LIMIT", 0, WINDOW),
        )
        for end, floor in zip(ends, floors, strict=True)
    ]


def spare_of(asked: Iterable[tuple[Asked, Asked]]) -> tuple[str, ...]:
    """The ids on the list that are indexed, and alone at their instant: two of one instant share a view."""
    found: list[str] = []
    for listed, indexed in asked:
        names = [text(member) for member in indexed.value]
        if len(names) == WINDOW:
            names.pop()  # whether there is another of its instant is not known
        found += dispensable(names, {text(member) for member in listed.value})
    return tuple(found)


def dispensable(indexed: Sequence[str], listed: Collection[str]) -> list[str]:
    """Of what is indexed, the listed ids that are alone at their instant."""
    shared = Counter(map(time_of, indexed))
    return [name for name in indexed if name in listed and (at := time_of(name)) is not None and shared[at] == 1]


def thinned(
    snapshot: Snapshot, news: News, spare: Iterable[str], kept: Collection[str | None], now_ms: int, tiers: Tiers,
    bucket_ms: int,
) -> Thinned:  # fmt: skip
    """What a commit of ``snapshot`` at ``now_ms`` (the server's time) does; ``kept`` are never dropped.

    A snapshot whose claim may outlive it is not listed: a claim names what is stored.
    """
    if not tiers:
        return NOTHING_THINNED
    fresh = snapshot.generated_at > now_ms - tiers.whole_ms + bucket_ms
    listed = fresh and not news.shift and not changes_regime(snapshot.document)
    return Thinned(listed, tuple(too_many(spare, kept, now_ms, tiers))[:DROPS])


def too_many(spare: Iterable[str], kept: Collection[str | None], now_ms: int, tiers: Tiers) -> list[str]:
    """Of these ids, those whose slot has a younger one, the youngest first; none of ``kept``."""
    taken: set[Slot] = set()
    found = []
    for name in sorted(set(spare), key=lambda name: (time_of(name) or 0, name), reverse=True):
        slot = tiers.slot(time_of(name) or 0, now_ms)
        if slot is None:
            continue
        if slot in taken and name not in kept:
            found.append(name)
        taken.add(slot)
    return found


def thin(
    inside: Transaction, keys: RegionKeys, snapshot: Snapshot, thinned: Thinned, horizon_ms: int, expires_ms: int
) -> None:
    """The commands of it, in the transaction of the snapshot."""
    if thinned.listed:
        inside.ask("ZADD", keys.spare, snapshot.generated_at, snapshot.id)
    else:
        inside.ask("ZREM", keys.spare, snapshot.id)
    if thinned.dropped:
        drop(inside, keys, thinned.dropped)
    inside.ask("ZREMRANGEBYSCORE", keys.spare, "-inf", f"({horizon_ms}")
    inside.ask("PEXPIREAT", keys.spare, expires_ms)


def drop(inside: Transaction, keys: RegionKeys, names: Sequence[str]) -> None:
    """All of these snapshots go, each whole: entry, payload and view."""
    views = [keys.view(at) for name in names if (at := time_of(name)) is not None]
    inside.ask("ZREM", keys.index, *names)
    inside.ask("ZREM", keys.spare, *names)
    inside.ask("DEL", *map(keys.payload, names), *views)
