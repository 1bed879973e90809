"""*Commit*: everything that makes one snapshot visible, in one ``MULTI``/``EXEC``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from redis.exceptions import NoPermissionError, ResponseError

from regional_snapshots.model.news import NO_NEWS, News
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.errors import RECONCILE, PartialCommitError
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.batch import Asked, Batch, Transaction
from regional_snapshots.store.link.refusals import refusal, words_of
from regional_snapshots.store.link.server import Server
from regional_snapshots.store.protocol.beside import ALERT_LIFE_S, HISTORY_KEPT, alerts_of, history_entry, noted
from regional_snapshots.store.protocol.decide import Writes
from regional_snapshots.store.protocol.look import Looked
from regional_snapshots.store.protocol.policy import Policy
from regional_snapshots.store.protocol.quiet import Settled
from regional_snapshots.store.tiers.thinning import thin

EVENTS_KEPT, REGIMES_KEPT = 10_000, 1_000
"""Entries that the streams of a region hold, about."""


class Conflict(Exception):
    """Someone changed what was watched."""


class Publication:
    """The commands of *commit*, sent in one write: all or none of them take effect."""

    def __init__(
        self,
        keys: RegionKeys,
        claim: str,
        snapshot: Snapshot,
        writes: Writes,
        seen: Looked,
        policy: Policy,
        server: Server,
        news: News = NO_NEWS,
        terms: str = "",
    ) -> None:
        self.batch, self._snapshot = Batch(), snapshot
        expires_ms = snapshot.generated_at + policy.retention_ms
        horizon_ms = seen.server_ms - policy.retention_ms
        with self.batch.transaction() as inside:
            self._inside = inside
            inside.ask("SET", claim, snapshot.id, "PX", policy.bucket_ms)
            set_until(inside, keys.payload(snapshot.id), snapshot.payload, expires_ms, server)
            set_until(inside, keys.view(snapshot.generated_at), snapshot.id, expires_ms, server)
            if not (writes.late or writes.pinned):
                set_until(inside, keys.latest, snapshot.id, expires_ms, server)
            inside.ask("ZADD", keys.index, snapshot.generated_at, snapshot.id)
            inside.ask("ZREMRANGEBYSCORE", keys.index, "-inf", f"({horizon_ms}")
            if keys.layout.index_expires:
                inside.ask("PEXPIREAT", keys.index, writes.index_expires_ms)
            else:
                inside.ask("PERSIST", keys.index)
            inside.ask("DEL", keys.live)
            if terms:
                inside.ask("SET", keys.terms, terms)
            if policy.tiers:
                thin(inside, keys, snapshot, writes.thinned, horizon_ms, writes.index_expires_ms)
            _tell(inside, keys, writes.told)
            if writes.told.row:
                _add_row(inside, keys, writes.told.row, seen, policy)
            if writes.tells_others:
                _tell_others(inside, keys, snapshot, news, seen)

    @property
    def applied(self) -> bool:
        """Whether all of it took effect."""
        return self.batch.clean and self._inside.executed.reply is not None

    def check(self) -> None:
        """Nothing when all was applied. Raises :class:`Conflict`, or the :class:`StoreError` that fits."""
        if self.applied:
            return
        inside, region = self._inside, self._snapshot.region
        alone = inside.opened.refused  # then nothing was queued: each command took effect, or not, by itself
        if not alone:
            if inside.executed.reply is None:
                raise Conflict
            for asked in inside.commands:
                if isinstance(asked.queued, ResponseError):
                    raise refusal(asked.queued, region=region, key=asked.key) from asked.queued
            if inside.executed.refused:
                raise refusal(inside.executed.reply, region=region) from inside.executed.reply
        refused = [asked for asked in inside.commands if asked.refused]
        if len(refused) == len(inside.commands):
            raise refusal(refused[0].reply, region=region, key=refused[0].key) from refused[0].reply
        if refused or alone:
            raise self._partial([inside.opened, *refused] if alone else refused)

    def _partial(self, refused: Sequence[Asked]) -> PartialCommitError:
        """Some of it took effect. Whom to blame is what the server said."""
        named = "; ".join(f"{asked.command[0]} {asked.key} ({words_of(asked.reply)})" for asked in refused)
        denied = any(isinstance(asked.reply, NoPermissionError) for asked in refused)
        step = "" if denied else f"put right what the server refused, then {RECONCILE}"
        problem = f"{self._snapshot.id} is stored in part, refused: {named}"
        return PartialCommitError(problem, region=self._snapshot.region, next_step=step)


def set_until(inside: Transaction, key: str, value: str | bytes, expires_ms: int, server: Server) -> None:
    """``SET`` with the instant of its expiry, in two commands where the server knows no other way."""
    if server.sets_instants:
        inside.ask("SET", key, value, "PXAT", expires_ms)
    else:
        inside.ask("SET", key, value)
        inside.ask("PEXPIREAT", key, expires_ms)


def _tell(inside: Transaction, keys: RegionKeys, told: Settled) -> None:
    """The news: events, the change of regime, and what is quiet from now on."""
    for event in told.events:
        _append(inside, keys.events, EVENTS_KEPT, event.fields())
    if told.shift:
        _append(inside, keys.regimes, REGIMES_KEPT, told.shift.fields())
    if told.hushed:
        entries = {key: quiet.encode() for key, quiet in told.hushed.items()}
        inside.ask("HSET", keys.quiet, *chain.from_iterable(entries.items()))
    if told.lifted:
        inside.ask("HDEL", keys.quiet, *told.lifted)


def _add_row(inside: Transaction, keys: RegionKeys, row: SeriesRow, seen: Looked, policy: Policy) -> None:
    """The row of these six hours, in the place of the one before. The first one lets go what is too old."""
    newest = seen.newest_row
    if newest is not None and newest >= row.bucket:
        inside.ask("ZREMRANGEBYSCORE", keys.series, row.bucket, "+inf")  # later ones are from when a clock was ahead
    inside.ask("ZADD", keys.series, row.bucket, row.encode())
    if newest is not None and newest < row.bucket:
        inside.ask("ZREMRANGEBYSCORE", keys.series, "-inf", f"({seen.server_ms - policy.series_ms}")
    inside.ask("PEXPIREAT", keys.series, row.bucket + policy.series_ms)  # a set that was empty for a moment has lost it


def _tell_others(inside: Transaction, keys: RegionKeys, snapshot: Snapshot, news: News, seen: Looked) -> None:
    """For the programs that share the layout: their list of regimes, and the alerts that nobody has queued yet."""
    entry = history_entry(news, snapshot) if keys.layout.history else ""
    if entry:
        inside.ask("LPUSH", keys.history, entry)
        inside.ask("LTRIM", keys.history, 0, HISTORY_KEPT - 1)
    for alert in alerts_of(news, snapshot) if keys.layout.alerts else ():
        notes = noted(alert, keys)
        if seen.alerted.isdisjoint(notes):
            for note in notes:
                inside.ask("SET", note, "1", "EX", ALERT_LIFE_S)
            inside.ask("LPUSH", keys.layout.alerts, alert.message(snapshot, seen.server_ms))


def _append(inside: Transaction, stream: str, kept: int, fields: Mapping[str, str]) -> None:
    inside.ask("XADD", stream, "MAXLEN", "~", kept, "*", *chain.from_iterable(fields.items()))
