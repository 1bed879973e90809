"""Reading latest of one region: by the store, with and without its cache, beside redis-py with the same two reads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context

import redis

from benchmarks.measure import Figure, Tick, figure, quotients
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.documents import document
from regional_snapshots_tests.support.server import RedisServer

GROUP = "readers"
KEYS = RegionKeys("mena")
PROCESSES = (1, 8, 32)
KB = 18
"""Size of a snapshot of real feeds."""


def readers(quick: bool, tick: Tick) -> Iterator[Figure]:
    """Processes that read side by side, in turns of each kind."""
    processes, each, rounds = ((1, 2), 20, 1) if quick else (PROCESSES, 200, 3)
    with RedisServer() as server, server.client() as client:
        now_ms = time.time_ns() // 1_000_000
        notes = [{"name": f"component {number}", "value": number / 7, "weight": 0.25} for number in range(KB * 16)]
        made = Snapshot.seal({**document("mena", now_ms, reason="regime_shift"), "notes": notes})
        client.mset({KEYS.latest: made.id, KEYS.payload(made.id): made.payload})
        for count in processes:
            seconds: dict[str, list[float]] = {name: [] for name in KINDS}
            for _ in range(rounds):
                for name, taken in seconds.items():
                    taken.append(_read(server.url, name, count, each))
                    tick(f"{count} processes, {name}")
            for name, target in (("store", ""), ("store with its cache", ">= 1")):
                ratios = quotients(seconds["redis-py"], seconds[name])
                yield figure(
                    GROUP, f"reads per second of {count} processes: {name} / redis-py", "ratio", ratios, target
                )


def _read(url: str, kind: str, processes: int, times: int) -> float:
    """Seconds until the last of so many processes has read so many times; each begins when all are ready."""
    context = get_context("fork")
    ready = context.Barrier(processes + 1)
    workers = [context.Process(target=_work, args=(url, kind, times, ready)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    return time.perf_counter() - began


def _work(url: str, kind: str, times: int, ready: object) -> None:
    read = KINDS[kind](url)
    read()
    ready.wait()  # type: ignore[attr-defined]
    for _ in range(times):
        read()


def _redis_py(url: str) -> Callable[[], object]:
    client = redis.Redis.from_url(url)

    def read() -> object:
        identity = client.get(KEYS.latest)
        assert isinstance(identity, bytes)
        payload = client.get(KEYS.payload(identity.decode()))
        assert isinstance(payload, bytes)
        return json.loads(payload)

    return read


def _store(url: str, *, cache: bool = False) -> Callable[[], object]:
    store = SnapshotStore(url, cache=cache)
    return lambda: store.latest("mena").document


def _cached(url: str) -> Callable[[], object]:
    return _store(url, cache=True)


KINDS: dict[str, Callable[[str], Callable[[], object]]] = {
    "redis-py": _redis_py,
    "store": _store,
    "store with its cache": _cached,
}
