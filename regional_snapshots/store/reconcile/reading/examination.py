"""An exact look at what is suspect in one region, on a connection of its own and under ``WATCH``.

It is a generator that yields commands and receives their replies: first what is known by name, then what that names.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace

from regional_snapshots.model.document.words import TRIGGER_REASONS
from regional_snapshots.model.snapshot import UNSEALED_LEAD_MS
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.connections import Command, Reply
from regional_snapshots.store.reconcile.reading.observation import (
    Suspects,
    claim_keys,
    hard,
    held_string,
    lenient,
    ms,
    payload,
    string,
    text,
)
from regional_snapshots.store.reconcile.reading.state import Examined, Held, Rules, time_of

Step = tuple[list[Command], Callable[[list[Reply]], None]]
"""Commands, and who notes their replies."""
BATCH = 64
"""Suspects of one region that are looked at, and repaired, in one transaction."""


def examine(
    keys: RegionKeys, suspects: Suspects, around_ms: int, rules: Rules
) -> Generator[list[Command], list[Reply], Examined]:
    """Read everything that the suspects touch, watching each key before it is read.

    What is returned held at one instant if an ``EXEC`` on the same connection then succeeds.
    Raises :class:`StoreError` when the server refuses to read this region.
    """
    names = sorted(suspects.claims.union(claim_keys(keys, around_ms, rules.bucket_ms)))
    reads = [command for key in (keys.latest, keys.pin, *names) for command in string(key)]
    index_reads = [("TYPE", keys.index), ("PTTL", keys.index), ("ZCARD", keys.index)]
    opening = [("UNWATCH",), ("WATCH", keys.latest, keys.index, keys.pin, *names), ("TIME",), *index_reads, *reads]
    answers = iter((yield opening))
    hard(next(answers), keys), hard(next(answers), keys)
    server_ms = ms(hard(next(answers), keys))
    index = Held(text(hard(next(answers), keys)), hard(next(answers), keys))
    size = lenient(next(answers), keys) or 0
    latest, pin = held_string(answers, keys), held_string(answers, keys)
    claims = {name: held_string(answers, keys) for name in names}
    facts = _Facts(keys, suspects, latest, claims, rules.bucket_ms, indexed=index.type == "zset", size=size, pin=pin)
    while commands := facts.next_reads():
        *replies, now = yield [*commands, ("TIME",)]
        facts.take(replies, ms(hard(now, keys)) - server_ms)
    return facts.examined(server_ms, index)


class _Facts:
    """What a look has read so far, and what it needs to read next."""

    def __init__(
        self, keys: RegionKeys, suspects: Suspects, latest: Held, claims: dict[str, Held], bucket_ms: int,
        *, indexed: bool, size: int, pin: Held,
    ) -> None:  # fmt: skip
        self.keys, self.suspects, self.latest, self.claims = keys, suspects, latest, claims
        self.bucket_ms, self.indexed, self.size = bucket_ms, indexed, size
        self.claims_read: set[int] = set()
        self.claims_there: set[str] = set()
        self.walked: list[str] = []
        self.pin = pin
        self.judged = set(suspects.ids) | {held.value for held in (latest, pin) if held.type == "string"}
        self.named = {held.value for held in claims.values() if held.type == "string"}
        self.payloads: dict[str, Held] = {}
        self.scores: dict[str, float | None] = {}
        self.views: dict[int, Held] = {}
        self.whole_views: set[int] = set()
        self.steps: list[Step] = []
        self.passed_ms = 0

    def next_reads(self) -> list[Command]:
        """The commands that are still to be sent; none when everything that matters has been read."""
        times = {time_of(name) for name in self.judged} | {self._instant(name) for name in self.judged}
        instants = {time for time in times if time is not None}
        self.steps = [
            *map(self._payload, sorted((self.judged | self.named) - self.payloads.keys())),
            *map(self._view, sorted((instants | self.suspects.views) - self.views.keys())),
            *map(self._whole_view, sorted(self._unexplained_views() - self.whole_views)),
            *map(self._claims_of, sorted(instants - self.claims_read)),
            *map(self._claim, sorted(self.claims_there - self.claims.keys())),
            *self._walk(),
        ]
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
            self.scores[name] = float(rest[0]) if rest and rest[0] is not None else None

        return [("WATCH", key), ("TYPE", key), ("PTTL", key), ("GET", key), *score], note

    def _view(self, instant: int) -> Step:
        key = self.keys.view(instant)
        neighbours = [("ZRANGEBYSCORE", self.keys.index, instant, instant)] if self.indexed else []

        def note(replies: list[Reply]) -> None:
            self.views[instant] = held = self._at_first(held_string(iter(replies[1:4]), self.keys))
            self.judged.update(text(member) for reply in replies[4:] for member in hard(reply, self.keys))
            named = time_of(held.value) if held.usable else None
            if named is not None and 0 <= instant - named <= UNSEALED_LEAD_MS:
                (self.judged if instant in self.suspects.views else self.named).add(held.value)

        return [("WATCH", key), *string(key), *neighbours], note

    def _whole_view(self, instant: int) -> Step:
        """Read a view that holds more than an id, at an instant of which no snapshot is stored: is it one itself?"""
        key = self.keys.view(instant)

        def note(replies: list[Reply]) -> None:
            self.whole_views.add(instant)
            raw = lenient(replies[0], self.keys)
            found = payload(raw, None, self.keys)
            if found.instant == instant:
                self.views[instant] = replace(self.views[instant], instant=instant, sealed=found.sealed)

        return [("GET", key)], note

    def _unexplained_views(self) -> set[int]:
        known = {held.instant for held in self.payloads.values()}
        return {
            instant
            for instant, held in self.views.items()
            if held.usable and held.value.startswith("{") and instant not in known
        }

    def _claims_of(self, instant: int) -> Step:
        """Which claims of this instant's bucket are there: if its snapshot goes, they have to go with it."""
        bucket = instant // self.bucket_ms
        names = [self.keys.claim(reason, bucket) for reason in TRIGGER_REASONS]

        def note(replies: list[Reply]) -> None:
            values = hard(replies[1], self.keys)
            self.claims_read.add(instant)
            self.claims_there.update(name for name, value in zip(names, values, strict=True) if value is not None)

        return [("WATCH", *names), ("MGET", *names)], note

    def _claim(self, name: str) -> Step:
        def note(replies: list[Reply]) -> None:
            self.claims[name] = held = held_string(iter(replies), self.keys)
            if held.type == "string":
                self.named.add(held.value)

        return string(name), note

    def _walk(self) -> list[Step]:
        """More entries from the top of the index: until one of them is sound, the head is not known."""
        first = len(self.walked)
        unread = any(name not in self.payloads for name in self.walked)
        if not self.indexed or first >= self.size or unread or any(map(self._sound, self.walked)):
            return []
        last = first + max(1, min(first, BATCH)) - 1

        def note(replies: list[Reply]) -> None:
            members = [text(member) for member in hard(replies[0], self.keys)]
            self.walked += members
            self.judged.update(members)
            self.size = self.size if members else 0

        return [([("ZREVRANGE", self.keys.index, first, last)], note)]

    def _at_first(self, held: Held) -> Held:
        """What a key held, its expiry counted from when the look began: a slow link makes no expiry early."""
        left_ms = held.expires_in_ms
        return replace(held, expires_in_ms=left_ms + self.passed_ms) if left_ms >= 0 else held

    def _sound(self, name: str) -> bool:
        held = self.payloads[name]
        return held.instant is not None and self.scores[name] == held.instant

    def _instant(self, name: str) -> int | None:
        held = self.payloads.get(name)
        return None if held is None else held.instant

    def examined(self, server_ms: int, index: Held) -> Examined:
        return Examined(
            self.keys, server_ms, self.latest, index, frozenset(self.judged), self.scores, self.payloads,
            self.views, {name: held for name, held in self.claims.items() if held.there}, pin=self.pin,
        )  # fmt: skip
