"""Reading what goes with the snapshots: events, changes of regime, rows of the series; for one region or many.

Where a region's cannot be had, its place holds the error. What is no entry of ours is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from regional_snapshots.model.events import SEVERITIES, DamagedEventError, Event, severity_rank
from regional_snapshots.model.news import RegimeShift
from regional_snapshots.model.series import DamagedRowError, SeriesRow, series_bucket
from regional_snapshots.store.errors import StoreError, WrongTypeError
from regional_snapshots.store.keys import TAGGED, KeyLayout, RegionKeys
from regional_snapshots.store.link.batch import Asked, Batch, Reply, pairs, text
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.link.refusals import refusal

T = TypeVar("T")
Of = dict[str, list[T] | StoreError]
"""By region: what was found, or the error in its place."""

EVERY = SEVERITIES[-1]
START, PAGE = "0-0", 500
AHEAD_MS = 3_600_000
"""An entry of a stream is dated by the server, a snapshot by its maker, whose clock may be ahead by some minutes."""


class NewsReader:
    """Reads news over a pool of connections."""

    def __init__(self, connections: Connections, layout: KeyLayout = TAGGED) -> None:
        self._connections, self._layout = connections, layout

    async def events(self, regions: Iterable[str], since_ms: int, severity: str, limit: int) -> Of[Event]:
        """The newest events of snapshots made at ``since_ms`` or later, oldest first. One round trip.

        Of each region the newest ``limit`` are looked at; of these, those of at least this severity are answered.
        """
        least = max(0, since_ms - AHEAD_MS)

        def ask(batch: Batch, keys: RegionKeys) -> Asked:
            return batch.ask("XREVRANGE", keys.events, "+", least, "COUNT", limit)

        found = await self._each(regions, ask, lambda entry: event_of(entry[1]))
        return {
            region: events
            if isinstance(events, StoreError)
            else [event for event in reversed(events) if event.generated_at >= since_ms and is_worth(event, severity)]
            for region, events in found.items()
        }

    async def regimes(self, regions: Iterable[str]) -> Of[RegimeShift]:
        """All changes of regime that are kept, oldest first. One round trip."""

        def ask(batch: Batch, keys: RegionKeys) -> Asked:
            return batch.ask("XRANGE", keys.regimes, "-", "+")

        return await self._each(regions, ask, lambda entry: shift_of_entry(entry[1]))

    async def rows(self, regions: Iterable[str], since_ms: int) -> Of[SeriesRow]:
        """Rows of the series from ``since_ms`` on, oldest first. One round trip, however many there are."""
        return await self._each(regions, lambda batch, keys: ask_for_rows(batch, keys, since_ms), row_of_member)

    async def ends(self, regions: Iterable[str]) -> dict[str, str]:
        """Where the stream of each region ends now: the id of its newest entry; at the start where there is none of
        ours. Raises :class:`StoreError`."""
        batch = Batch()
        asked = {
            region: batch.ask("XREVRANGE", RegionKeys(region, self._layout).events, "+", "-", "COUNT", 1)
            for region in regions
        }
        await self._connections.read(batch)
        return {
            region: START if _is_none_of_ours(found) or not found.value else text(found.value[0][0])
            for region, found in asked.items()
        }

    async def after(
        self, seen: Mapping[str, str], regions: Iterable[str], severity: str
    ) -> list[tuple[str, str, Event | None]]:
        """``(region, id of the entry, event)`` of the entries after those that were seen, oldest first, of each region
        ``PAGE`` at most; None in the place of what is none of ours or less severe. A region whose key is no stream has
        none, and holds up no other. Raises :class:`StoreError`.
        """
        batch, found = Batch(), []
        asked = {
            region: batch.ask(
                "XRANGE", RegionKeys(region, self._layout).events, next_id(seen.get(region, START)), "+", "COUNT", PAGE
            )
            for region in regions
        }
        await self._connections.read(batch)
        for region, reply in asked.items():
            for identity, fields in () if _is_none_of_ours(reply) else reply.value:
                event = event_of(fields)
                found.append((region, text(identity), event if event and is_worth(event, severity) else None))
        return sorted(found, key=lambda entry: position(entry[1]))

    async def _each(
        self, regions: Iterable[str], ask: Callable[[Batch, RegionKeys], Asked], read: Callable[[Reply], T | None]
    ) -> Of[T]:
        batch = Batch()
        asked = {region: ask(batch, RegionKeys(region, self._layout)) for region in regions}
        await self._connections.read(batch)
        return {region: read_all(found, read, region) for region, found in asked.items()}


def _is_none_of_ours(asked: Asked) -> bool:
    """Whether the key holds another type than ours."""
    return asked.refused and isinstance(refusal(asked.reply), WrongTypeError)


def position(identity: str) -> tuple[int, int]:
    """Where an entry of a stream stands: its id as two numbers."""
    instant, _, number = identity.partition("-")
    return int(instant), int(number or 0)


def next_id(identity: str) -> str:
    """The least id above one."""
    instant, number = position(identity)
    return f"{instant}-{number + 1}"


def ask_for_rows(batch: Batch, keys: RegionKeys, since_ms: int) -> Asked:
    """Ask for the rows of a region, for those who have more to ask in the same round trip."""
    return batch.ask("ZRANGEBYSCORE", keys.series, series_bucket(max(0, since_ms)), "+inf")


def read_all(asked: Asked, read: Callable[[Reply], T | None], region: str) -> list[T] | StoreError:
    """The entries of a reply that are ours, or the error that it is."""
    if asked.refused:
        return refusal(asked.reply, region=region, key=asked.key)
    return [found for entry in asked.value if (found := read(entry)) is not None]


def is_worth(event: Event, severity: str) -> bool:
    """Whether an event is at least so severe."""
    return severity_rank(event.severity) <= severity_rank(severity)


def event_of(fields: Reply) -> Event | None:
    """An entry of the stream of events; None when it is none of ours."""
    try:
        return Event.decode(pairs(fields).get(b"body", b""))
    except DamagedEventError:
        return None


def shift_of_entry(fields: Reply) -> RegimeShift | None:
    """An entry of the stream of regimes; None when it is none of ours."""
    try:
        return RegimeShift.of({name.decode(): value.decode() for name, value in pairs(fields).items()})
    except (KeyError, ValueError):
        return None


def row_of_member(member: bytes) -> SeriesRow | None:
    """A row of the series; None when it is none of ours."""
    try:
        return SeriesRow.decode(member)
    except DamagedRowError:
        return None
