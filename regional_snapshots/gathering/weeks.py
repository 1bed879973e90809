"""What a weekly brief tells of, gathered from the store: the latest snapshots, and seven days of rows and events."""

from __future__ import annotations

from collections.abc import Iterable

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.narrative.brief import WEEK_MS, Week, week_of
from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.snapshots import SnapshotStore


def weeks(store: SnapshotStore, regions: Iterable[str], now_ms: int) -> tuple[dict[str, Week], dict[str, StoreError]]:
    """The week of each region up to ``now_ms``, or why there is none. Four round trips.

    Raises :class:`StoreError` if nothing can be read.
    """
    names = list(regions)
    latest = store.latest_all(names)
    rows = store.run(store.news.rows(names, now_ms - WEEK_MS))
    events = store.events(names, now_ms - WEEK_MS)
    found: dict[str, Week] = {}
    problems: dict[str, StoreError] = {}
    for region in names:
        snapshot, told, happened = latest[region], rows[region], events[region]
        if isinstance(snapshot, Snapshot) and isinstance(told, list) and isinstance(happened, list):
            found[region] = week_of(region, now_ms, snapshot.document, told, happened)
        else:
            broken = [part for part in (snapshot, told, happened) if isinstance(part, StoreError)]
            problems[region] = broken[0]
    return found, problems
