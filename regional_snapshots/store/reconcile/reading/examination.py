"""An exact look at what is suspect in one region, on a connection of its own and under ``WATCH``.

It is a generator that yields commands and receives their replies: first what is known by name, then what that names.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace

from regional_snapshots.model.document.words import TRIGGER_REASONS
from regional_snapshots.model.snapshot import UNSEALED_LEAD_MS, time_of
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.batch import milliseconds
from regional_snapshots.store.link.connections import Command, Reply
from regional_snapshots.store.reconcile.reading.observation import (
    Suspects,
    claim_keys,
    hard,
    held_string,
    lenient,
    payload,
    string,
    text,
)
from regional_snapshots.store.reconcile.reading.state import Examined, Held, Rules, Unsound, order

Step = tuple[list[Command], Callable[[list[Reply]], None]]
"""Commands, and who notes their replies."""
BATCH = 64
"""Suspects of one region that are looked at, and repaired, in one transaction."""
STRIDE = 512
"""Entries that are read at once, at most, on the way from the top of an index to the first sound one."""


def batches(suspects: Suspects) -> Iterable[Suspects]:
    """Suspects in portions that fit one transaction, the newest first; the region as a whole with the first."""
    ids, views = sorted(suspects.ids, key=order, reverse=True), sorted(suspects.views, reverse=True)
    longest = max(len(ids), len(views), 1)
    for start in range(0, longest, BATCH):
        claims = suspects.claims if start == 0 else set()
        yield Suspects(set(ids[start : start + BATCH]), set(views[start : start + BATCH]), set(claims), start == 0)


def examine(
    keys: RegionKeys, suspects: Suspects, around_ms: int, rules: Rules, unsound: Unsound | None = None
) -> Generator[list[Command], list[Reply], Examined]:
    """Read everything that the suspects touch, watching each key before it is read.

    What is returned held at one instant if an ``EXEC`` on the same connection then succeeds. ``unsound``, as an earlier
    look at the region found it, spares walking again through what nobody has repaired.
    Raises :class:`StoreError` when the server refuses to read this region.
    """
    names = sorted(suspects.claims.union(claim_keys(keys, around_ms, rules.bucket_ms)))
    reads = [command for key in (keys.latest, keys.pin, *names) for command in string(key)]
    index_reads = [("TYPE", keys.index), ("PTTL", keys.index), ("ZCARD", keys.index)]
    beside = [command for key in keys.beside for command in (("TYPE", key), ("PTTL", key))]
    watched = ("WATCH", keys.latest, keys.index, keys.pin, *names, *keys.beside)
    opening = [("UNWATCH",), watched, ("TIME",), *index_reads, *reads, *beside]
    answers = iter((yield opening))
    hard(next(answers), keys), hard(next(answers), keys)
    server_ms = milliseconds(hard(next(answers), keys))
    index = Held(text(hard(next(answers), keys)), hard(next(answers), keys))
    size = lenient(next(answers), keys) or 0
    latest, pin = held_string(answers, keys), held_string(answers, keys)
    claims = {name: held_string(answers, keys) for name in names}
    others = {key: Held(text(hard(next(answers), keys)), hard(next(answers), keys)) for key in keys.beside}
    indexed = index.type == "zset"
    facts = _Facts(
        keys, suspects, latest, claims, rules.bucket_ms, indexed=indexed, size=size, pin=pin, unsound=unsound,
        future_ms=server_ms + rules.bucket_ms,
    )  # fmt: skip
    while commands := facts.next_reads():
        *replies, now = yield [*commands, ("TIME",)]
        facts.take(replies, milliseconds(hard(now, keys)) - server_ms)
    return replace(facts.examined(server_ms, index), beside=others)


@dataclass
class _Due:
    """Things by kind: ids whose payloads, instants whose views, buckets whose claims, and names of claims."""

    payloads: set[str] = field(default_factory=set)
    views: set[int] = field(default_factory=set)
    whole_views: set[int] = field(default_factory=set)
    claims: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def add(self, others: _Due) -> None:
        self.views |= others.views
        self.whole_views |= others.whole_views
        self.claims |= others.claims


class _Facts:
    """What a look has read so far, and what it needs to read next. Each thing is read once, however many there are."""

    def __init__(
        self, keys: RegionKeys, suspects: Suspects, latest: Held, claims: dict[str, Held], bucket_ms: int,
        *, indexed: bool, size: int, pin: Held, unsound: Unsound | None, future_ms: int,
    ) -> None:  # fmt: skip
        self.keys, self.suspects, self.latest, self.claims, self.pin = keys, suspects, latest, claims, pin
        self.bucket_ms, self.indexed, self.size, self.future_ms = bucket_ms, indexed, size, future_ms
        self.judged: set[str] = set()
        self.payloads: dict[str, Held] = {}
        self.scores: dict[str, float | None] = {}
        self.views: dict[int, Held] = {}
        self.known: set[int] = set()
        """Instants of the payloads that were read."""
        self.due = _Due(views=set(suspects.views))
        self.asked = _Due()
        self.walked: dict[str, int] = {}
        self.portion: list[str] = []
        self.next_rank, self.unsound = 0, unsound
        self.steps: list[Step] = []
        self.passed_ms = 0
        self.judge({*suspects.ids, *(held.value for held in (latest, pin) if held.type == "string")})
        self.name(held.value for held in claims.values() if held.type == "string")

    def judge(self, names: Iterable[str]) -> None:
        """These are to be judged: their payloads, views and claims matter."""
        for name in names:
            if name not in self.judged:
                self.judged.add(name)
                self._matters(time_of(name))
                self._matters(self._instant(name))
                self.name([name])

    def name(self, names: Iterable[str]) -> None:
        """Something names these: their payloads matter."""
        self.due.payloads.update(name for name in names if name not in self.payloads)

    def _matters(self, instant: int | None) -> None:
        if instant is not None:
            self.due.views.add(instant)
            self.due.claims.add(instant // self.bucket_ms)

    def next_reads(self) -> list[Command]:
        """The commands that are still to be sent; none when everything that matters has been read."""
        due, self.due = self.due, _Due()
        self.steps = [
            *map(self._payload, sorted(due.payloads)),
            *map(self._view, sorted(due.views - self.asked.views)),
            *map(self._whole_view, sorted(due.whole_views - self.known - self.asked.whole_views)),
            *map(self._claims_of, sorted(due.claims - self.asked.claims)),
            *map(self._claim, sorted(due.names - self.claims.keys())),
            *self._walk(),
        ]
        self.asked.add(due)
        return [command for commands, _ in self.steps for command in commands]

    def take(self, replies: list[Reply], passed_ms: int) -> None:
        """Note the replies to the commands that :meth:`next_reads` gave last, so long after the look began."""
        answers, self.passed_ms = iter(replies), passed_ms
        for commands, note in self.steps:
            note([next(answers) for _ in commands])

    def _payload(self, name: str) -> Step:
        key = self.keys.payload(name)
        score = [("ZSCORE", self.keys.index, name)] if self.indexed else []

        def note(replies: list[Reply]) -> None:
            _, kind, pttl, raw, *rest = (lenient(reply, self.keys) for reply in replies)
            held = payload(raw, name, self.keys, pttl) if kind == b"string" else Held(text(kind), pttl)
            self.payloads[name] = self._at_first(held)
            if held.instant is not None:
                self.known.add(held.instant)
            if name in self.judged:
                self._matters(held.instant)
            self.scores[name] = float(rest[0]) if rest and rest[0] is not None else None

        return [("WATCH", key), ("TYPE", key), ("PTTL", key), ("GET", key), *score], note

    def _view(self, instant: int) -> Step:
        key = self.keys.view(instant)
        neighbours = [("ZRANGEBYSCORE", self.keys.index, instant, instant)] if self.indexed else []

        def note(replies: list[Reply]) -> None:
            self.views[instant] = held = self._at_first(held_string(iter(replies[1:4]), self.keys))
            if held.usable and held.value.startswith("{"):
                self.due.whole_views.add(instant)
            self.judge(text(member) for reply in replies[4:] for member in hard(reply, self.keys))
            named = time_of(held.value) if held.usable else None
            if named is not None and 0 <= instant - named <= UNSEALED_LEAD_MS:
                (self.judge if instant in self.suspects.views else self.name)([held.value])

        return [("WATCH", key), *string(key), *neighbours], note

    def _whole_view(self, instant: int) -> Step:
        """Read a view that holds more than an id, at an instant of which no snapshot is stored: is it one itself?"""
        key = self.keys.view(instant)

        def note(replies: list[Reply]) -> None:
            raw = lenient(replies[0], self.keys)
            found = payload(raw, None, self.keys)
            if found.instant == instant:
                self.views[instant] = replace(self.views[instant], instant=instant, sealed=found.sealed)

        return [("GET", key)], note

    def _claims_of(self, bucket: int) -> Step:
        """Which claims of this bucket are there: if its snapshot goes, they have to go with it."""
        names = [self.keys.claim(reason, bucket) for reason in TRIGGER_REASONS]

        def note(replies: list[Reply]) -> None:
            values = hard(replies[1], self.keys)
            self.due.names.update(name for name, value in zip(names, values, strict=True) if value is not None)

        return [("WATCH", *names), ("MGET", *names)], note

    def _claim(self, name: str) -> Step:
        def note(replies: list[Reply]) -> None:
            self.claims[name] = held = held_string(iter(replies), self.keys)
            if held.type == "string":
                self.name([held.value])

        return string(name), note

    def _walk(self) -> list[Step]:
        """More entries from the top of the index: until one of them is sound, the head is not known."""
        first = self.next_rank
        unread = any(name not in self.payloads for name in self.portion)
        if not self.indexed or first >= self.size or unread or any(map(self._sound, self.portion)):
            return []
        last = first + max(1, min(len(self.walked), STRIDE)) - 1
        known = self.unsound if first == 0 else None
        again = [("ZREVRANGE", self.keys.index, known.count, known.count)] if known else []

        def note(replies: list[Reply]) -> None:
            members, *below = ([text(member) for member in hard(reply, self.keys)] for reply in replies)
            self.portion = members
            self.walked |= {member: first + place for place, member in enumerate(members)}
            self.judge(members)
            self.size = self.size if members else 0
            same = known and (members, below) == ([known.top], [[known.sound] if known.sound else []])
            self.next_rank = known.count if known and same else last + 1

        return [([("ZREVRANGE", self.keys.index, first, last), *again], note)]

    def seen_unsound(self) -> Unsound | None:
        """What the next look at the region need not walk through again."""
        top = next((name for name, rank in self.walked.items() if rank == 0), None)
        sound = [(rank, name) for name, rank in self.walked.items() if self._sound(name)]
        return Unsound(top, *min(sound, default=(min(self.next_rank, self.size), None))) if top else None

    def _at_first(self, held: Held) -> Held:
        """What a key held, its expiry counted from when the look began: a slow link makes no expiry early."""
        left_ms = held.expires_in_ms
        return replace(held, expires_in_ms=left_ms + self.passed_ms) if left_ms >= 0 else held

    def _sound(self, name: str) -> bool:
        held = self.payloads[name]
        return held.instant is not None and self.scores[name] == held.instant <= self.future_ms

    def _instant(self, name: str) -> int | None:
        held = self.payloads.get(name)
        return None if held is None else held.instant

    def examined(self, server_ms: int, index: Held) -> Examined:
        return Examined(
            self.keys, server_ms, self.latest, index, frozenset(self.judged), self.scores, self.payloads,
            self.views, {name: held for name, held in self.claims.items() if held.there}, pin=self.pin,
            unsound=self.seen_unsound(),
        )  # fmt: skip
