"""Reading regions for reconciliation: a survey that is cheap and may suspect too much, and a look that is exact.

Both are generators that yield commands and receive their replies, so that the caller decides how many regions share
one write: many for a survey, and one, on a connection of its own and under ``WATCH``, for a look.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field

from redis.exceptions import ResponseError

from regional_snapshots.model.schema import TRIGGER_REASONS
from regional_snapshots.model.snapshot import DamagedSnapshotError, Snapshot
from regional_snapshots.store.connection import Command, Reply, refusal
from regional_snapshots.store.diagnosis import Held, Rules, Seen, time_of
from regional_snapshots.store.keys import RegionKeys

Talk = Generator[list[Command], list[Reply], "Surveyed | Seen"]
Step = tuple[list[Command], Callable[[list[Reply]], None]]
"""Commands, and who notes their replies."""
BATCH = 64
"""Suspects of one region that are looked at, and mended, in one transaction."""
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
    instants = {identity.encode(): instant for identity, instant in entries}
    for (identity, instant), view in zip(entries, views, strict=True):
        payload, payload_pttl, view_pttl = (_soft(next(answers), keys, found) for _ in range(3))
        whole = payload and (not deep or not _verdict(payload, identity, keys)[0])
        if not whole or payload_pttl < 0 or view_pttl < 0 or instants.get(view) != instant:
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
    reads = [command for key in (keys.latest, *names) for command in _string(key)]
    index_reads = [("TYPE", keys.index), ("PTTL", keys.index), ("ZCARD", keys.index)]
    opening = [("UNWATCH",), ("WATCH", keys.latest, keys.index, *names), ("TIME",), *index_reads, *reads]
    answers = iter((yield opening))
    _hard(next(answers), keys), _hard(next(answers), keys)
    server_ms = _ms(_hard(next(answers), keys))
    index = Held(text(_hard(next(answers), keys)), _hard(next(answers), keys))
    size = _lenient(next(answers), keys) or 0
    latest = _held(answers, keys)
    claims = {name: _held(answers, keys) for name in names}
    facts = _Facts(keys, suspects, latest, claims, rules.bucket_ms, indexed=index.type == "zset", size=size)
    while commands := facts.next_reads():
        facts.take((yield commands))
    return facts.seen(server_ms, index)


class _Facts:
    """What a look has read so far, and what it needs to read next."""

    def __init__(
        self, keys: RegionKeys, suspects: Suspects, latest: Held, claims: dict[str, Held], bucket_ms: int,
        *, indexed: bool, size: int,
    ) -> None:  # fmt: skip
        self.keys, self.suspects, self.latest, self.claims = keys, suspects, latest, claims
        self.bucket_ms, self.indexed, self.size = bucket_ms, indexed, size
        self.claims_read: set[int] = set()
        self.claims_there: set[str] = set()
        self.walked: list[str] = []
        self.judged = set(suspects.ids) | ({latest.value} if latest.type == "string" else set())
        self.named = {held.value for held in claims.values() if held.type == "string"}
        self.payloads: dict[str, Held] = {}
        self.scores: dict[str, float | None] = {}
        self.views: dict[int, Held] = {}
        self.steps: list[Step] = []

    def next_reads(self) -> list[Command]:
        """The commands that are still to be sent; none when everything that matters has been read."""
        instants = {time_of(name) for name in self.judged} - {None}
        self.steps = [
            *map(self._payload, sorted((self.judged | self.named) - self.payloads.keys())),
            *map(self._view, sorted((instants | self.suspects.views) - self.views.keys())),
            *map(self._claims_of, sorted(instants - self.claims_read)),
            *map(self._claim, sorted(self.claims_there - self.claims.keys())),
            *self._walk(),
        ]
        return [command for commands, _ in self.steps for command in commands]

    def take(self, replies: list[Reply]) -> None:
        """Note the replies to the commands that :meth:`next_reads` gave last."""
        answers = iter(replies)
        for commands, note in self.steps:
            note([next(answers) for _ in commands])

    def _payload(self, name: str) -> Step:
        key = self.keys.payload(name)
        score = [("ZSCORE", self.keys.index, name)] if self.indexed else []

        def note(replies: list[Reply]) -> None:
            _, kind, pttl, raw, *rest = (_lenient(reply, self.keys) for reply in replies)
            problem, foreign = _verdict(raw, name, self.keys) if kind == b"string" else ("", False)
            self.payloads[name] = Held(text(kind), pttl, problem=problem, foreign=foreign)
            self.scores[name] = float(rest[0]) if rest and rest[0] is not None else None

        return [("WATCH", key), ("TYPE", key), ("PTTL", key), ("GET", key), *score], note

    def _view(self, instant: int) -> Step:
        key = self.keys.view(instant)
        neighbours = [("ZRANGEBYSCORE", self.keys.index, instant, instant)] if self.indexed else []

        def note(replies: list[Reply]) -> None:
            self.views[instant] = held = _held(iter(replies[1:4]), self.keys)
            self.judged.update(text(member) for reply in replies[4:] for member in _hard(reply, self.keys))
            if held.type == "string" and time_of(held.value) == instant:
                (self.judged if instant in self.suspects.views else self.named).add(held.value)

        return [("WATCH", key), *_string(key), *neighbours], note

    def _claims_of(self, instant: int) -> Step:
        """Which claims of this instant's bucket are there: if its snapshot goes, they have to go with it."""
        bucket = instant // self.bucket_ms
        names = [self.keys.claim(reason, bucket) for reason in TRIGGER_REASONS]

        def note(replies: list[Reply]) -> None:
            values = _hard(replies[1], self.keys)
            self.claims_read.add(instant)
            self.claims_there.update(name for name, value in zip(names, values, strict=True) if value is not None)

        return [("WATCH", *names), ("MGET", *names)], note

    def _claim(self, name: str) -> Step:
        def note(replies: list[Reply]) -> None:
            self.claims[name] = held = _held(iter(replies), self.keys)
            if held.type == "string":
                self.named.add(held.value)

        return _string(name), note

    def _walk(self) -> list[Step]:
        """More entries from the top of the index: until one of them is sound, the head is not known."""
        first = len(self.walked)
        unread = any(name not in self.payloads for name in self.walked)
        if not self.indexed or first >= self.size or unread or any(map(self._sound, self.walked)):
            return []
        last = first + max(1, min(first, BATCH)) - 1

        def note(replies: list[Reply]) -> None:
            members = [text(member) for member in _hard(replies[0], self.keys)]
            self.walked += members
            self.judged.update(members)
            self.size = self.size if members else 0

        return [([("ZREVRANGE", self.keys.index, first, last)], note)]

    def _sound(self, name: str) -> bool:
        held = self.payloads[name]
        return held.type == "string" and not held.problem and self.scores[name] == time_of(name)

    def seen(self, server_ms: int, index: Held) -> Seen:
        return Seen(
            self.keys, server_ms, self.latest, index, self.size, frozenset(self.judged), self.scores, self.payloads,
            self.views, {name: held for name, held in self.claims.items() if held.there},
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
