"""Reading: the latest snapshot, one by id, the one as of an instant, and history, for one region or many.

Every method takes a bounded number of round trips whatever the number of regions, and never returns a snapshot that
says it is sealed and does not verify; what another program wrote is returned as unsealed. Where a region's snapshot
cannot be had, its place holds the error, so that nobody waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from redis.exceptions import ResponseError

from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import AXES, DamagedSnapshotError, Snapshot, instant_of
from regional_snapshots.store.errors import DamagedError, DanglingPointerError, MissingSnapshotError, StoreError
from regional_snapshots.store.keys import TAGGED, KeyLayout, RegionKeys
from regional_snapshots.store.link.connections import Connections, Reply, refusal, texts
from regional_snapshots.store.records.news import Of, asking_for_rows, read_all, row_of_member

if TYPE_CHECKING:
    import pandas as pd

Found = Snapshot | StoreError
PAGE = 256
"""Payloads per exchange when history is read: a few megabytes at most."""
LISTED = "`regional-snapshots history` lists what is kept"
SHOWN = 40
"""Characters of a wrong id that a message shows."""


class SnapshotReader:
    """Reads snapshots over a pool of connections."""

    def __init__(self, connections: Connections, layout: KeyLayout = TAGGED) -> None:
        self._connections, self._layout = connections, layout

    async def latest(self, regions: Iterable[str]) -> dict[str, Found]:
        """The newest snapshot of each region. Two round trips."""
        return (await self.latest_with_rows(regions, None))[0]

    async def latest_with_rows(
        self, regions: Iterable[str], since_ms: int | None
    ) -> tuple[dict[str, Found], Of[SeriesRow]]:
        """The newest snapshot of each region, and its rows of the series from ``since_ms`` on (None: no rows), oldest
        first, read with the pointers. Two round trips."""
        keys = {region: RegionKeys(region, self._layout) for region in regions}
        pointing = [("GET", key.latest) for key in keys.values()]
        asked = {} if since_ms is None else asking_for_rows(keys.values(), since_ms)
        replies = await self._ask([*pointing, *asked.values()])
        ids = {
            region: _pointer(reply, region, keys[region].latest) for region, reply in zip(keys, replies, strict=False)
        }
        rows = {
            region: read_all(reply, row_of_member, region, keys[region].series)
            for region, reply in zip(asked, replies[len(pointing) :], strict=True)
        }
        return await self._payloads(ids), rows

    async def as_of(self, regions: Iterable[str], instant_ms: int) -> dict[str, Found]:
        """The newest snapshot of each region that is not younger than ``instant_ms``. Two round trips."""
        keys = {region: RegionKeys(region, self._layout) for region in regions}
        replies = await self._ask(
            [("ZREVRANGEBYSCORE", key.index, instant_ms, "-inf", "LIMIT", 0, 1) for key in keys.values()]
        )
        newest = [(reply[0] if reply else None) if isinstance(reply, list) else reply for reply in replies]
        ids = {
            region: _pointer(entry, region, keys[region].index, as_of=True)
            for region, entry in zip(keys, newest, strict=True)
        }
        return await self._payloads(ids)

    async def get(self, ids: Mapping[str, str]) -> dict[str, Found]:
        """The snapshots with the given ids, ``{region: id}``. One round trip."""
        return await self._payloads(ids, asked_for=True)

    async def several(self, names: Sequence[tuple[str, str]]) -> list[Found]:
        """The snapshots of the given ``(region, id)``, in their order, however many of one region. One round trip."""
        keys = [RegionKeys(region, self._layout) for region, _ in names]
        replies = await self._ask(
            [("GET", key.payload(identity)) for key, (_, identity) in zip(keys, names, strict=True)]
        )
        return [_open(reply, *name, key) for reply, name, key in zip(replies, names, keys, strict=True)]

    async def ids(self, region: str, since_ms: int, until_ms: int, limit: int) -> list[str]:
        """Retained ids of one region from ``since_ms`` to ``until_ms``, newest first. One round trip."""
        index = RegionKeys(region, self._layout).index
        [reply] = await self._ask([("ZREVRANGEBYSCORE", index, until_ms, since_ms, "LIMIT", 0, limit)])
        if isinstance(reply, ResponseError | StoreError):
            raise refusal(reply, region=region, key=index) from reply
        return [identity or "" for identity in texts(reply)]

    async def history(self, region: str, since_ms: int, until_ms: int, limit: int) -> pd.DataFrame:
        """One row a snapshot, newest first; see ``HISTORY_COLUMNS``. One round trip, and one per ``PAGE`` rows.

        A snapshot that is named by the index but cannot be read has its row with the problem in ``problem``.
        """
        import pandas as pd

        rows = []
        ids = await self.ids(region, since_ms, until_ms, limit)
        for start in range(0, len(ids), PAGE):
            page = ids[start : start + PAGE]
            keys = RegionKeys(region, self._layout)
            replies = await self._ask([("GET", keys.payload(identity)) for identity in page])
            rows += [
                _row(identity, _open(reply, region, identity, keys))
                for reply, identity in zip(replies, page, strict=True)
            ]
        frame = pd.DataFrame(rows, columns=list(HISTORY_COLUMNS))
        for name in (name for name, kind in HISTORY_COLUMNS.items() if kind == "float64"):
            frame[name] = pd.to_numeric(frame[name], errors="coerce")  # what another program wrote may be anything
        return frame.astype(HISTORY_COLUMNS)

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
        known = {region: identity for region, identity in ids.items() if isinstance(identity, str)}
        keys = {region: RegionKeys(region, self._layout) for region in known}
        replies = await self._ask([("GET", keys[region].payload(identity)) for region, identity in known.items()])
        found: dict[str, Found] = {
            region: _open(reply, region, identity, keys[region], asked_for=asked_for)
            for (region, identity), reply in zip(known.items(), replies, strict=True)
        }
        return {region: found.get(region, problem) for region, problem in ids.items()}

    async def _ask(self, commands: Sequence[tuple]) -> list[Reply]:
        return await self._connections.ask(commands, answer_errors=True) if commands else []


HISTORY_COLUMNS = {
    "id": "object",
    "time": "datetime64[ns, UTC]",
    "regime": "object",
    "confidence": "float64",
    "reason": "object",
    "net_balance": "float64",
    **dict.fromkeys(AXES, "float64"),
    "sealed": "boolean",
    "problem": "object",
}
"""Columns of :meth:`SnapshotReader.history` and their types, with rows and without.

``time`` is UTC, axes and confidence are 0 to 1, ``sealed`` is whether the id verifies the content (unknown where it
cannot be read), ``problem`` is "" when all is fine.
"""


def _row(identity: str, found: Found) -> dict:
    import pandas as pd

    row = {"id": identity, "problem": found.problem if isinstance(found, StoreError) else ""}
    try:
        row["time"] = pd.Timestamp(instant_of(identity), unit="ms", tz="UTC")
    except ValueError:
        row["time"], row["problem"] = pd.NaT, "this is no snapshot id"
    if isinstance(found, Snapshot):
        document, row["sealed"] = found.document, found.sealed
        row["time"] = pd.Timestamp(found.generated_at, unit="ms", tz="UTC")
        try:
            row |= {name: document["balance"].get(name) for name in ("net_balance", *AXES)}
            row["regime"], row["reason"] = document["regime"]["label"], found.reason
            row["confidence"] = document["meta"]["snapshot_confidence"]
        except (KeyError, TypeError, AttributeError):
            row["problem"] = "it has another shape: written by another version?"
    return row


def _pointer(reply: Reply, region: str, key: str, *, as_of: bool = False) -> str | StoreError:
    if isinstance(reply, ResponseError | StoreError):
        return refusal(reply, region=region, key=key)
    if reply is None and as_of:
        return MissingSnapshotError("no snapshot is kept from that time", region=region, key=key, next_step=LISTED)
    if reply is None:
        return MissingSnapshotError("no snapshot is published", region=region, key=key)
    [identity] = texts([reply])
    try:
        instant_of(identity)
    except ValueError:
        return DanglingPointerError(f"{identity[:SHOWN]!r} is no snapshot id", region=region, key=key)
    return identity


def _open(reply: Reply, region: str, identity: str, keys: RegionKeys, *, asked_for: bool = False) -> Found:
    key = keys.payload(identity)
    if isinstance(reply, ResponseError | StoreError):
        return refusal(reply, region=region, key=key)
    if reply is None and asked_for:
        problem = "there is no such snapshot (expired, or never written)"
        return MissingSnapshotError(problem, region=region, key=key, next_step=LISTED)
    if reply is None:
        return DanglingPointerError(f"{identity} is named but not stored", region=region, key=key)
    try:
        return Snapshot.open(reply, region=region, id=identity)
    except DamagedSnapshotError as error:
        return DamagedError(str(error), region=region, key=key)
