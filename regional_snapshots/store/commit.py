"""The commit protocol: everything that makes one snapshot visible, in one MULTI/EXEC, at most once per bucket.

Two round trips on a warm connection: *look* (watch what decides, read it) and *commit* (the transaction). In between,
*decide* is a pure function. When the link breaks after the transaction may have been sent, the outcome is unknown and
not failed, so *resolve* means: look again. A transaction is never sent again without looking first.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from dataclasses import dataclass, replace
from enum import Enum

from redis.exceptions import ResponseError

from regional_snapshots.model.schema import UNCHANGED
from regional_snapshots.model.snapshot import MAX_INSTANT_MS, Snapshot, instant_of
from regional_snapshots.store.connection import LINK_ERRORS, Command, Connections, Reply, key_of, refusal, texts
from regional_snapshots.store.errors import (
    ClockSkewError,
    ConflictError,
    OutcomeUnknownError,
    OutsideRetentionError,
    PartialCommitError,
    ServerBusyError,
    StoreError,
    UnreachableError,
)
from regional_snapshots.store.keys import TAGGED, KeyLayout, RegionKeys

DAY_MS = 86_400_000
MINUTE_MS = 60_000


class Outcome(str, Enum):
    """What became of a snapshot that did not fail."""

    COMMITTED = "COMMITTED"
    DUPLICATE = "DUPLICATE"
    LATE = "LATE"


@dataclass(frozen=True)
class Policy:
    """How long snapshots are kept, how long one owns its bucket, and how patient a commit is.

    It gives up after so many ``attempts``, or when ``patience_s`` have passed since its first setback: long enough for
    a server to come back from a restart.
    """

    retention_ms: int = 90 * DAY_MS
    bucket_ms: int = 15 * MINUTE_MS
    attempts: int = 60
    patience_s: float = 20.0

    @classmethod
    def of(cls, retention_days: float, bucket_minutes: float) -> Policy:
        """The policy in the units of the settings."""
        return cls(retention_ms=int(retention_days * DAY_MS), bucket_ms=int(bucket_minutes * MINUTE_MS))


@dataclass(frozen=True)
class Commit:
    """The answer to the caller. ``owner`` is the id that owns the bucket: one's own, or the winner's.

    ``bytes`` were written by this very attempt: 0 when it found the snapshot, or another, already there.
    """

    outcome: Outcome
    region: str
    id: str
    owner: str
    attempts: int
    bytes: int


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


@dataclass(frozen=True)
class Writes:
    """The decision to commit: whether latest moves, and when the index expires."""

    late: bool
    index_expires_ms: int


class Conflict(Exception):
    """Someone changed what was watched."""


class InDoubt(Exception):
    """The link broke after the transaction may have been sent. ``aim``: the outcome if it was executed."""

    def __init__(self, aim: Outcome) -> None:
        super().__init__(aim)
        self.aim = aim


class Committer:
    """Commits snapshots over a pool of connections; safe to use for many regions at once."""

    def __init__(self, connections: Connections, layout: KeyLayout = TAGGED, policy: Policy | None = None) -> None:
        self._connections, self._layout = connections, layout
        self._policy = policy or Policy()

    async def commit(self, snapshot: Snapshot, *, force: bool = False) -> Commit:
        """Commit one snapshot: look, decide, commit; look again whenever that did not settle it.

        ``force`` ignores a claim that another snapshot holds. Raises :class:`StoreError`; only
        :class:`OutcomeUnknownError` and :class:`PartialCommitError` leave anything written.
        """
        deadline = math.inf
        in_doubt: InDoubt | None = None
        for attempt in range(1, self._policy.attempts + 1):
            try:
                return resolve(await self._attempt(snapshot, force, attempt), in_doubt)
            except Conflict:
                problem: StoreError = ConflictError(f"{attempt} attempts met other writers", region=snapshot.region)
            except InDoubt as doubt:
                in_doubt, problem = doubt, self._connections.broken(doubt.__cause__, region=snapshot.region)
            except (UnreachableError, ServerBusyError) as error:
                problem = error
            except PartialCommitError:
                raise
            except StoreError as error:
                if not in_doubt:
                    raise
                problem = error
                break
            deadline = min(deadline, time.monotonic() + self._policy.patience_s)
            pause = random.uniform(0, min(0.002 * 2**attempt, 1.0))  # noqa: S311 - jitter, not a secret
            if time.monotonic() + pause > deadline:
                break
            await asyncio.sleep(pause)
        if in_doubt:
            raise OutcomeUnknownError(
                f"{snapshot.id} may have been committed ({problem.problem})", region=snapshot.region
            )
        raise problem

    async def commit_all(self, snapshots: list[Snapshot], *, force: bool = False) -> list[Commit | StoreError]:
        """Commit all snapshots side by side; one that fails is answered with its error and holds up nobody."""

        async def settled(snapshot: Snapshot) -> Commit | StoreError:
            try:
                return await self.commit(snapshot, force=force)
            except StoreError as error:
                return error

        return await asyncio.gather(*map(settled, snapshots))

    async def _attempt(self, snapshot: Snapshot, force: bool, attempt: int) -> Commit:
        keys = RegionKeys(snapshot.region, self._layout)
        claim = keys.claim(snapshot.reason, snapshot.generated_at // self._policy.bucket_ms)
        aim: Outcome | None = None
        try:
            async with self._connections.borrow(self._connections.node_of(keys.index)) as connection:
                replies = await self._connections.exchange(connection, look(keys, claim, snapshot))
                seen = read_look(replies, keys, claim, snapshot)
                decision = decide(seen, snapshot, self._policy, force=force)
                if not isinstance(decision, Writes):
                    outcome, owner = decision
                    return Commit(outcome, snapshot.region, snapshot.id, owner, attempt, 0)
                aim = Outcome.LATE if decision.late else Outcome.COMMITTED
                commands = transaction(keys, claim, snapshot, decision, seen, self._policy)
                replies = await self._connections.exchange(connection, commands)
        except LINK_ERRORS as error:
            if aim:
                raise InDoubt(aim) from error
            raise self._connections.broken(error, region=snapshot.region) from error
        read_transaction(replies, commands, snapshot)
        return Commit(aim, snapshot.region, snapshot.id, snapshot.id, attempt, len(snapshot.payload))


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


def decide(seen: Looked, snapshot: Snapshot, policy: Policy, *, force: bool = False) -> Writes | tuple[Outcome, str]:
    """What to do with a snapshot, given what was seen: write it, or the outcome and the bucket's owner."""
    _check_time(snapshot, seen.server_ms, policy)
    mine = (snapshot.generated_at, snapshot.id)
    if _stored_whole(seen, snapshot):
        return Outcome.COMMITTED, snapshot.id
    if not force and seen.claim not in (None, snapshot.id):
        return Outcome.DUPLICATE, seen.claim
    if not force and snapshot.reason == UNCHANGED and seen.claim is None and _head_in_bucket(seen, snapshot, policy):
        return Outcome.DUPLICATE, seen.head[1]
    newest = mine if seen.head is None else max(mine, seen.head)
    late = newest != mine or _order(seen.latest) > mine  # latest is ahead of the head where the index was lost
    return Writes(late=late, index_expires_ms=newest[0] + policy.retention_ms)


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


def resolve(answer: Commit, in_doubt: InDoubt | None) -> Commit:
    """The answer, knowing of an attempt in doubt: what *look* then finds stored is what that attempt aimed at.

    An aim that has been overtaken since cannot have landed later: its watch would have voided it.
    """
    landed = in_doubt is not None and answer.outcome is Outcome.COMMITTED and not answer.bytes
    return replace(answer, outcome=in_doubt.aim) if landed else answer


def _instant(score: bytes) -> int:
    """A score as an instant; what somebody else has entered may be infinite, or too great for an expiry."""
    return int(min(max(float(score), 0.0), MAX_INSTANT_MS))


def _check_time(snapshot: Snapshot, server_ms: int, policy: Policy) -> None:
    if snapshot.generated_at <= server_ms - policy.retention_ms:
        days = policy.retention_ms / DAY_MS
        raise OutsideRetentionError(
            f"{snapshot.id} is older than the retention of {days:g} days", region=snapshot.region
        )
    ahead_ms = snapshot.generated_at - server_ms
    if ahead_ms > policy.bucket_ms:
        raise ClockSkewError(f"{snapshot.id} is {ahead_ms / 1000:.0f} s ahead of the server", region=snapshot.region)


def _stored_whole(seen: Looked, snapshot: Snapshot) -> bool:
    """Whether an earlier attempt succeeded: everything it writes is there, and latest is not behind it."""
    viewed = _order(seen.view)[0] == snapshot.generated_at  # by its own id or, of two of one instant, by the other's
    stored = seen.indexed and seen.payload_bytes == len(snapshot.payload) and viewed
    return stored and _order(seen.latest) >= (snapshot.generated_at, snapshot.id)


def _order(snapshot_id: str | None) -> tuple[int, str]:
    try:
        return instant_of(snapshot_id or ""), snapshot_id or ""
    except ValueError:
        return -1, ""


def _head_in_bucket(seen: Looked, snapshot: Snapshot, policy: Policy) -> bool:
    """Nothing changed since the head, and the head is of this very bucket: then the head owns the bucket."""
    return seen.head is not None and seen.head[0] // policy.bucket_ms == snapshot.generated_at // policy.bucket_ms
