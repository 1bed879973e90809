"""*Commit*: everything that makes one snapshot visible, in one ``MULTI``/``EXEC``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from redis.exceptions import ResponseError

from regional_snapshots.model.news import NO_NEWS, News
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.errors import PartialCommitError
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.connections import Command, Reply, key_of, refusal
from regional_snapshots.store.protocol.beside import ALERT_LIFE_S, HISTORY_KEPT, alerts_of, history_entry, noted
from regional_snapshots.store.protocol.decide import Writes
from regional_snapshots.store.protocol.look import Looked
from regional_snapshots.store.protocol.policy import Policy
from regional_snapshots.store.protocol.quiet import Settled

EVENTS_KEPT, REGIMES_KEPT = 10_000, 1_000
"""Entries that the streams of a region hold, about."""


class Conflict(Exception):
    """Someone changed what was watched."""


def transaction(
    keys: RegionKeys,
    claim: str,
    snapshot: Snapshot,
    writes: Writes,
    seen: Looked,
    policy: Policy,
    news: News = NO_NEWS,
) -> list[Command]:
    """The commands of *commit*, sent in one write: all or none of them take effect."""
    expires_ms = snapshot.generated_at + policy.retention_ms
    horizon_ms = seen.server_ms - policy.retention_ms
    expire = ("PEXPIREAT", keys.index, writes.index_expires_ms)
    latest = [] if writes.late else [("SET", keys.latest, snapshot.id, "PXAT", expires_ms)]
    return [
        ("MULTI",),
        ("SET", claim, snapshot.id, "PX", policy.bucket_ms),
        ("SET", keys.payload(snapshot.id), snapshot.payload, "PXAT", expires_ms),
        ("SET", keys.view(snapshot.generated_at), snapshot.id, "PXAT", expires_ms),
        *latest,
        ("ZADD", keys.index, snapshot.generated_at, snapshot.id),
        ("ZREMRANGEBYSCORE", keys.index, "-inf", f"({horizon_ms}"),
        expire if keys.layout.index_expires else ("PERSIST", keys.index),
        ("DEL", keys.live),
        *_telling(keys, writes.told, policy, horizon_ms),
        *(_telling_others(keys, snapshot, news, seen) if writes.tells_others else ()),
        ("EXEC",),
    ]


def _telling(keys: RegionKeys, told: Settled, policy: Policy, horizon_ms: int) -> list[Command]:
    """The news: events, the change of regime, the row of these six hours, and what is quiet from now on."""
    commands: list[Command] = [_append(keys.events, EVENTS_KEPT, event.fields()) for event in told.events]
    if told.shift:
        commands.append(_append(keys.regimes, REGIMES_KEPT, told.shift.fields()))
    if told.row:
        bucket, kept_ms = told.row.bucket, policy.series_ms
        commands += [
            ("ZREMRANGEBYSCORE", keys.series, bucket, bucket),
            ("ZADD", keys.series, bucket, told.row.encode()),
            ("ZREMRANGEBYSCORE", keys.series, "-inf", f"({horizon_ms + policy.retention_ms - kept_ms}"),
            ("PEXPIREAT", keys.series, bucket + kept_ms),
        ]
    if told.hushed:
        entries = {key: quiet.encode() for key, quiet in told.hushed.items()}
        commands.append(("HSET", keys.quiet, *chain.from_iterable(entries.items())))
    if told.lifted:
        commands.append(("HDEL", keys.quiet, *told.lifted))
    return commands


def _telling_others(keys: RegionKeys, snapshot: Snapshot, news: News, seen: Looked) -> list[Command]:
    """For the programs that share the layout: their list of regimes, and the alerts that nobody has queued yet."""
    commands: list[Command] = []
    entry = history_entry(news, snapshot) if keys.layout.history else ""
    if entry:
        commands += [("LPUSH", keys.history, entry), ("LTRIM", keys.history, 0, HISTORY_KEPT - 1)]
    for alert in alerts_of(news, snapshot) if keys.layout.alerts else ():
        notes = noted(alert, keys)
        if seen.alerted.isdisjoint(notes):
            commands += [("SET", note, "1", "EX", ALERT_LIFE_S) for note in notes]
            commands.append(("LPUSH", keys.layout.alerts, alert.message(snapshot, seen.server_ms)))
    return commands


def _append(stream: str, kept: int, fields: Mapping[str, str]) -> Command:
    return ("XADD", stream, "MAXLEN", "~", kept, "*", *chain.from_iterable(fields.items()))


def read_transaction(replies: list[Reply], commands: list[Command], snapshot: Snapshot) -> None:
    """Nothing when all was applied. Raises :class:`Conflict`, or the :class:`StoreError` that fits."""
    opened, *queued, executed = replies
    alone = isinstance(opened, ResponseError)
    if alone:  # without MULTI the server did not queue the commands: each of them took effect, or not, by itself
        executed = queued
    if executed is None:
        raise Conflict
    for reply, command in zip((*queued, executed), commands[1:], strict=True):
        if isinstance(reply, ResponseError) and not alone:
            raise refusal(reply, region=snapshot.region, key=key_of(command)) from reply
    refused = [
        (command, reply)
        for reply, command in zip(executed, commands[1:-1], strict=True)
        if isinstance(reply, ResponseError)
    ]
    if len(refused) == len(executed):
        command, reply = refused[0]
        raise refusal(reply, region=snapshot.region, key=key_of(command)) from reply
    if refused or alone:
        names = [f"{command[0]} {key_of(command)} ({reply})" for command, reply in refused]
        problem = "; ".join([f"MULTI ({opened})"] * alone + names)
        raise PartialCommitError(f"{snapshot.id} is stored in part, refused: {problem}", region=snapshot.region)
