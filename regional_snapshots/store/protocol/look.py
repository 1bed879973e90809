"""*Look*: watch what decides, and read it, in one write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redis.exceptions import ResponseError

from regional_snapshots.model.news import NO_NEWS, News
from regional_snapshots.model.snapshot import MAX_INSTANT_MS, Snapshot
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.connections import Command, Reply, key_of, refusal, texts
from regional_snapshots.store.protocol.beside import alerts_of, noted
from regional_snapshots.store.protocol.quiet import Quiet, pairs


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
    news_of: frozenset[str] = frozenset()
    """Ids of the snapshots of which the newest entries of the streams tell."""
    quiet: Mapping[str, Quiet | None] = field(default_factory=dict)
    alerted: frozenset[str] = frozenset()
    """Keys of the alerts that were queued already."""


def look(keys: RegionKeys, claim: str, snapshot: Snapshot, news: News = NO_NEWS) -> list[Command]:
    """The commands of *look*, sent in one write. A key of the wrong type answers its read with an error.

    Every key that the commit may write is read, so that nothing within its transaction can be refused.
    """
    return [
        ("UNWATCH",),
        ("WATCH", claim, keys.latest, keys.index, *_alerted(keys, snapshot, news)),
        ("GET", claim),
        ("GET", keys.latest),
        ("ZREVRANGE", keys.index, 0, 0, "WITHSCORES"),
        ("ZSCORE", keys.index, snapshot.id),
        ("GET", keys.view(snapshot.generated_at)),
        ("STRLEN", keys.payload(snapshot.id)),
        ("TIME",),
        *(command for command, wanted in _news(keys, snapshot, news) if wanted),
    ]


def _alerted(keys: RegionKeys, snapshot: Snapshot, news: News) -> list[str]:
    """The keys that say which of the snapshot's alerts were queued already; nobody may write them meanwhile."""
    if not keys.layout.alerts:
        return []
    return [key for alert in alerts_of(news, snapshot) for key in noted(alert, keys)]


def _news(keys: RegionKeys, snapshot: Snapshot, news: News) -> list[tuple[Command, bool]]:
    """What is read for the sake of the news, and whether this snapshot needs it."""
    alerted = _alerted(keys, snapshot, news)
    return [
        (("XREVRANGE", keys.events, "+", "-", "COUNT", 1), bool(news.events)),
        (("XREVRANGE", keys.regimes, "+", "-", "COUNT", 1), news.shift is not None),
        (("ZCARD", keys.series), news.row is not None),
        (("HGETALL", keys.quiet), news != NO_NEWS),
        (("LLEN", keys.history), bool(keys.layout.history) and news.shift is not None),
        (("LLEN", keys.layout.alerts), bool(alerted)),
        (("MGET", *alerted), bool(alerted)),
    ]


def read_look(replies: list[Reply], keys: RegionKeys, claim: str, snapshot: Snapshot, news: News = NO_NEWS) -> Looked:
    """The replies of *look* as a state. Raises :class:`StoreError` for the first error reply."""
    for reply, command in zip(replies, look(keys, claim, snapshot, news), strict=True):
        if isinstance(reply, ResponseError):
            raise refusal(reply, region=snapshot.region, key=key_of(command)) from reply
    _, _, owner, latest, head, score, view, payload_bytes, (seconds, microseconds), *rest = replies
    found = iter(rest)
    asked = _news(keys, snapshot, news)
    events, regimes, _, quiet, _, _, notes = (next(found) if wanted else () for _, wanted in asked)
    alerted = zip(_alerted(keys, snapshot, news), notes, strict=True)
    owner, latest, view = texts((owner, latest, view))
    return Looked(
        claim=owner,
        latest=latest,
        head=(_instant(head[1]), texts(head[:1])[0]) if head else None,
        indexed=score is not None,
        view=view,
        payload_bytes=payload_bytes,
        server_ms=int(seconds) * 1000 + int(microseconds) // 1000,
        news_of=frozenset(_snapshot_id(fields) for _, fields in (*events, *regimes)),
        quiet={_text(name): Quiet.decode(value) for name, value in pairs(quiet).items()},
        alerted=frozenset(key for key, note in alerted if note is not None),
    )


def _instant(score: bytes) -> int:
    """A score as an instant; what somebody else has entered may be infinite, or too great for an expiry."""
    return int(min(max(float(score), 0.0), MAX_INSTANT_MS))


def _snapshot_id(fields: Reply) -> str:
    """Which snapshot an entry of a stream tells of: a shift says it, and an event's id begins with it."""
    members = pairs(fields)
    return _text(members.get(b"snapshot_id") or members.get(b"event_id", b"").partition(b":")[0])


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
