"""*Look*: watch what decides, and read it, in one write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regional_snapshots.model.news import NO_NEWS, News
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.store.errors import WrongTypeError
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.batch import Asked, Batch, Reply, milliseconds, pairs, text
from regional_snapshots.store.link.server import Server
from regional_snapshots.store.protocol.beside import alerts_of, noted
from regional_snapshots.store.protocol.quiet import Quiet
from regional_snapshots.store.tiers.thinning import ask_for_spare, spare_of
from regional_snapshots.store.tiers.tiers import NO_TIERS, Tiers

LAST_ID = f"{2**64 - 1}-{2**64 - 1}"
BY_HAND = "rename that key by hand: it is the queue of the relay; or set REGIONAL_SNAPSHOTS_WM_ALERTS=0"


@dataclass(frozen=True)
class Looked:
    """One region as *look* found it: the state that decides, all of it watched or ours alone.

    ``ghosts`` are ids that own the bucket by name only: they are not stored. It is looked for when it matters.
    """

    claim: str | None
    latest: str | None
    head: tuple[int, str] | None
    indexed: bool
    view: str | None
    payload_bytes: int
    server_ms: int
    news_of: frozenset[str] = frozenset()
    """Ids of the snapshots of which the newest entries of the streams tell."""
    newest_row: int | None = None
    """The start (ms) of the six hours that have the newest row of the series."""
    quiet: Mapping[str, Quiet | None] = field(default_factory=dict)
    alerted: frozenset[str] = frozenset()
    """Keys of the alerts that were queued already."""
    ghosts: frozenset[str] = frozenset()
    pin: str | None = None
    """The id at which latest is held."""
    terms: str | None = None
    """On what the region's writers agree, as it is stored."""
    spare: tuple[str, ...] = ()
    """Ids that the tiers of the retention may drop, as far as they may be due."""


class Look:
    """The reads of *look* for one snapshot. A key of the wrong type answers its read with an error.

    Every key that the commit may write is read, so that nothing within its transaction can be refused. ``server`` is
    what is known of the server; None asks it.
    """

    def __init__(
        self, keys: RegionKeys, claim: str, snapshot: Snapshot, news: News = NO_NEWS, *, server: Server | None = None,
        tiers: Tiers = NO_TIERS,
    ) -> None:  # fmt: skip
        self.batch = batch = Batch()
        self._region, self._known, self._alerts = keys.region, server, keys.layout.alerts
        batch.ask("UNWATCH")
        alerted = _alerted(keys, snapshot, news)
        beside = [keys.terms, *([keys.spare] if tiers else ()), *alerted]
        batch.ask("WATCH", claim, keys.latest, keys.index, keys.pin, *beside)
        self._claim = batch.ask("GET", claim)
        self._latest = batch.ask("GET", keys.latest)
        self._head = batch.ask("ZREVRANGE", keys.index, 0, 0, "WITHSCORES")
        self._pin = batch.ask("GET", keys.pin)
        self._terms = batch.ask("GET", keys.terms)
        self._score = batch.ask("ZSCORE", keys.index, snapshot.id)
        self._view = batch.ask("GET", keys.view(snapshot.generated_at))
        self._payload_bytes = batch.ask("STRLEN", keys.payload(snapshot.id))
        self._time = batch.ask("TIME")
        self._spare = ask_for_spare(batch, keys, tiers, snapshot.generated_at) if tiers else []
        self._news = _NewsLook(batch, keys, news, alerted)
        self._server = None if server else batch.ask("INFO", "server", optional=True)

    def server(self) -> Server:
        """What is known of the server now. Raises :class:`ConfigurationError` for one that cannot be used."""
        return self._known or Server.of(self._server.reply if self._server else None)

    def seen(self) -> Looked:
        """The replies as a state. Raises :class:`StoreError` for the first error reply."""
        self._check()
        head = self._head.value
        return Looked(
            claim=_text(self._claim.value),
            latest=_text(self._latest.value),
            head=(_instant(head[1]), text(head[0])) if head else None,
            indexed=self._score.value is not None,
            view=_text(self._view.value),
            payload_bytes=self._payload_bytes.value,
            server_ms=milliseconds(self._time.value),
            news_of=self._news.told(),
            newest_row=self._news.newest_row(),
            quiet=self._news.quiet(),
            alerted=self._news.alerted(),
            pin=_text(self._pin.value),
            terms=_text(self._terms.value),
            spare=spare_of(self._spare),
        )

    def _check(self) -> None:
        """Raises the :class:`StoreError` of the first error reply. The relay's queue is moved by no reconciliation."""
        try:
            self.batch.check(self._region)
        except WrongTypeError as error:
            step = BY_HAND if error.key == self._alerts else ""
            raise WrongTypeError(error.problem, region=self._region, key=error.key, next_step=step) from None
        if full := self._news.full():
            problem = "the stream takes no more entries: somebody has given one the last id there is"
            raise WrongTypeError(problem, region=self._region, key=full, next_step="rename that key by hand")


class _NewsLook:
    """What is read for the sake of the news, where this snapshot has any."""

    def __init__(self, batch: Batch, keys: RegionKeys, news: News, alerted: list[str]) -> None:
        self._streams: list[Asked] = []
        if news.events:
            self._streams.append(batch.ask("XREVRANGE", keys.events, "+", "-", "COUNT", 1))
        if news.shift:
            self._streams.append(batch.ask("XREVRANGE", keys.regimes, "+", "-", "COUNT", 1))
        self._row = batch.ask("ZREVRANGE", keys.series, 0, 0, "WITHSCORES") if news.row else None
        self._quiet = None if news == NO_NEWS else batch.ask("HGETALL", keys.quiet)
        if keys.layout.history and news.shift:
            batch.ask("LLEN", keys.history)
        self._keys, self._notes = alerted, None
        if alerted:
            batch.ask("LLEN", keys.layout.alerts)
            self._notes = batch.ask("MGET", *alerted)

    def full(self) -> str:
        """A stream that refuses every entry more, within a transaction too; "" where there is none."""
        return next((it.key for it in self._streams for identity, _ in it.value if text(identity) == LAST_ID), "")

    def told(self) -> frozenset[str]:
        """Ids of the snapshots of which the newest entries of the streams tell."""
        return frozenset(_snapshot_id(fields) for asked in self._streams for _, fields in asked.value)

    def newest_row(self) -> int | None:
        """The start (ms) of the six hours that have the newest row of the series."""
        found = self._row.value if self._row else None
        return _instant(found[1]) if found else None

    def quiet(self) -> dict[str, Quiet | None]:
        """The events that are in their cool-down."""
        held = pairs(self._quiet.value) if self._quiet else {}
        return {text(name): Quiet.decode(value) for name, value in held.items()}

    def alerted(self) -> frozenset[str]:
        """Keys of the alerts that were queued already."""
        notes = self._notes.value if self._notes else []
        return frozenset(key for key, note in zip(self._keys, notes, strict=True) if note is not None)


def _alerted(keys: RegionKeys, snapshot: Snapshot, news: News) -> list[str]:
    """The keys that say which of the snapshot's alerts were queued already; nobody may write them meanwhile."""
    if not keys.layout.alerts:
        return []
    return [key for alert in alerts_of(news, snapshot) for key in noted(alert, keys)]


class LookForOwner:
    """A second look, under the same watch: is the snapshot that owns the bucket stored at all?"""

    def __init__(self, keys: RegionKeys, owner: str) -> None:
        self.batch = Batch()
        self._region = keys.region
        self._there = self.batch.ask("EXISTS", keys.payload(owner))

    def stored(self) -> bool:
        """Whether it is. Raises :class:`StoreError` for an error reply."""
        self.batch.check(self._region)
        return bool(self._there.value)


def _instant(score: bytes) -> int:
    """A score as an instant; what somebody else has entered may be infinite, or too great for an expiry."""
    return int(min(max(float(score), 0.0), MAX_INSTANT_MS))


def _snapshot_id(fields: Reply) -> str:
    """Which snapshot an entry of a stream tells of: a shift says it, and an event's id begins with it."""
    members = pairs(fields)
    return text(members.get(b"snapshot_id") or members.get(b"event_id", b"").partition(b":")[0])


def _text(value: bytes | None) -> str | None:
    return None if value is None else text(value)
