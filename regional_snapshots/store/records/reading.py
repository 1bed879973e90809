"""What a refresh reads: all at one time, so that it waits once for what it needs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regional_snapshots.model.series import SeriesRow
from regional_snapshots.store.keys import KeyLayout
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.link.inspection import inspect
from regional_snapshots.store.reader import Found, SnapshotReader
from regional_snapshots.store.records.feeds import FeedValues, read_feeds
from regional_snapshots.store.records.inputs import digest_of, kept_for
from regional_snapshots.store.records.news import Of


@dataclass(frozen=True)
class Inputs:
    """What a refresh reads: feeds ``{key: value or None}``, latest and rows of the series by region, warnings; and for
    how many ms the documents of the feeds are kept already, by their digests."""

    feeds: FeedValues
    latest: dict[str, Found]
    warnings: list[str]
    rows: Of[SeriesRow]
    kept_for_ms: Mapping[str, int]


@dataclass(frozen=True)
class Links:
    """Where it is read: the snapshots' server and the feeds', which may be the same."""

    snapshots: Connections
    feeds: Connections
    reader: SnapshotReader
    layout: KeyLayout
    feed_megabytes: float
    min_replicas: int


async def read_inputs(links: Links, keys: Sequence[str], regions: Sequence[str], rows_since_ms: int | None) -> Inputs:
    """All feeds, of each region the newest snapshot and the rows from ``rows_since_ms`` on (None: no rows), warnings.

    Three round trips on fresh connections; those for the commits that follow are opened meanwhile. Raises
    :class:`~regional_snapshots.store.errors.StoreError`.
    """

    async def documents() -> tuple[FeedValues, dict[str, int]]:
        found = await read_feeds(links.feeds, keys, links.feed_megabytes)
        digests = {digest_of(value) for value in found.values() if value is not None}
        return found, await kept_for(links.snapshots, links.layout, digests)

    (feeds, kept_for_ms), (latest, rows), warnings, _ = await asyncio.gather(
        documents(),
        links.reader.newest_with_rows(regions, rows_since_ms),
        inspect(links.snapshots, links.layout, links.min_replicas),
        links.snapshots.warm(len(regions)),
    )
    return Inputs(feeds, latest, warnings, rows, kept_for_ms)
