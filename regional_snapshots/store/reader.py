"""Reading: the latest snapshot, one by id, the one as of an instant, and history, for one region or many.

Every method takes a bounded number of round trips whatever the number of regions, and never returns a snapshot that
says it is sealed and does not verify; what another program wrote is returned as unsealed. Where a region's snapshot
cannot be had, its place holds the error, so that nobody waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import DamagedSnapshotError, Snapshot, instant_of
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.store.errors import DamagedError, DanglingPointerError, MissingSnapshotError, StoreError
from regional_snapshots.store.keys import TAGGED, KeyLayout, RegionKeys
from regional_snapshots.store.link.batch import Asked, Batch, text
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.link.refusals import refusal
from regional_snapshots.store.records.history import history_frame
from regional_snapshots.store.records.news import Of, ask_for_rows, read_all, row_of_member

if TYPE_CHECKING:
    import pandas as pd

Found = Snapshot | StoreError
PAGE = 256
"""Payloads per exchange when history is read: a few megabytes at most."""
LISTED = "`regional-snapshots history {}` lists what is kept"
SHOWN = 40
"""Characters of a wrong id that a message shows."""


class SnapshotReader:
    """Reads snapshots over a pool of connections.

    With ``cache``, the latest of each region that was read last is kept in memory, for as long as the pointer names it:
    an id proves its content, so what is answered is never older than the pointer.
    """

    def __init__(self, connections: Connections, layout: KeyLayout = TAGGED, *, cache: bool = False) -> None:
        self._connections, self._layout = connections, layout
        self._kept: dict[str, Snapshot] | None = {} if cache else None

    async def latest(self, regions: Iterable[str]) -> dict[str, Found]:
        """The newest snapshot of each region, or the one at which it is pinned. Two round trips; one, if all are in
        the cache."""
        batch = Batch()
        pointers = {region: batch.ask("GET", self._keys(region).latest) for region in regions}
        await self._connections.read(batch)
        names = {region: _pointer(found, region) for region, found in pointers.items()}
        kept = self._kept or {}
        known = {
            region: kept[region].anew() for region, name in names.items() if region in kept and kept[region].id == name
        }
        read = await self._payloads({region: name for region, name in names.items() if region not in known})
        if self._kept is not None:
            self._kept |= {
                region: found for region, found in read.items() if isinstance(found, Snapshot) and found.sealed
            }
        return {region: known.get(region) or read[region] for region in names}

    async def newest_with_rows(
        self, regions: Iterable[str], since_ms: int | None
    ) -> tuple[dict[str, Found], Of[SeriesRow]]:
        """The newest snapshot of each region, wherever it is pinned, and its rows of the series from ``since_ms`` on
        (None: no rows), oldest first, read with the pointers. Two round trips."""
        batch = Batch()
        keys = [self._keys(region) for region in dict.fromkeys(regions)]
        pointers = {each.region: (batch.ask("GET", each.latest), batch.ask("GET", each.pin)) for each in keys}
        heads = {each.region: batch.ask("ZREVRANGE", each.index, 0, 0) for each in keys}
        asked = {} if since_ms is None else {each.region: ask_for_rows(batch, each, since_ms) for each in keys}
        await self._connections.read(batch)
        rows = {region: read_all(found, row_of_member, region) for region, found in asked.items()}
        names = {
            region: _pointer(latest, region) if pin.reply is None else _pointer(heads[region], region, first_of=True)
            for region, (latest, pin) in pointers.items()
        }
        return await self._payloads(names), rows

    async def as_of(self, regions: Iterable[str], instant_ms: int) -> dict[str, Found]:
        """The newest snapshot of each region that is not younger than ``instant_ms``. Two round trips.

        Two more for regions of which a commit has dropped this very snapshot in between.
        """
        named = await self._newest(regions, instant_ms)
        found = await self._payloads(named)
        lost = [region for region, one in found.items() if isinstance(one, DanglingPointerError)]
        again = await self._newest(lost, instant_ms) if lost else {}
        dropped = {region: name for region, name in again.items() if name != named[region]}
        return {**found, **(await self._payloads(dropped) if dropped else {})}

    async def _newest(self, regions: Iterable[str], instant_ms: int) -> dict[str, str | StoreError]:
        batch = Batch()
        newest = {
            region: batch.ask("ZREVRANGEBYSCORE", self._keys(region).index, instant_ms, "-inf", "LIMIT", 0, 1)
            for region in regions
        }
        await self._connections.read(batch)
        return {region: _pointer(asked, region, first_of=True) for region, asked in newest.items()}

    async def get(self, ids: Mapping[str, str]) -> dict[str, Found]:
        """The snapshots with the given ids, ``{region: id}``. One round trip."""
        return await self._payloads(ids, asked_for=True)

    async def several(self, names: Sequence[tuple[str, str]]) -> list[Found]:
        """The snapshots of the given ``(region, id)``, in their order, however many of one region. One round trip."""
        batch = Batch()
        asked = [(self._payload(batch, region, identity), region, identity) for region, identity in names]
        await self._connections.read(batch)
        return [_open(*each) for each in asked]

    async def ids(self, region: str, since_ms: int, until_ms: int, limit: int) -> list[str]:
        """Retained ids of one region from ``since_ms`` to ``until_ms``, newest first. One round trip."""
        batch = Batch()
        index = self._keys(region).index
        found = batch.ask("ZREVRANGEBYSCORE", index, until_ms, since_ms, "LIMIT", 0, limit)
        await self._connections.read(batch)
        batch.check(region)
        return [text(identity) for identity in found.value]

    async def each(self, region: str, since_ms: int, until_ms: int, limit: int) -> AsyncIterator[tuple[str, Found]]:
        """Retained snapshots by id, newest first, or the error in the place of one that cannot be read."""
        ids = await self.ids(region, since_ms, until_ms, limit)
        for start in range(0, len(ids), PAGE):
            batch = Batch()
            page = [(identity, self._payload(batch, region, identity)) for identity in ids[start : start + PAGE]]
            await self._connections.read(batch)
            absent = [identity for identity, asked in page if not asked.refused and asked.value is None]
            dropped = await self._dropped(region, absent)
            for identity, asked in page:
                if identity not in dropped:
                    yield identity, _open(asked, region, identity)

    async def _dropped(self, region: str, absent: Sequence[str]) -> set[str]:
        """Of ids that are not stored, those that a commit has dropped since: the index no longer names them either."""
        batch = Batch()
        scores = {identity: batch.ask("ZSCORE", self._keys(region).index, identity) for identity in absent}
        if absent:
            await self._connections.read(batch)
        return {identity for identity, score in scores.items() if not score.refused and score.value is None}

    async def recent(self, region: str, limit: int) -> list[Snapshot]:
        """The newest snapshots that can be read, newest first. Two round trips."""
        found = [entry async for _, entry in self.each(region, 0, MAX_INSTANT_MS, limit)]
        return [entry for entry in found if isinstance(entry, Snapshot)]

    async def history(self, region: str, since_ms: int, until_ms: int, limit: int) -> pd.DataFrame:
        """One row a snapshot, newest first; see ``HISTORY_COLUMNS``. One round trip, and one per ``PAGE`` rows.

        A snapshot that is named by the index but cannot be read has its row with the problem in ``problem``.
        """
        return history_frame([entry async for entry in self.each(region, since_ms, until_ms, limit)])

    async def history_all(
        self, regions: Iterable[str], since_ms: int, until_ms: int, limit: int
    ) -> dict[str, pd.DataFrame | StoreError]:
        """The history of each region, read side by side, or the error in its place."""

        async def settled(region: str) -> pd.DataFrame | StoreError:
            try:
                return await self.history(region, since_ms, until_ms, limit)
            except StoreError as error:
                return error

        names = list(regions)
        return dict(zip(names, await asyncio.gather(*map(settled, names)), strict=True))

    async def _payloads(self, ids: Mapping[str, str | StoreError], *, asked_for: bool = False) -> dict[str, Found]:
        batch = Batch()
        asked = {
            region: self._payload(batch, region, identity)
            for region, identity in ids.items()
            if isinstance(identity, str)
        }
        if asked:
            await self._connections.read(batch)
        return {
            region: _open(asked[region], region, identity, asked_for=asked_for)
            if isinstance(identity, str)
            else identity
            for region, identity in ids.items()
        }

    def _payload(self, batch: Batch, region: str, identity: str) -> Asked:
        return batch.ask("GET", self._keys(region).payload(identity))

    def _keys(self, region: str) -> RegionKeys:
        return RegionKeys(region, self._layout)


def _pointer(asked: Asked, region: str, *, first_of: bool = False) -> str | StoreError:
    """The id that latest names, or the first that the index has named; or why there is none."""
    if asked.refused:
        return refusal(asked.reply, region=region, key=asked.key)
    raw = next(iter(asked.value), None) if first_of else asked.value
    if raw is None and first_of:
        return MissingSnapshotError(
            "no snapshot is kept from that time", region=region, key=asked.key, next_step=LISTED.format(region)
        )
    if raw is None:
        return MissingSnapshotError("no snapshot is published", region=region, key=asked.key)
    identity = text(raw)
    try:
        instant_of(identity)
    except ValueError:
        return DanglingPointerError(f"{identity[:SHOWN]!r} is no snapshot id", region=region, key=asked.key)
    return identity


def _open(asked: Asked, region: str, identity: str, *, asked_for: bool = False) -> Found:
    key = asked.key
    if asked.refused:
        return refusal(asked.reply, region=region, key=key)
    if asked.value is None and asked_for:
        problem = "there is no such snapshot (expired, or never written)"
        return MissingSnapshotError(problem, region=region, key=key, next_step=LISTED.format(region))
    if asked.value is None:
        return DanglingPointerError(f"{identity} is named but not stored", region=region, key=key)
    try:
        return Snapshot.open(asked.value, region=region, id=identity)
    except DamagedSnapshotError as error:
        return DamagedError(str(error), region=region, key=key)


def only(answers: Mapping[str, Found]) -> Snapshot:
    """The one answer. Raises it when it is an error."""
    [answer] = answers.values()
    if isinstance(answer, StoreError):
        raise answer
    return answer
