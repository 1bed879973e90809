"""What a store has kept of past runs: snapshots, what they were computed from, and the series between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from regional_snapshots.analysis.calibration import Said, said
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.methods import Method
from regional_snapshots.scoring.scored import Previous
from regional_snapshots.store.errors import DamagedInputError, StoreError
from regional_snapshots.store.reader import Found
from regional_snapshots.store.records.inputs import Manifest, kept
from regional_snapshots.store.snapshots import SnapshotStore

Name = tuple[str, str]
"""Region and id of a snapshot."""
PAGE = 64
"""Snapshots per exchange: some megabytes at most."""
REMEMBERED = 1024
"""So many documents, and so many snapshots, are remembered."""
UNREADABLE = "it could not be read when the run was computed"


@dataclass(frozen=True)
class Run:
    """A run of the past: its instant (ms), the digest of its manifest, and the snapshots that are kept of it."""

    now_ms: int
    inputs: str
    snapshots: tuple[Snapshot, ...]


class Library:
    """Reads the past of a store. What was read last is remembered: neighbouring runs share most of it."""

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store
        self._documents: dict[str, bytes | DamagedInputError] = {}
        self._snapshots: dict[tuple[str, str], Found] = {}
        self._rows: dict[str, Sequence[SeriesRow]] = {}

    def ids(self, regions: Iterable[str], since_ms: int, until_ms: int) -> list[Name]:
        """Region and id of all retained snapshots of the regions, oldest first: those of one run side by side."""
        reader = self._store.reader
        found = {region: self._store.run(reader.ids(region, since_ms, until_ms, -1)) for region in regions}
        names = [(region, identity) for region, ids in found.items() for identity in ids]
        return sorted(names, key=lambda name: (name[1].split("-")[0], name[0]))

    def snapshots(self, names: Sequence[Name]) -> Iterator[Snapshot | StoreError]:
        """The snapshots of these names, in their order; the error in the place of one that cannot be read."""
        for start in range(0, len(names), PAGE):
            yield from self._store.run(self._store.reader.several(names[start : start + PAGE]))

    def manifest(self, digest: str) -> Manifest:
        """The manifest of a run. Raises :class:`StoreError`, a :class:`DamagedInputError` for one gone or changed."""
        [encoded] = self._kept([digest])
        if isinstance(encoded, DamagedInputError):
            raise encoded
        try:
            return Manifest.decode(encoded)
        except ValueError:
            key = self._store.layout.inputs_key(digest)
            raise DamagedInputError("this kept input is named as a manifest, and is none", key=key) from None

    def feeds(self, manifest: Manifest, inputs: str, method: Method, now_ms: int) -> Feeds:
        """The feeds of a run, from the bytes that were kept. Raises :class:`StoreError`, naming the feed."""
        values: dict[str, bytes] = {}
        for feed, document in zip(manifest.documents, self._kept(manifest.documents.values()), strict=True):
            if isinstance(document, DamagedInputError):
                raise DamagedInputError(f"{document.problem} (it held {feed})", key=document.key)
            values[feed] = document
        return Feeds.from_raw(values, now_ms, energy=method.energy_feed, inputs=inputs)

    def previous(self, manifest: Manifest) -> dict[str, Previous]:
        """The snapshots that the run compared with, by region. Raises :class:`StoreError` for one that is gone."""
        wanted = {region: identity for region, identity in manifest.previous.items() if identity}
        unread = {region: identity for region, identity in wanted.items() if (region, identity) not in self._snapshots}
        if unread:
            found = self._store.get_all(unread)
            self._remember(self._snapshots, {(region, unread[region]): answer for region, answer in found.items()})
        known = dict.fromkeys(manifest.previous, Previous(unreadable=UNREADABLE))
        for region, identity in wanted.items():
            snapshot = self._snapshots[region, identity]
            if isinstance(snapshot, StoreError):
                raise snapshot
            known[region] = Previous(snapshot.document)
        return known

    def series(self, regions: Iterable[str]) -> Mapping[str, Sequence[SeriesRow]]:
        """All rows that are kept of the regions, oldest first. Raises :class:`StoreError`."""
        unread = [region for region in regions if region not in self._rows]
        for region, rows in self._store.run(self._store.news.rows(unread, 0)).items() if unread else ():
            if isinstance(rows, StoreError):
                raise rows
            self._rows[region] = rows
        return self._rows

    def _kept(self, digests: Iterable[str]) -> list[bytes | DamagedInputError]:
        wanted = list(digests)
        unread = [digest for digest in wanted if digest not in self._documents]
        if unread:
            work = kept(self._store.connections, self._store.layout, unread)
            self._remember(self._documents, self._store.run(work))
        return [self._documents[digest] for digest in wanted]

    def _remember(self, memory: dict[Any, Any], found: Mapping[Any, Any]) -> None:
        """Add what was found; forget what was read first when there is too much."""
        memory.update(found)
        for oldest in list(memory)[: max(0, len(memory) - REMEMBERED)]:
            if oldest not in found:
                del memory[oldest]


def runs_of(found: Iterable[Snapshot | StoreError]) -> Iterator[Run | StoreError]:
    """The runs that made the snapshots, which come oldest first; the error in the place of what could not be read."""
    for key, group in groupby(found, key=_run_key):
        if key is None:
            yield from (entry for entry in group if isinstance(entry, StoreError))
        else:
            yield Run(*key, tuple(entry for entry in group if isinstance(entry, Snapshot)))


def _run_key(found: Snapshot | StoreError) -> tuple[int, str] | None:
    return None if isinstance(found, StoreError) else (found.generated_at, inputs_of(found))


def inputs_of(snapshot: Snapshot) -> str:
    """The digest of the manifest that a snapshot names; "" for none."""
    found: Any = snapshot.document["meta"].get("inputs")
    return found if isinstance(found, str) else ""


def said_by(
    library: Library, names: Sequence[Name], method: str, done: Callable[[int], None] = lambda count: None
) -> list[list[Said]]:
    """What the snapshots of one method said, a history a region, oldest first. Others are passed over."""
    histories: dict[str, list[Said]] = {}
    for found in library.snapshots(names):
        done(1)
        if isinstance(found, Snapshot) and found.document["meta"].get("method") == method:
            with suppress(KeyError, TypeError):  # a document of another shape says nothing
                histories.setdefault(found.region, []).append(said(found.document))
    return list(histories.values())
