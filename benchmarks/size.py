"""Bytes in the server: real snapshots of the eight regions, stored our way and the way of the script before us."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence

import redis

from benchmarks.measure import Figure, Tick, figure
from benchmarks.throughput import commit
from regional_snapshots.files.feed_files import SAMPLE, read_directory
from regional_snapshots.model.feeds import DATA_KEYS, Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import MINUTE_MS
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.store.keys import WORLDMONITOR, RegionKeys
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.server import RedisServer

GROUP = "size"


def size(quick: bool, tick: Tick) -> Iterator[Figure]:
    """``MEMORY USAGE`` of all keys."""
    made = [snapshot for step in range(2 if quick else 24) for snapshot in real_snapshots(step * 15 * MINUTE_MS)]
    tick("ours")
    with RedisServer() as server, SnapshotStore(server.url) as store, server.client() as client:
        for start in range(0, len(made), len(REGION_IDS)):
            commit(store, made[start : start + len(REGION_IDS)])
        ours = usage(client)
    tick("the reference's way")
    with RedisServer() as server, server.client() as client:
        the_old_way(client, made)
        theirs = usage(client)
    payload = sum(len(snapshot.payload) for snapshot in made)
    yield figure(GROUP, "JSON of one snapshot", "bytes", [len(snapshot.payload) for snapshot in made])
    yield figure(GROUP, "MEMORY USAGE, ours / the reference's way", "ratio", [ours / theirs], "<= 0.55")
    yield figure(GROUP, "MEMORY USAGE per byte of JSON", "ratio", [ours / payload])


def real_snapshots(later_ms: int) -> list[Snapshot]:
    """The eight regions as scored from the sample feeds, ``later_ms`` after the newest of them was published."""
    documents, _ = read_directory(SAMPLE)
    raw = {key: documents.get(key) for key in DATA_KEYS}
    start_ms = time.time_ns() // 1_000_000 - 24 * 60 * MINUTE_MS
    feeds = Feeds.from_raw(raw, start_ms + later_ms)
    scored = METHODS["1.1"].score_regions(REGION_IDS, feeds, {}, {}, start_ms + later_ms)
    return [entry.snapshot for entry in scored.values()]


def the_old_way(client: redis.Redis, snapshots: Sequence[Snapshot]) -> None:
    """Six keys a snapshot, the JSON twice. Source: the pipeline specification, section 17."""
    life_s = 90 * 86_400
    for snapshot in snapshots:
        keys, text = RegionKeys(snapshot.region, WORLDMONITOR), json.dumps(snapshot.document, separators=(",", ":"))
        bucket = snapshot.generated_at // (15 * MINUTE_MS)
        with client.pipeline(transaction=False) as pipe:
            pipe.set(keys.claim(snapshot.reason, bucket), snapshot.id, ex=900, nx=True)
            pipe.set(keys.view(snapshot.generated_at), text, ex=life_s)
            pipe.set(keys.payload(snapshot.id), text, ex=life_s)
            pipe.set(keys.latest, snapshot.id, ex=life_s)
            pipe.zadd(keys.index, {snapshot.id: snapshot.generated_at})
            pipe.delete(keys.live)
            pipe.execute()


def usage(client: redis.Redis) -> int:
    """``MEMORY USAGE`` of every key, in bytes, nothing estimated."""
    return sum(client.memory_usage(key, samples=0) or 0 for key in client.scan_iter(count=1000))
