"""A survey of one region: cheap, in pages, and may suspect too much.

What it asks in one exchange is no transaction: a server whose memory is full refuses even reads in one.
It is a generator that yields commands and receives their replies, so that many regions can share every write.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from regional_snapshots.model.snapshot import UNSEALED_LEAD_MS, time_of
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.batch import milliseconds
from regional_snapshots.store.link.connections import Command, Reply
from regional_snapshots.store.reconcile.reading.observation import (
    SHORT,
    Suspects,
    claim_keys,
    hard,
    payload,
    soft,
    text,
)
from regional_snapshots.store.reconcile.reading.state import NO_EXPIRY, OFF_MS, Held, Rules


@dataclass(frozen=True)
class Surveyed:
    """One region as the survey met it."""

    server_ms: int
    latest: str
    head: str
    size: int
    suspects: Suspects
    terms: bytes | None = None
    """On what its writers agree, as it is stored."""


def survey(keys: RegionKeys, rules: Rules, page: int, *, deep: bool) -> Generator[list[Command], list[Reply], Surveyed]:
    """Read one region in pages, ``page`` index entries an exchange. ``deep`` reads and verifies every payload.

    Raises :class:`StoreError` when the server refuses to read this region.
    """
    found = Suspects()
    opening: list[Command] = [
        ("UNWATCH",),
        ("TIME",),
        ("GETRANGE", keys.latest, 0, SHORT),
        ("EXISTS", keys.pin),
        ("PTTL", keys.latest),
        ("PTTL", keys.index),
        ("ZCARD", keys.index),
        ("ZREVRANGE", keys.index, 0, page - 1, "WITHSCORES"),
        ("GET", keys.terms),
        *(("TYPE", key) for key in keys.beside),
    ]
    replies = yield opening
    state = [soft(reply, keys, found) for reply in replies[2:]]
    server_ms = milliseconds(hard(replies[1], keys))
    latest, pins, size, rows = text(state[0]), state[1], state[4] or 0, state[5] or []
    head = text(rows[0]) if rows else ""
    types = zip(state[7:], keys.beside.values(), strict=True)
    if latest != head or pins or any(text(kind) not in ("none", expected) for kind, expected in types):
        found.whole = True
    top = _Top(head, state[2], state[3], server_ms)
    names = claim_keys(keys, server_ms, rules.bucket_ms)
    newest = keys.payload(head if time_of(head) is not None else "")
    more: list[Command] = [("MGET", *names), ("EXISTS", *names), ("GET", newest)]
    confirmed = False
    position = page
    while rows or more:
        entries = _sound_entries(rows, server_ms - rules.retention_ms, server_ms + rules.bucket_ms, found)
        following = [("ZREVRANGE", keys.index, position, position + page - 1, "WITHSCORES")] if position < size else []
        answers = iter((yield [*_page(keys, entries, deep=deep), *more, *following]))
        _judge(entries, answers, keys, found, rules, deep=deep)
        if confirmed:
            _judge_claims(more, answers, keys, found)
            more = []
        else:
            more, confirmed = _judge_newest(more, answers, keys, top, found, rules), True
        rows = (soft(next(answers), keys, found) or []) if following else []
        position += page
    return Surveyed(server_ms, latest, head, size, found, state[6])


@dataclass(frozen=True)
class _Top:
    """The newest entry, and in how many ms latest and index expire, as seen at one instant."""

    head: str
    latest_pttl: int | None
    index_pttl: int | None
    server_ms: int


@dataclass(frozen=True)
class _Entry:
    """An index entry that is sound in itself. ``ours``: its score is the time in its id, as in every sealed one."""

    identity: str
    instant: int
    ours: bool


def _sound_entries(rows: list[bytes], horizon_ms: int, future_ms: int, found: Suspects) -> list[_Entry]:
    """The entries worth checking; those that are wrong in themselves, or of the future, are suspects at once."""
    sound = []
    for member, score in zip(rows[::2], rows[1::2], strict=True):
        identity = text(member)
        instant, named = _whole(score), time_of(identity)
        lead_ms = -1 if instant is None or named is None else instant - named
        within = instant is not None and instant <= future_ms and 0 <= lead_ms <= UNSEALED_LEAD_MS
        if instant is None or not within or (lead_ms == 0 and instant <= horizon_ms):
            found.ids.add(identity)
        else:
            sound.append(_Entry(identity, instant, lead_ms == 0))
    return sound


def _whole(score: bytes) -> int | None:
    """A score as an instant; None for what is none."""
    value = float(score)
    return int(value) if abs(value) <= MAX_INSTANT_MS and value.is_integer() else None


def _page(keys: RegionKeys, entries: list[_Entry], *, deep: bool) -> list[Command]:
    if not entries:
        return []
    read = "GET" if deep else "STRLEN"
    commands: list[Command] = [("TIME",)]
    for entry in entries:
        payload_key, view = keys.payload(entry.identity), keys.view(entry.instant)
        commands += [(read, payload_key), ("PTTL", payload_key), ("PTTL", view), ("GETRANGE", view, 0, SHORT)]
    return commands


def _judge(
    entries: list[_Entry], answers: Iterator[Reply], keys: RegionKeys, found: Suspects, rules: Rules, *, deep: bool
) -> None:
    if not entries:
        return
    server_ms = milliseconds(hard(next(answers), keys))
    instants = {entry.identity: entry.instant for entry in entries}
    for entry in entries:
        stored, payload_pttl, view_pttl, view = (soft(next(answers), keys, found) for _ in range(4))
        held = payload(stored, entry.identity, keys) if deep and stored else Held(instant=entry.instant)
        viewed = instants.get(text(view)) == entry.instant
        if entry.ours:
            due_in_ms = entry.instant + rules.retention_ms - server_ms
            fine = viewed and not _early(payload_pttl, due_in_ms) and not _early(view_pttl, due_in_ms)
        else:  # another program's: its view holds the document, and when it expires is its own business
            fine = viewed or (view or b"").startswith(b"{")
        if not stored or held.instant != entry.instant or not fine:
            found.ids.add(entry.identity)


def _early(pttl: int | None, due_in_ms: int) -> bool:
    """Whether a key that is there never expires, or expires too early."""
    return pttl is not None and (pttl == NO_EXPIRY or due_in_ms - pttl > OFF_MS)


def _off(pttl: int | None, due_in_ms: int) -> bool:
    """Whether a key that is there never expires, or expires too early or too late."""
    return _early(pttl, due_in_ms) or (pttl is not None and pttl - due_in_ms > OFF_MS)


def _judge_newest(
    asked: list[Command], answers: Iterator[Reply], keys: RegionKeys, top: _Top, found: Suspects, rules: Rules
) -> list[Command]:
    """Judge the head, and what expires with it; return the commands that confirm the claims that are there."""
    values, there = hard(next(answers), keys), hard(next(answers), keys)
    stored = soft(next(answers), keys, found)
    if top.head:
        _judge_head(payload(stored, top.head, keys), top, keys, found, rules)
    held = {name: text(value) for name, value in zip(asked[0][1:], values, strict=True) if value is not None}
    if there > len(held):
        found.whole = True
    found.claims |= {name for name, owner in held.items() if time_of(owner) is None}
    confirm = [(name, owner) for name, owner in held.items() if name not in found.claims]
    return [command for name, owner in confirm for command in (("PTTL", name), ("STRLEN", keys.payload(owner)))]


def _judge_head(head: Held, top: _Top, keys: RegionKeys, found: Suspects, rules: Rules) -> None:
    if head.instant is None:
        found.ids.add(top.head)
        return
    due_in_ms = head.instant + rules.retention_ms - top.server_ms
    off = head.sealed and _off(top.latest_pttl, due_in_ms)
    if not keys.layout.index_expires:
        off |= top.index_pttl != NO_EXPIRY
    elif head.sealed:
        off |= _off(top.index_pttl, due_in_ms)
    found.whole |= off


def _judge_claims(asked: list[Command], answers: Iterator[Reply], keys: RegionKeys, found: Suspects) -> None:
    for _, name in asked[::2]:
        pttl, size = soft(next(answers), keys, found), soft(next(answers), keys, found)
        if pttl == -1 or not size:
            found.claims.add(name)
