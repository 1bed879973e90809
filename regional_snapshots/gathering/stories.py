"""What the report tells of, gathered from the store: snapshots, the ones before, a month of rows, events, the feeds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from regional_snapshots.gathering.feeds_now import feeds_now
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.news import Delivery
from regional_snapshots.model.snapshot import ID_PATTERN, Snapshot
from regional_snapshots.report.board import MOST_RECENT, Board, board
from regional_snapshots.report.standing import Standing, standing
from regional_snapshots.report.story import PAST_DAYS, Story, story
from regional_snapshots.report.words import DAY_MS, since
from regional_snapshots.settings import Settings
from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.records.pins import Pin
from regional_snapshots.store.snapshots import SnapshotStore

T = TypeVar("T")
MOST_DELIVERIES = 20
"""The newest messages that the page and the overview list."""


@dataclass(frozen=True)
class Told:
    """Stories by region, in the order of the snapshots; what could not be read, and is left out of them; the pins."""

    stories: dict[str, Story]
    problems: tuple[StoreError, ...] = ()
    pins: Mapping[str, Pin] = field(default_factory=dict)


def stories(store: SnapshotStore, snapshots: Mapping[str, Snapshot]) -> Told:
    """The stories of these snapshots. Four round trips. Raises :class:`StoreError` if nothing can be read."""
    regions = list(snapshots)
    if not regions:
        return Told({})
    since_ms = min(snapshot.generated_at for snapshot in snapshots.values()) - PAST_DAYS * DAY_MS
    before = store.get_all({region: each for region in regions if (each := _before(snapshots[region].document))})
    rows, events = store.run(store.news.rows(regions, since_ms)), store.events(regions, since_ms)
    pins = store.run(store.pins.pins(regions))
    found = {
        region: story(
            snapshot.document,
            earlier.document if isinstance(earlier := before.get(region), Snapshot) else None,
            _listed(rows.get(region)),
            [event for event in _listed(events.get(region)) if event.generated_at <= snapshot.generated_at],
            _held(pins[region], snapshot) if region in pins else "",
        )
        for region, snapshot in snapshots.items()
    }
    problems = tuple(each for part in (rows, events) for each in part.values() if isinstance(each, StoreError))
    return Told(found, problems, pins)


def latest_stories(store: SnapshotStore, regions: Iterable[str]) -> Told:
    """The stories of the latest snapshots; a region that has none to be read is among the problems."""
    latest = store.latest_all(regions)
    told = stories(store, {name: found for name, found in latest.items() if isinstance(found, Snapshot)})
    unread = tuple(found for found in latest.values() if isinstance(found, StoreError))
    return replace(told, problems=(*unread, *told.problems))


def feeds_board(store: SnapshotStore, settings: Settings, told: Sequence[Story]) -> tuple[Board, Feeds]:
    """The board of the feeds at this moment, with what they were at the last snapshots of the first region told of."""
    feeds, _ = feeds_now(store, settings)
    before = _recent(store, told[0].now.region) if told else []
    return board(feeds.report, [each.now for each in told], before), feeds


def last_deliveries(store: SnapshotStore) -> list[Delivery]:
    """Who was told what of late, oldest first; nothing where it cannot be read."""
    try:
        return store.deliveries(MOST_DELIVERIES)
    except StoreError:
        return []


def _held(pin: Pin, snapshot: Snapshot) -> str:
    """That readers are held at this snapshot, and until when; nothing of another one."""
    if pin.snapshot_id != snapshot.id:
        return ""
    now_ms = time.time_ns() // 1_000_000
    until = f" until {since(pin.until_ms, now_ms)}" if pin.until_ms else ""
    return f"pinned at its snapshot of {since(snapshot.generated_at, now_ms)}{until}"


def _recent(store: SnapshotStore, region: str) -> list[Standing]:
    """Where a region stood of late, oldest first; nothing where its index cannot be read."""
    try:
        found = store.recent(region, MOST_RECENT)
    except StoreError:
        return []
    return [standing(each.document) for each in reversed(found)]


def _before(document: Mapping[str, Any]) -> str:
    """The id of the snapshot before; the empty text where the document names none."""
    identity = document["meta"].get("previous_id")
    return identity if isinstance(identity, str) and ID_PATTERN.fullmatch(identity) else ""


def _listed(found: list[T] | StoreError | None) -> list[T]:
    return found if isinstance(found, list) else []
