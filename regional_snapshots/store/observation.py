"""Reading regions for reconciliation: a survey that is cheap and may suspect too much, and a look that is exact.

Both are generators that yield commands and receive their replies, so that the caller decides how many regions share
one write: many for a survey, and one, on a connection of its own and under ``WATCH``, for a look.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field

from redis.exceptions import ResponseError

from regional_snapshots.model.schema import TRIGGER_REASONS
from regional_snapshots.model.snapshot import DamagedSnapshotError, Snapshot
from regional_snapshots.store.connection import Command, Reply, refusal
from regional_snapshots.store.diagnosis import Held, Rules, Seen, time_of
from regional_snapshots.store.keys import RegionKeys

Talk = Generator[list[Command], list[Reply], "Surveyed | Seen"]
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


@dataclass(frozen=True)
class Surveyed:
    """One region as the survey met it."""

    server_ms: int
    latest: str
    head: str
    size: int
    suspects: Suspects


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


# The survey


def survey(keys: RegionKeys, rules: Rules, page: int, *, deep: bool) -> Talk:
    """Read one region in pages, ``page`` index entries an exchange. ``deep`` reads and verifies every payload.

    Raises :class:`StoreError` when the server refuses to read this region.
    """
    found = Suspects()
    opening: list[Command] = [
        ("UNWATCH",),
        ("TIME",),
        ("MULTI",),
        ("GETRANGE", keys.latest, 0, SHORT),
        ("PTTL", keys.latest),
        ("PTTL", keys.index),
        ("ZCARD", keys.index),
        ("ZREVRANGE", keys.index, 0, page - 1, "WITHSCORES"),
        ("EXEC",),
    ]
    replies = yield opening
    state = [_soft(reply, keys, found) for reply in _executed(replies, keys)]
    server_ms = _ms(replies[1])
    latest, latest_pttl, index_pttl, size, rows = text(state[0]), state[1], state[2], state[3] or 0, state[4] or []
    head = text(rows[0]) if rows else ""
    if latest != head or -1 in (latest_pttl, index_pttl):
        found.whole = True
    names = claim_keys(keys, server_ms, rules.bucket_ms)
    newest = keys.payload(head if time_of(head) is not None else "")
    more: list[Command] = [("MGET", *names), ("EXISTS", *names), ("GET", newest)]
    judge_more = _judge_newest
    position = page
    while rows or more:
        entries = _sound_entries(rows, server_ms - rules.retention_ms, found)
        following = [("ZREVRANGE", keys.index, position, position + page - 1, "WITHSCORES")] if position < size else []
        answers = iter((yield [*_page(keys, entries, deep=deep), *more, *following]))
        _judge(entries, answers, keys, found, deep=deep)
        more, judge_more = judge_more(more, answers, keys, head, found), _judge_claims
        rows = (_soft(next(answers), keys, found) or []) if following else []
        position += page
    return Surveyed(server_ms, latest, head, size, found)


def _sound_entries(rows: list[bytes], horizon_ms: int, found: Suspects) -> list[tuple[str, int]]:
    """The entries worth checking, as (id, instant); those that are wrong in themselves are suspects at once."""
    sound = []
    for member, score in zip(rows[::2], rows[1::2], strict=True):
        identity = text(member)
        instant = time_of(identity)
        if instant is None or float(score) != instant or instant <= horizon_ms:
            found.ids.add(identity)
        else:
            sound.append((identity, instant))
    return sound


def _page(keys: RegionKeys, entries: list[tuple[str, int]], *, deep: bool) -> list[Command]:
    if not entries:
        return []
    read = "GET" if deep else "STRLEN"
    commands: list[Command] = [("MGET", *(keys.view(instant) for _, instant in entries))]
    for identity, instant in entries:
        payload = keys.payload(identity)
        commands += [(read, payload), ("PTTL", payload), ("PTTL", keys.view(instant))]
    return commands


def _judge(
    entries: list[tuple[str, int]], answers: Iterator[Reply], keys: RegionKeys, found: Suspects, *, deep: bool
) -> None:
    if not entries:
        return
    views = _hard(next(answers), keys)
    for (identity, _), view in zip(entries, views, strict=True):
        payload, payload_pttl, view_pttl = (_soft(next(answers), keys, found) for _ in range(3))
        whole = payload and (not deep or not _verdict(payload, identity, keys)[0])
        if not whole or payload_pttl < 0 or view_pttl < 0 or view != identity.encode():
            found.ids.add(identity)


def _judge_newest(
    asked: list[Command], answers: Iterator[Reply], keys: RegionKeys, head: str, found: Suspects
) -> list[Command]:
    """Judge the head's payload; return the commands that confirm the claims that are there."""
    values, there = _hard(next(answers), keys), _hard(next(answers), keys)
    payload = _soft(next(answers), keys, found)
    if head and (not payload or _verdict(payload, head, keys)[0]):
        found.ids.add(head)
    held = {name: text(value) for name, value in zip(asked[0][1:], values, strict=True) if value is not None}
    if there > len(held):
        found.whole = True
    found.claims |= {name for name, owner in held.items() if time_of(owner) is None}
    confirm = [(name, owner) for name, owner in held.items() if name not in found.claims]
    return [command for name, owner in confirm for command in (("PTTL", name), ("STRLEN", keys.payload(owner)))]


def _judge_claims(
    asked: list[Command], answers: Iterator[Reply], keys: RegionKeys, head: str, found: Suspects
) -> list[Command]:
    for _, name in asked[::2]:
        pttl, size = _soft(next(answers), keys, found), _soft(next(answers), keys, found)
        if pttl == -1 or not size:
            found.claims.add(name)
    return []


# The look


def look(keys: RegionKeys, suspects: Suspects, around_ms: int, rules: Rules) -> Talk:
    """Read everything that the suspects touch, watching each key before it is read.

    What is returned held at one instant if an ``EXEC`` on the same connection then succeeds.
    Raises :class:`StoreError` when the server refuses to read this region.
    """
    names = sorted(suspects.claims.union(claim_keys(keys, around_ms, rules.bucket_ms)))
    fixed = [keys.latest, keys.index, *names]
    reads = [command for key in (keys.latest, *names) for command in _string(key)]
    answers = iter(
        (
            yield [
                ("UNWATCH",),
                ("WATCH", *fixed),
                ("TIME",),
                ("TYPE", keys.index),
                ("PTTL", keys.index),
                ("ZCARD", keys.index),
                *reads,
            ]
        )
    )
    _hard(next(answers), keys), _hard(next(answers), keys)
    server_ms = _ms(next(answers))
    index = Held(text(_hard(next(answers), keys)), _hard(next(answers), keys))
    size = _lenient(next(answers), keys) or 0
    latest = _held(answers, keys)
    claims = {name: held for name in names if (held := _held(answers, keys)).there}
    facts = _Facts(keys, suspects, latest, claims, indexed=index.type == "zset", size=size)
    while commands := facts.next_reads():
        facts.take(iter((yield commands)))
    return facts.seen(server_ms, index)


class _Facts:
    """What a look has read so far, and what it needs to read next."""

    def __init__(
        self, keys: RegionKeys, suspects: Suspects, latest: Held, claims: dict[str, Held], *, indexed: bool, size: int
    ) -> None:
        self.keys, self.suspects, self.latest, self.claims = keys, suspects, latest, claims
        self.indexed, self.size = indexed, size
        self.walked: list[str] = []
        self.judged = set(suspects.ids) | ({latest.value} if latest.type == "string" else set())
        self.named = {held.value for held in claims.values() if held.type == "string"}
        self.payloads: dict[str, Held] = {}
        self.scores: dict[str, float | None] = {}
        self.views: dict[int, Held] = {}
        self.asked: tuple[list[str], list[int], int] = ([], [], 0)

    def next_reads(self) -> list[Command]:
        ids = sorted((self.judged | self.named) - self.payloads.keys())
        instants = self.suspects.views | {time_of(name) for name in self.judged}
        views = sorted(instant for instant in instants - self.views.keys() if instant is not None)
        walk = self._walk()
        self.asked = (ids, views, walk)
        commands: list[Command] = []
        for name in ids:
            key = self.keys.payload(name)
            commands += [("WATCH", key), ("TYPE", key), ("PTTL", key), ("GET", key)]
            commands += [("ZSCORE", self.keys.index, name)] if self.indexed else []
        for instant in views:
            commands += [("WATCH", self.keys.view(instant)), *_string(self.keys.view(instant))]
            commands += [("ZRANGEBYSCORE", self.keys.index, instant, instant)] if self.indexed else []
        if walk:
            first = len(self.walked)
            commands.append(("ZREVRANGE", self.keys.index, first, first + walk - 1))
        return commands

    def take(self, answers: Iterator[Reply]) -> None:
        ids, views, walk = self.asked
        for name in ids:
            _hard(next(answers), self.keys)
            kind, pttl = text(_hard(next(answers), self.keys)), _hard(next(answers), self.keys)
            raw = _lenient(next(answers), self.keys)
            problem, foreign = _verdict(raw, name, self.keys) if kind == "string" else ("", False)
            self.payloads[name] = Held(kind, pttl, problem=problem, foreign=foreign)
            score = _hard(next(answers), self.keys) if self.indexed else None
            self.scores[name] = None if score is None else float(score)
        for instant in views:
            _hard(next(answers), self.keys)
            self.views[instant] = held = _held(answers, self.keys)
            neighbours = _hard(next(answers), self.keys) if self.indexed else []
            self.judged |= {text(member) for member in neighbours}
            if held.type == "string" and time_of(held.value) == instant:
                (self.judged if instant in self.suspects.views else self.named).add(held.value)
        if walk:
            self.walked += [text(member) for member in _hard(next(answers), self.keys)]
            self.judged.update(self.walked)

    def _walk(self) -> int:
        """How many more entries to read from the top: until one of them is sound, the head is not known."""
        walked = len(self.walked)
        unread = any(name not in self.payloads for name in self.walked)
        if not self.indexed or walked >= self.size or unread or any(map(self._sound, self.walked)):
            return 0
        return max(1, min(walked, 64))

    def _sound(self, name: str) -> bool:
        held = self.payloads[name]
        return held.type == "string" and not held.problem and self.scores[name] == time_of(name)

    def seen(self, server_ms: int, index: Held) -> Seen:
        return Seen(
            self.keys, server_ms, self.latest, index, self.size, frozenset(self.judged), self.scores, self.payloads,
            self.views, self.claims,
        )  # fmt: skip


def _string(key: str) -> list[Command]:
    return [("TYPE", key), ("PTTL", key), ("GETRANGE", key, 0, SHORT)]


def _held(answers: Iterator[Reply], keys: RegionKeys) -> Held:
    kind, pttl = text(_hard(next(answers), keys)), _hard(next(answers), keys)
    return Held(kind, pttl, text(_lenient(next(answers), keys)))


def _verdict(raw: bytes | None, identity: str, keys: RegionKeys) -> tuple[str, bool]:
    """Why a payload is none of this region ("" when it is), and whether it is rightly another region's."""
    try:
        found = Snapshot.open(raw or b"", id=identity)
    except DamagedSnapshotError as error:
        return str(error), False
    if found.region == keys.region:
        return "", False
    shared = not keys.layout.one_slot_per_region
    return f"the document belongs to region {found.region!r}", shared


def _executed(replies: list[Reply], keys: RegionKeys) -> list[Reply]:
    for reply in replies:
        _hard(reply, keys)
    return replies[-1]


def _soft(reply: Reply, keys: RegionKeys, found: Suspects) -> Reply:
    """A reply; where a key has the wrong type, nothing, and the region becomes suspect."""
    value = _lenient(reply, keys)
    if isinstance(reply, ResponseError):
        found.whole = True
    return value


def _lenient(reply: Reply, keys: RegionKeys) -> Reply:
    return None if isinstance(reply, ResponseError) and str(reply).startswith("WRONGTYPE") else _hard(reply, keys)


def _hard(reply: Reply, keys: RegionKeys) -> Reply:
    if isinstance(reply, ResponseError):
        raise refusal(reply, region=keys.region) from reply
    return reply


def _ms(reply: Reply) -> int:
    seconds, microseconds = reply
    return int(seconds) * 1000 + int(microseconds) // 1000
