"""Reconciling one region in which everything is damaged: how long, how it grows, and how much memory it takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import redis

from benchmarks.history import fill
from benchmarks.measure import Figure, Tick, exponent, figure, timed
from regional_snapshots.model.values import MINUTE_MS
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.server import RedisServer

GROUP = "damage"
REGION = "mena"
KEYS = RegionKeys(REGION)
PORTION = 5_000

Damage = Callable[[redis.Redis], object]


def each(pattern: str, harm: Callable[[redis.client.Pipeline, bytes], object]) -> Damage:
    """Do so to every key that fits."""

    def harm_all(client: redis.Redis) -> None:
        with client.pipeline(transaction=False) as pipe:
            for number, key in enumerate(client.scan_iter(pattern, count=PORTION), 1):
                harm(pipe, key)
                if number % PORTION == 0:
                    pipe.execute()
            pipe.execute()

    return harm_all


DAMAGES: Mapping[str, tuple[Damage, bool]] = {
    "nothing": (lambda client: None, False),
    "every payload is lost": (each("snapshot:id:*", lambda pipe, key: pipe.delete(key)), False),
    "every payload is a list": (each("snapshot:id:*", lambda pipe, key: pipe.delete(key).rpush(key, "x")), False),
    "every view is lost": (each("snapshot:ts:*", lambda pipe, key: pipe.delete(key)), False),
    "no payload expires": (each("snapshot:id:*", lambda pipe, key: pipe.persist(key)), False),
    "every score is wrong": (lambda client: client.zunionstore(KEYS.index, {KEYS.index: 0.999999}), False),
    "every payload is damaged": (each("snapshot:id:*", lambda pipe, key: pipe.set(key, "{}", keepttl=True)), True),
    "the index is lost": (lambda client: client.delete(KEYS.index), True),
}
"""What is damaged -> how, and whether only a deep reconciliation finds it."""


def damage(quick: bool, tick: Tick) -> Iterator[Figure]:
    """Check, then repair, each damage, at three sizes."""
    sizes = (64, 128, 256) if quick else (6_250, 25_000, 100_000)
    for name, (harm, deep) in DAMAGES.items():
        seconds: dict[bool, list[float]] = {False: [], True: []}
        for size in sizes:
            with RedisServer() as server, server.client() as client, SnapshotStore(server.url) as store:
                fill(client, REGION, size, MINUTE_MS)
                harm(client)
                for repair, taken in seconds.items():
                    work = partial(store.reconcile, [REGION], repair=repair, deep=deep)
                    taken.append(timed(work))
                    tick(f"{name}, {size:,}")
        for repair, taken in seconds.items():
            what = f"{name}: {'repair' if repair else 'check'}"
            yield figure(GROUP, f"{what} {sizes[-1]:,} entries", "s", taken[-1:])
            growth = [exponent(sizes, taken)]
            yield figure(GROUP, f"{what}: exponent, {sizes[0]:,} to {sizes[-1]:,}", "", growth, "<= 1.15")
    yield figure(GROUP, "every payload is lost: memory per entry", "KB", [_memory_kb(sizes[0])])


def _memory_kb(size: int) -> float:
    """Peak memory of this process while it repairs, per entry; the findings of the report are part of it."""
    with RedisServer() as server, server.client() as client, SnapshotStore(server.url) as store:
        fill(client, REGION, size, MINUTE_MS)
        DAMAGES["every payload is lost"][0](client)
        tracemalloc.start()
        store.reconcile([REGION])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak / size / 1024
