"""*Commit*: everything that makes one snapshot visible, in one ``MULTI``/``EXEC``."""

from __future__ import annotations

from redis.exceptions import ResponseError

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.errors import PartialCommitError
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.connections import Command, Reply, key_of, refusal
from regional_snapshots.store.protocol.decide import Writes
from regional_snapshots.store.protocol.look import Looked
from regional_snapshots.store.protocol.policy import Policy


class Conflict(Exception):
    """Someone changed what was watched."""


def transaction(
    keys: RegionKeys, claim: str, snapshot: Snapshot, writes: Writes, seen: Looked, policy: Policy
) -> list[Command]:
    """The commands of *commit*, sent in one write: all or none of them take effect."""
    expires_ms = snapshot.generated_at + policy.retention_ms
    horizon_ms = seen.server_ms - policy.retention_ms
    latest = [] if writes.late else [("SET", keys.latest, snapshot.id, "PXAT", expires_ms)]
    return [
        ("MULTI",),
        ("SET", claim, snapshot.id, "PX", policy.bucket_ms),
        ("SET", keys.payload(snapshot.id), snapshot.payload, "PXAT", expires_ms),
        ("SET", keys.view(snapshot.generated_at), snapshot.id, "PXAT", expires_ms),
        *latest,
        ("ZADD", keys.index, snapshot.generated_at, snapshot.id),
        ("ZREMRANGEBYSCORE", keys.index, "-inf", f"({horizon_ms}"),
        ("PEXPIREAT", keys.index, writes.index_expires_ms),
        ("DEL", keys.live),
        ("EXEC",),
    ]


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
