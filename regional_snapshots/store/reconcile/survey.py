"""A survey of one region: cheap, in pages, and may suspect too much.

It is a generator that yields commands and receives their replies, so that many regions can share every write.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.connections import Command, Reply
from regional_snapshots.store.reconcile.observation import (
    SHORT,
    Suspects,
    claim_keys,
    executed,
    hard,
    ms,
    soft,
    text,
    verdict,
)
from regional_snapshots.store.reconcile.state import NO_EXPIRY, OFF_MS, Rules, time_of


@dataclass(frozen=True)
class Surveyed:
    """One region as the survey met it."""

    server_ms: int
    latest: str
    head: str
    size: int
    suspects: Suspects


def survey(keys: RegionKeys, rules: Rules, page: int, *, deep: bool) -> Generator[list[Command], list[Reply], Surveyed]:
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
    state = [soft(reply, keys, found) for reply in executed(replies, keys)]
    server_ms = ms(replies[1])
    latest, latest_pttl, index_pttl, size, rows = text(state[0]), state[1], state[2], state[3] or 0, state[4] or []
    head = text(rows[0]) if rows else ""
    due_in_ms = (time_of(head) or 0) + rules.retention_ms - server_ms
    if latest != head or (head and any(_off(pttl, due_in_ms) for pttl in (latest_pttl, index_pttl))):
        found.whole = True
    names = claim_keys(keys, server_ms, rules.bucket_ms)
    newest = keys.payload(head if time_of(head) is not None else "")
    more: list[Command] = [("MGET", *names), ("EXISTS", *names), ("GET", newest)]
    confirmed = False
    position = page
    while rows or more:
        entries = _sound_entries(rows, server_ms - rules.retention_ms, found)
        following = [("ZREVRANGE", keys.index, position, position + page - 1, "WITHSCORES")] if position < size else []
        answers = iter((yield [*_page(keys, entries, deep=deep), *more, *following]))
        _judge(entries, answers, keys, found, rules, deep=deep)
        if confirmed:
            _judge_claims(more, answers, keys, found)
            more = []
        else:
            more, confirmed = _judge_newest(more, answers, keys, head, found), True
        rows = (soft(next(answers), keys, found) or []) if following else []
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
    commands: list[Command] = [("TIME",), ("MGET", *(keys.view(instant) for _, instant in entries))]
    for identity, instant in entries:
        payload = keys.payload(identity)
        commands += [(read, payload), ("PTTL", payload), ("PTTL", keys.view(instant))]
    return commands


def _judge(
    entries: list[tuple[str, int]],
    answers: Iterator[Reply],
    keys: RegionKeys,
    found: Suspects,
    rules: Rules,
    *,
    deep: bool,
) -> None:
    if not entries:
        return
    server_ms = ms(hard(next(answers), keys))
    views = hard(next(answers), keys)
    instants = {identity.encode(): instant for identity, instant in entries}
    for (identity, instant), view in zip(entries, views, strict=True):
        payload, payload_pttl, view_pttl = (soft(next(answers), keys, found) for _ in range(3))
        whole = payload and (not deep or not verdict(payload, identity, keys)[0])
        due_in_ms = instant + rules.retention_ms - server_ms
        early = _early(payload_pttl, due_in_ms) or _early(view_pttl, due_in_ms)
        if not whole or early or instants.get(view) != instant:
            found.ids.add(identity)


def _early(pttl: int | None, due_in_ms: int) -> bool:
    """Whether a key that is there never expires, or expires too early."""
    return pttl is not None and (pttl == NO_EXPIRY or due_in_ms - pttl > OFF_MS)


def _off(pttl: int | None, due_in_ms: int) -> bool:
    """Whether a key that is there never expires, or expires too early or too late."""
    return _early(pttl, due_in_ms) or (pttl is not None and pttl - due_in_ms > OFF_MS)


def _judge_newest(
    asked: list[Command], answers: Iterator[Reply], keys: RegionKeys, head: str, found: Suspects
) -> list[Command]:
    """Judge the head's payload; return the commands that confirm the claims that are there."""
    values, there = hard(next(answers), keys), hard(next(answers), keys)
    payload = soft(next(answers), keys, found)
    if head and (not payload or verdict(payload, head, keys)[0]):
        found.ids.add(head)
    held = {name: text(value) for name, value in zip(asked[0][1:], values, strict=True) if value is not None}
    if there > len(held):
        found.whole = True
    found.claims |= {name for name, owner in held.items() if time_of(owner) is None}
    confirm = [(name, owner) for name, owner in held.items() if name not in found.claims]
    return [command for name, owner in confirm for command in (("PTTL", name), ("STRLEN", keys.payload(owner)))]


def _judge_claims(asked: list[Command], answers: Iterator[Reply], keys: RegionKeys, found: Suspects) -> None:
    for _, name in asked[::2]:
        pttl, size = soft(next(answers), keys, found), soft(next(answers), keys, found)
        if pttl == -1 or not size:
            found.claims.add(name)
