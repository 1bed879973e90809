"""*Look*: watch what decides, and read it, in one write."""

from __future__ import annotations

from dataclasses import dataclass

from redis.exceptions import ResponseError

from regional_snapshots.model.snapshot import MAX_INSTANT_MS, Snapshot
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.connections import Command, Reply, key_of, refusal, texts


@dataclass(frozen=True)
class Looked:
    """One region as *look* found it: the state that decides, all of it watched or ours alone."""

    claim: str | None
    latest: str | None
    head: tuple[int, str] | None
    indexed: bool
    view: str | None
    payload_bytes: int
    server_ms: int


def look(keys: RegionKeys, claim: str, snapshot: Snapshot) -> list[Command]:
    """The commands of *look*, sent in one write. A key of the wrong type answers its read with an error."""
    return [
        ("UNWATCH",),
        ("WATCH", claim, keys.latest, keys.index),
        ("GET", claim),
        ("GET", keys.latest),
        ("ZREVRANGE", keys.index, 0, 0, "WITHSCORES"),
        ("ZSCORE", keys.index, snapshot.id),
        ("GET", keys.view(snapshot.generated_at)),
        ("STRLEN", keys.payload(snapshot.id)),
        ("TIME",),
    ]


def read_look(replies: list[Reply], keys: RegionKeys, claim: str, snapshot: Snapshot) -> Looked:
    """The replies of *look* as a state. Raises :class:`StoreError` for the first error reply."""
    for reply, command in zip(replies, look(keys, claim, snapshot), strict=True):
        if isinstance(reply, ResponseError):
            raise refusal(reply, region=snapshot.region, key=key_of(command)) from reply
    _, _, owner, latest, head, score, view, payload_bytes, (seconds, microseconds) = replies
    owner, latest, view = texts((owner, latest, view))
    return Looked(
        claim=owner,
        latest=latest,
        head=(_instant(head[1]), texts(head[:1])[0]) if head else None,
        indexed=score is not None,
        view=view,
        payload_bytes=payload_bytes,
        server_ms=int(seconds) * 1000 + int(microseconds) // 1000,
    )


def _instant(score: bytes) -> int:
    """A score as an instant; what somebody else has entered may be infinite, or too great for an expiry."""
    return int(min(max(float(score), 0.0), MAX_INSTANT_MS))
