"""The store as the rest of the project sees it: plain calls over one event loop that keeps its connections warm."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from regional_snapshots.model.events import Event
from regional_snapshots.model.news import NO_NEWS, Delivery, News, RegimeShift
from regional_snapshots.model.series import series_frame
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.store.archive.backup import BackupReport, backup, regions_of, restore
from regional_snapshots.store.commit import Commit, Committer, Policy
from regional_snapshots.store.deliveries import deliveries
from regional_snapshots.store.embedded import embedded_server
from regional_snapshots.store.errors import ConfigurationError, MissingSnapshotError, StoreError
from regional_snapshots.store.keys import LAYOUTS
from regional_snapshots.store.link.connections import TOTAL_S, Connections
from regional_snapshots.store.link.inspection import inspect
from regional_snapshots.store.link.loop import LoopThread
from regional_snapshots.store.protocol.before import Before
from regional_snapshots.store.reader import Found, SnapshotReader, only
from regional_snapshots.store.reconcile.reconciler import Reconciler, ReconcileReport
from regional_snapshots.store.records.feeds import MOST_MB, FeedValues, read_feeds, write_feeds
from regional_snapshots.store.records.follow import Follower, following
from regional_snapshots.store.records.inputs import RunInputs, keep, kept_for
from regional_snapshots.store.records.news import EVERY, NewsReader, Of
from regional_snapshots.store.records.pins import Pins
from regional_snapshots.store.records.reading import Inputs, Links, read_inputs
from regional_snapshots.store.records.summary import SnapshotSet, newest_set, publish_summary

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


class SnapshotStore:
    """Snapshots in one Redis database. Use as a context manager, or call :meth:`close`.

    ``url``: ``redis://``, ``rediss://`` or ``unix://``; ``layout``: a name in ``LAYOUTS``; ``namespace``: a prefix of
    every key, so that several stores share a database; ``feeds_url``: where the feeds are (default: the same server);
    ``method`` and ``regions`` (digest of the table): what its terms say of the writer, if it is known; ``cache``: see
    :class:`SnapshotReader`. Calls may come from any thread. Raises :class:`ConfigurationError`.
    """

    def __init__(
        self,
        url: str,
        *,
        feeds_url: str = "",
        layout: str = "tagged",
        namespace: str = "",
        alerts: bool = True,
        policy: Policy | None = None,
        limit: int = 50,
        timeout_s: float = 5.0,
        total_s: float = TOTAL_S,
        feed_megabytes: float = MOST_MB,
        method: str = "",
        regions: str = "",
        cache: bool = False,
    ) -> None:
        if layout not in LAYOUTS:
            raise ConfigurationError(f"unknown key layout {layout!r}", next_step=f"use one of {', '.join(LAYOUTS)}")
        try:
            named = LAYOUTS[layout] if alerts else LAYOUTS[layout].without_alerts()
            self.layout, self.policy = named.within(namespace), (policy or Policy()).checked(named)
        except ValueError as error:
            raise ConfigurationError(str(error), next_step="correct REGIONAL_SNAPSHOTS_NAMESPACE") from None
        self.feed_megabytes = feed_megabytes

        def connect(to: str, limit: int, name: str) -> Connections:
            patience = self.policy.patience
            return Connections(to, limit=limit, timeout_s=timeout_s, total_s=total_s, patience=patience, name=name)

        self.connections = self.feed_connections = connect(url, limit, "REDIS_URL")
        if feeds_url not in ("", url):
            self.feed_connections = connect(feeds_url, 2, "FEEDS_REDIS_URL")
        self.terms = self.policy.terms(layout, method, regions)
        self.committer = Committer(self.connections, self.layout, self.policy, self.terms)
        self.reader = SnapshotReader(self.connections, self.layout, cache=cache)
        self.news = NewsReader(self.connections, self.layout)
        self.reconciler = Reconciler(self.connections, self.layout, self.policy, self.terms)
        self.pins = Pins(self.connections, self.layout, self.policy, self.terms)
        self._loop = LoopThread(self._forked)
        self._before: Before | None = None

    @property
    def address(self) -> str:
        """Where the snapshots are, without user and password."""
        return self.connections.address

    def commit(self, snapshot: Snapshot, *, news: News = NO_NEWS, force: bool = False) -> Commit:
        """Commit one snapshot with its news. Raises :class:`StoreError`."""
        return self.run(self.committer.commit(snapshot, news=news, force=force))

    def commit_all(
        self, snapshots: Sequence[Snapshot], *, news: Mapping[str, News] | None = None, force: bool = False
    ) -> list[Commit | StoreError]:
        """Commit snapshots side by side, with the news by their ids; an error in the place of what failed.

        Nothing is written before what :meth:`keep_meanwhile` began is done.
        """
        before, self._before = self._before, None
        return self.run(self.committer.commit_all(list(snapshots), news=news, force=force, before=before))

    def keep(self, inputs: RunInputs, now_ms: int, known: Mapping[str, int] | None = None) -> None:
        """Keep what a run at ``now_ms`` was computed from as long as its snapshots; to be called before they are
        committed. ``known``: :attr:`Inputs.kept_for_ms` of the same run. Raises :class:`StoreError`."""
        self.run(self._kept(inputs, now_ms, known))

    def keep_meanwhile(self, inputs: RunInputs, now_ms: int, known: Mapping[str, int] | None = None) -> None:
        """As :meth:`keep`, without waiting for it: the next :meth:`commit_all` looks meanwhile, and then waits."""
        self._before = Before(self._loop.begin(self._kept(inputs, now_ms, known)), "keeping the inputs of the run")

    async def _kept(self, inputs: RunInputs, now_ms: int, known: Mapping[str, int] | None) -> None:
        lasts_ms = max(0, now_ms + self.policy.inputs_ms - time.time_ns() // 1_000_000)
        if known is None:
            known = await kept_for(self.connections, self.layout, inputs.manifest.documents.values())
        await keep(self.connections, self.layout, inputs, lasts_ms, known)

    def latest(self, region: str) -> Snapshot:
        """The region's newest snapshot. Raises :class:`StoreError`."""
        return only(self.latest_all([region]))

    def latest_all(self, regions: Iterable[str]) -> dict[str, Found]:
        """The newest snapshot of each region, or the error in its place."""
        return self.run(self.reader.latest(regions))

    def latest_set(self, regions: Iterable[str] = ()) -> tuple[SnapshotSet, dict[str, Found]]:
        """The newest complete set, and its snapshots (of ``regions``, if any are named). Two round trips.

        Not each region's newest, but those that belong together. Raises :class:`StoreError` when there is no set.
        """

        async def both() -> tuple[SnapshotSet, dict[str, Found]]:
            made = await newest_set(self.connections, self.layout)
            wanted = list(regions) or list(made.snapshots)
            ids = {region: made.snapshots[region] for region in wanted if region in made.snapshots}
            found = await self.reader.get(ids)
            lacking = {region: MissingSnapshotError("it is not in the set", region=region) for region in wanted}
            return made, {region: found.get(region, lacking[region]) for region in wanted}

        return self.run(both())

    def publish_summary(
        self, latest: Mapping[str, Snapshot], regions: Sequence[str], now_ms: int
    ) -> SnapshotSet | None:
        """Publish what is said of all regions together; the set, if these are one. Raises :class:`StoreError`."""
        return self.run(publish_summary(self.connections, self.layout, self.policy, latest, regions, now_ms))

    def get(self, region: str, snapshot_id: str) -> Snapshot:
        """One snapshot by its id. Raises :class:`StoreError`."""
        return only(self.get_all({region: snapshot_id}))

    def get_all(self, ids: Mapping[str, str]) -> dict[str, Found]:
        """The snapshots with the given ids, ``{region: id}``, or the error in its place."""
        return self.run(self.reader.get(ids))

    def as_of(self, region: str, instant_ms: int) -> Snapshot:
        """The region's newest snapshot that is not younger than ``instant_ms``. Raises :class:`StoreError`."""
        return only(self.as_of_all([region], instant_ms))

    def as_of_all(self, regions: Iterable[str], instant_ms: int) -> dict[str, Found]:
        """The newest snapshot of each region as of ``instant_ms``, or the error in its place."""
        return self.run(self.reader.as_of(regions, instant_ms))

    def recent(self, region: str, limit: int) -> list[Snapshot]:
        """The region's newest snapshots that can be read, newest first. Raises :class:`StoreError`."""
        return self.run(self.reader.recent(region, limit))

    def history(self, region: str, since_ms: int = 0, until_ms: int = MAX_INSTANT_MS, limit: int = 100) -> pd.DataFrame:
        """One row a retained snapshot, newest first: see ``HISTORY_COLUMNS``. Raises :class:`StoreError`."""
        return self.run(self.reader.history(region, since_ms, until_ms, limit))

    def history_all(
        self, regions: Iterable[str], since_ms: int = 0, until_ms: int = MAX_INSTANT_MS, limit: int = 100
    ) -> dict[str, pd.DataFrame | StoreError]:
        """The history of each region, or the error in its place."""
        return self.run(self.reader.history_all(regions, since_ms, until_ms, limit))

    def events(self, regions: Iterable[str], since_ms: int = 0, severity: str = EVERY, limit: int = 1000) -> Of[Event]:
        """Events by region, oldest first, or the error in its place; see :meth:`NewsReader.events`."""
        return self.run(self.news.events(regions, since_ms, severity, limit))

    def regimes(self, regions: Iterable[str]) -> Of[RegimeShift]:
        """The changes of regime by region, oldest first, or the error in its place."""
        return self.run(self.news.regimes(regions))

    def series(self, regions: Iterable[str], since_ms: int = 0) -> dict[str, pd.DataFrame | StoreError]:
        """The series of each region as a DataFrame (see ``SERIES_COLUMNS``), oldest row first. One round trip."""
        found = self.run(self.news.rows(regions, since_ms))
        return {region: rows if isinstance(rows, StoreError) else series_frame(rows) for region, rows in found.items()}

    def deliveries(self, limit: int, since_ms: int = 0) -> list[Delivery]:
        """Who was told what, oldest first. Raises :class:`StoreError`."""
        return self.run(deliveries(self.connections, self.layout, limit, since_ms))

    def follow(
        self,
        regions: Iterable[str],
        *,
        severity: str = EVERY,
        since_ms: int | None = None,
        troubled: Callable[[StoreError], None] = lambda error: None,
    ) -> Iterator[Event]:
        """Events as they come, for ever, on a connection of their own; first those stored since ``since_ms``.

        When the server goes away, ``troubled`` hears of it once, and nothing is missed when it is back.
        Raises :class:`StoreError` for what waiting does not mend.
        """
        follower = Follower(self.connections.apart(), regions, self.layout)
        try:
            yield from following(follower, self.run, severity, since_ms, troubled)
        finally:
            self.run(follower.connections.close())

    def reconcile(
        self,
        regions: Iterable[str],
        *,
        repair: bool = True,
        deep: bool = False,
        fix_types: bool = False,
        news: bool = False,
    ) -> ReconcileReport:
        """What disagrees in the given regions, repaired if ``repair``; see :meth:`Reconciler.reconcile`."""
        work = self.reconciler.reconcile(regions, repair=repair, deep=deep, fix_types=fix_types, news=news)
        return self.run(work)

    def backup(
        self, regions: Sequence[str], path: Path, progress: Callable[[int], None] = lambda _: None
    ) -> BackupReport:
        """Write all retained snapshots of the regions to a new file. Raises :class:`StoreError`."""
        now_ms = time.time_ns() // 1_000_000
        return self.run(backup(self.connections, self.layout, regions, path, now_ms, progress))

    def restore(
        self, path: Path, *, into_empty: bool = False, progress: Callable[[int], None] = lambda _: None
    ) -> BackupReport:
        """Put the snapshots of a backup into history, then reconcile its regions. Raises :class:`StoreError`."""
        work = restore(
            self.connections, self.layout, self.policy, path, self.terms, into_empty=into_empty, progress=progress
        )
        report = self.run(work)
        judged = self.reconcile(regions_of(path))
        report.problems += [f"{found.region}: {found.kind}: {found.detail}" for found in judged.left]
        report.problems += [str(error) for error in judged.errors.values()]
        return report

    def read_feeds(self, keys: Sequence[str]) -> FeedValues:
        """All feeds at one instant, ``{key: value or None}``. Raises :class:`StoreError`."""
        return self.run(read_feeds(self.feed_connections, keys, self.feed_megabytes))

    def write_feeds(self, documents: Mapping[str, bytes]) -> None:
        """Put feed documents where producers would, ``{key: document}``. Raises :class:`StoreError`."""
        self.run(write_feeds(self.feed_connections, documents))

    def inspect(self) -> list[str]:
        """What an operator should know of the server, in words. Raises :class:`StoreError` when it cannot be used."""
        return self.run(inspect(self.connections, self.layout, self.policy.min_replicas))

    def read_inputs(self, keys: Sequence[str], regions: Iterable[str], rows_since_ms: int | None = None) -> Inputs:
        """What a refresh reads, side by side; see :func:`~regional_snapshots.store.records.reading.read_inputs`."""
        least, megabytes = self.policy.min_replicas, self.feed_megabytes
        links = Links(self.connections, self.feed_connections, self.reader, self.layout, megabytes, least)
        return self.run(read_inputs(links, keys, list(regions), rows_since_ms))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run one of the store's coroutines to its end. When the caller is interrupted, the work is cancelled first."""
        return self._loop.run(work)

    def close(self) -> None:
        """Close all connections and end the loop."""
        self._loop.close(*(connections.close() for connections in {self.connections, self.feed_connections}))

    def _forked(self) -> object:
        self._before = None
        return [connections.abandon() for connections in {self.connections, self.feed_connections}]

    def __enter__(self) -> SnapshotStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str, *, home: Path, **options: Any) -> SnapshotStore:
    """The store at ``url``; when that is empty, on the embedded server of ``home``. Raises :class:`StoreError`.

    ``options`` are those of :class:`SnapshotStore`.
    """
    return SnapshotStore(url or embedded_server(home).ensure(), **options)
