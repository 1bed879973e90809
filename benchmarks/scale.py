"""How time grows with the number of regions, and what a store with a full history costs."""

from __future__ import annotations

import statistics
import tracemalloc
from collections.abc import Callable, Iterator, Sequence

from benchmarks.documents import regions, snapshots
from benchmarks.measure import Figure, Tick, exponent, figure, take_turns, timed
from benchmarks.throughput import commit
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.server import RedisServer

GROUP = "growth"
PAYLOAD_BYTES = 2_000
"""Small, so that ten thousand regions fit into any machine."""


def scale(quick: bool, tick: Tick) -> Iterator[Figure]:
    """Commit, read and reconcile more and more regions: seconds, the exponent of growth, and memory."""
    sizes, rounds = ((8, 16, 32), 1) if quick else ((8, 100, 1_000, 10_000), 3)
    with RedisServer() as server, SnapshotStore(server.url) as store:
        commit(store, snapshots(sizes[-1], payload_bytes=PAYLOAD_BYTES))
        works: dict[str, Callable[[int], float]] = {
            "commit": lambda size: _commit(store, size),
            "read latest": lambda size: timed(lambda: store.latest_all(regions(size))),
            "reconcile": lambda size: timed(lambda: store.reconcile(regions(size))),
        }
        for name, work in works.items():
            contenders = {f"{name} {size}": lambda size=size, work=work: _steady(work, size) for size in sizes}
            seconds = list(take_turns(contenders, rounds, tick).values())
            per_region = [1e6 * value / sizes[-1] for value in seconds[-1]]
            yield figure(GROUP, f"{name}: per region, {sizes[-1]:,} regions", "µs", per_region)
            large = sizes[1:]
            growth = [exponent(large, turn) for turn in zip(*seconds[1:], strict=True)]
            yield figure(GROUP, f"{name}: exponent, {large[0]:,} to {large[-1]:,} regions", "", growth, "<= 1.05")
            yield figure(GROUP, f"{name}: memory per region, {sizes[-1]:,} regions", "KB", [_memory_kb(work, sizes)])


def _steady(work: Callable[[int], float], size: int) -> float:
    """Seconds at this size: the median of several runs where one is short."""
    return statistics.median(work(size) for _ in range(max(1, min(9, 2_000 // size))))


def _commit(store: SnapshotStore, size: int) -> float:
    made = snapshots(size, payload_bytes=PAYLOAD_BYTES)
    return timed(lambda: commit(store, made))


def _memory_kb(work: Callable[[int], float], sizes: Sequence[int]) -> float:
    """Peak memory of this process per region, of the documents too: growth from a small size to the largest."""
    peaks = []
    for size in (sizes[0], sizes[-1]):
        tracemalloc.start()
        work(size)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return (peaks[1] - peaks[0]) / (sizes[-1] - sizes[0]) / 1024
