"""What survey and look have in common: suspects, and how replies are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from redis.exceptions import ResponseError

from regional_snapshots.model.document.words import TRIGGER_REASONS
from regional_snapshots.model.snapshot import DamagedSnapshotError, Snapshot
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.connections import Command, Reply, refusal
from regional_snapshots.store.reconcile.reading.state import ABSENT, Held

SHORT = 99
"""Last byte that is read of a pointer, view or claim: enough for an id, whatever else somebody wrote there."""


@dataclass
class Suspects:
    """What a survey could not confirm: ids, instants of views, keys of claims, or the region as a whole."""

    ids: set[str] = field(default_factory=set)
    views: set[int] = field(default_factory=set)
    claims: set[str] = field(default_factory=set)
    whole: bool = False

    def __bool__(self) -> bool:
        return self.whole or bool(self.ids or self.views or self.claims)


def text(value: bytes | None) -> str:
    """Bytes as text that turns back into the same bytes, whatever they are."""
    return (value or b"").decode("utf-8", "surrogateescape")


def packed(commands: Iterable[Command]) -> list[Command]:
    """Commands with their texts as bytes; the inverse of :func:`text`."""
    return [
        tuple(part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part for part in command)
        for command in commands
    ]


def claim_keys(keys: RegionKeys, server_ms: int, bucket_ms: int) -> list[str]:
    """The claims that can be there: they live for one bucket, and a commit may be one bucket ahead."""
    bucket = server_ms // bucket_ms
    return [keys.claim(reason, near) for near in (bucket - 1, bucket, bucket + 1) for reason in TRIGGER_REASONS]


def string(key: str) -> list[Command]:
    return [("TYPE", key), ("PTTL", key), ("GETRANGE", key, 0, SHORT)]


def held_string(answers: Iterator[Reply], keys: RegionKeys) -> Held:
    kind, pttl = text(hard(next(answers), keys)), hard(next(answers), keys)
    return Held(kind, pttl, text(lenient(next(answers), keys)))


def payload(raw: bytes | None, identity: str | None, keys: RegionKeys, expires_in_ms: int = ABSENT) -> Held:
    """A string as the payload of that id (None: of any), judged; see :class:`Held`."""
    try:
        found = Snapshot.open(raw or b"", id=identity)
    except DamagedSnapshotError as error:
        return Held("string", expires_in_ms, problem=str(error))
    if found.region != keys.region:
        problem, foreign = f"the document belongs to region {found.region!r}", not keys.layout.one_slot_per_region
        return Held("string", expires_in_ms, problem=problem, foreign=foreign)
    return Held("string", expires_in_ms, instant=found.generated_at, sealed=found.sealed)


def soft(reply: Reply, keys: RegionKeys, found: Suspects) -> Reply:
    """A reply; where a key has the wrong type, nothing, and the region becomes suspect."""
    value = lenient(reply, keys)
    if isinstance(reply, ResponseError):
        found.whole = True
    return value


def lenient(reply: Reply, keys: RegionKeys) -> Reply:
    return None if isinstance(reply, ResponseError) and str(reply).startswith("WRONGTYPE") else hard(reply, keys)


def hard(reply: Reply, keys: RegionKeys) -> Reply:
    if isinstance(reply, ResponseError):
        raise refusal(reply, region=keys.region) from reply
    return reply
