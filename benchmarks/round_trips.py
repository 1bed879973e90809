"""Round trips: by the clock, as (time with a delay - time without) / delay, and counted on the busiest connection.

Subtracted is the quickest run without delay: a busy machine then shows too many round trips, and never too few.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.documents import regions, snapshots
from benchmarks.line import Line
from benchmarks.measure import Figure, Tick, figure, take_turns, timed
from benchmarks.throughput import commit
from regional_snapshots.defs.publishing.refresh import refresh
from regional_snapshots.files.feed_files import SAMPLE, read_directory
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.happenings.happening import Happening
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.server import RedisServer

GROUP = "round trips"
COUNTED_S = 0.05
"""Length of the line on which turnarounds are counted."""


@dataclass(frozen=True)
class Trip:
    """Something that waits for the server: ``prepare`` is not measured, and what it returns is handed to ``run``."""

    what: str
    run: Callable[[Any], object]
    prepare: Callable[[], Any] = lambda: None
    target: str = ""


def round_trips(quick: bool, tick: Tick) -> Iterator[Figure]:
    """Persist, refresh in a cold process, read, reconcile."""
    rounds, delays_s = (1, (0.02,)) if quick else (7, (0.02, 0.1))
    with RedisServer() as server, Line(server.socket_path) as line, SnapshotStore(line.url) as store:
        fill(store)
        for trip in trips(line.url, store):
            turns = count(line, trip)
            results = take_turns(
                {f"{trip.what}, {delay_s * 1000:g} ms": _delayed(line, trip, delay_s) for delay_s in (0.0, *delays_s)},
                rounds,
                tick,
            )
            without, *delayed = results.values()
            for seconds, delay_s in zip(delayed, delays_s, strict=True):
                values = [(slow - min(without)) / delay_s for slow in seconds]
                target = trip.target if delay_s == delays_s[-1] else ""
                yield figure(GROUP, f"{trip.what}, {delay_s * 1000:g} ms", "round trips", values, target)
            yield figure(GROUP, f"{trip.what}, counted on its busiest connection", "turnarounds", [turns])


def fill(store: SnapshotStore) -> None:
    """The sample feeds, and a snapshot for each of 100 regions."""
    store.write_feeds(read_directory(SAMPLE)[0])
    commit(store, snapshots(100))


def trips(url: str, store: SnapshotStore) -> list[Trip]:
    """What is measured. ``store`` is warm; a cold one opens its connections anew."""

    def refresh_step(_: object) -> None:
        with SnapshotStore(url) as cold:
            made = refresh(
                cold, REGION_IDS, time.time_ns() // 1_000_000, method=METHODS["2"], min_confidence=0.0, force=True
            )
            published = [found for found in made.regions.values() if isinstance(found, Happening)]
            commit(cold, [it.snapshot for it in published], {it.snapshot.id: it.news for it in published})

    def persist(made: Sequence[Snapshot]) -> None:
        commit(store, made, {each.id: news(each, "data_loss", "regime_shift") for each in made})

    return [
        Trip("persist 8 regions, warm", persist, lambda: snapshots(8), "<= 2.3"),
        Trip("whole refresh step, cold", refresh_step, target="<= 5.5"),
        Trip("latest of 8 regions, warm", lambda _: store.latest_all(regions(8))),
        Trip("latest of 100 regions, warm", lambda _: store.latest_all(regions(100)), target="<= 3"),
        Trip("reconcile 8 healthy regions, warm", lambda _: store.reconcile(regions(8))),
        Trip("reconcile 100 healthy regions, warm", lambda _: store.reconcile(regions(100)), target="<= 6"),
    ]


def count(line: Line, trip: Trip) -> int:
    """How often the busiest connection was waited for. The first run warms up and is not counted.

    The line has a length: on one without, what is done side by side is over before its neighbour begins, and then takes
    turns on one connection.
    """
    trip.run(trip.prepare())
    prepared, line.delay_s = trip.prepare(), COUNTED_S
    line.turnarounds.clear()
    try:
        trip.run(prepared)
    finally:
        line.delay_s = 0.0
    return max(line.turnarounds.values())


def _delayed(line: Line, trip: Trip, delay_s: float) -> Callable[[], float]:
    def measure() -> float:
        prepared, line.delay_s = trip.prepare(), delay_s
        try:
            return timed(lambda: trip.run(prepared))
        finally:
            line.delay_s = 0.0

    return measure
