"""Reading what goes with the snapshots: events, changes of regime, rows of the series; for one region or many.

Where a region's cannot be had, its place holds the error. What is no entry of ours is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from redis.exceptions import ResponseError

from regional_snapshots.model.events import SEVERITIES, DamagedEventError, Event, severity_rank
from regional_snapshots.model.news import RegimeShift
from regional_snapshots.model.series import DamagedRowError, SeriesRow, series_bucket
from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.keys import TAGGED, KeyLayout, RegionKeys
from regional_snapshots.store.link.connections import Command, Connections, Reply, key_of, refusal
from regional_snapshots.store.protocol.quiet import pairs

T = TypeVar("T")
Of = dict[str, list[T] | StoreError]
"""By region: what was found, or the error in its place."""

EVERY = SEVERITIES[-1]
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
        asked = {
            region: ("XREVRANGE", keys.events, "+", least, "COUNT", limit)
            for region, keys in self._keys(regions).items()
        }
        found = await self._each(asked, lambda entry: event_of(entry[1]))
        return {
            region: events
            if isinstance(events, StoreError)
            else [event for event in reversed(events) if event.generated_at >= since_ms and is_worth(event, severity)]
            for region, events in found.items()
        }

    async def regimes(self, regions: Iterable[str]) -> Of[RegimeShift]:
        """All changes of regime that are kept, oldest first. One round trip."""
        asked = {region: ("XRANGE", keys.regimes, "-", "+") for region, keys in self._keys(regions).items()}
        return await self._each(asked, lambda entry: shift_of_entry(entry[1]))

    async def rows(self, regions: Iterable[str], since_ms: int) -> Of[SeriesRow]:
        """Rows of the series from ``since_ms`` on, oldest first. One round trip, however many there are."""
        return await self._each(asking_for_rows(self._keys(regions).values(), since_ms), row_of_member)

    async def _each(self, asked: Mapping[str, Command], read: Callable[[Reply], T | None]) -> Of[T]:
        if not asked:
            return {}
        replies = await self._connections.ask(list(asked.values()), answer_errors=True)
        return {
            region: read_all(reply, read, region, key_of(command))
            for (region, command), reply in zip(asked.items(), replies, strict=True)
        }

    def _keys(self, regions: Iterable[str]) -> dict[str, RegionKeys]:
        return {region: RegionKeys(region, self._layout) for region in regions}


def asking_for_rows(keys: Iterable[RegionKeys], since_ms: int) -> dict[str, Command]:
    """The command that reads the rows of each region, for those who have more to ask in the same round trip."""
    start = series_bucket(max(0, since_ms))
    return {each.region: ("ZRANGEBYSCORE", each.series, start, "+inf") for each in keys}


def read_all(reply: Reply, read: Callable[[Reply], T | None], region: str, key: str) -> list[T] | StoreError:
    """The entries of a reply that are ours, or the error that it is."""
    if isinstance(reply, ResponseError | StoreError):
        return refusal(reply, region=region, key=key)
    return [found for entry in reply if (found := read(entry)) is not None]


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
