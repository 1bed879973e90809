"""Reconciling a full history: 90 days at 15 minutes, against the bare pipelined reads that it needs."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator, Sequence

import redis

from benchmarks.measure import Figure, Tick, figure, quotients, take_turns, timed
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import MINUTE_MS
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.link.wires.wire import Command, Reply, Wire
from regional_snapshots.store.reconcile.reconciler import Reconciler
from regional_snapshots_tests.support.server import RedisServer

GROUP = "full history"
EACH = 90 * 24 * 4
"""Snapshots of one region in 90 days."""


class Recorder(Connections):
    """Keeps what it sends, exchange by exchange."""

    sent: list[Sequence[Command]]

    async def exchange(self, wire: Wire, commands: Sequence[Command], most_bytes: float = math.inf) -> list[Reply]:
        """As ever."""
        self.sent.append(commands)
        return await super().exchange(wire, commands, most_bytes)


def history(quick: bool, tick: Tick) -> Iterator[Figure]:
    """Reconcile eight regions with all their snapshots."""
    each, rounds = (20, 1) if quick else (EACH, 5)
    with RedisServer() as server, server.client() as client:
        for region in REGION_IDS:
            fill(client, region, each)
            tick(f"filling {region}")
        sent = _reconcile(server.url)
        seconds = take_turns(
            {
                "reconcile": lambda: timed(lambda: _reconcile(server.url)),
                "bare": lambda: timed(lambda: _send(client, sent)),
            },
            rounds,
            tick,
        )
    ratio = quotients(seconds["reconcile"], seconds["bare"])
    yield figure(GROUP, f"reconcile {len(REGION_IDS)} x {each:,} snapshots", "s", seconds["reconcile"])
    yield figure(GROUP, "the same / its reads pipelined with redis-py, no logic", "ratio", ratio, "<= 2")


def fill(
    client: redis.Redis, region: str, count: int, apart_ms: int = 15 * MINUTE_MS, reason: str = "regime_shift",
    *, text: str = "",
) -> None:  # fmt: skip
    """A healthy region with ``count`` small snapshots, a quarter of an hour apart, with so much ``text`` in them."""
    keys, now_ms, life_ms = RegionKeys(region), time.time_ns() // 1_000_000, EACH * 15 * MINUTE_MS
    with client.pipeline(transaction=False) as pipe:
        for age in range(count - 1, -1, -1):
            instant = now_ms - age * apart_ms
            document = {"region_id": region, "generated_at": instant, "meta": {"trigger_reason": reason}, "text": text}
            snapshot = Snapshot.seal(document)
            pipe.set(keys.payload(snapshot.id), snapshot.payload, pxat=instant + life_ms)
            pipe.set(keys.view(instant), snapshot.id, pxat=instant + life_ms)
            pipe.zadd(keys.index, {snapshot.id: instant})
        pipe.set(keys.latest, snapshot.id, pxat=instant + life_ms)
        pipe.pexpireat(keys.index, instant + life_ms)
        pipe.execute()


def _reconcile(url: str) -> list[Sequence[Command]]:
    async def all_regions() -> list[Sequence[Command]]:
        connections = Recorder(url)
        connections.sent = []
        report = await Reconciler(connections).reconcile(REGION_IDS)
        await connections.close()
        if not report.healthy:
            raise RuntimeError(f"{len(report.left)} findings, first: {report.left[:1]}, errors: {report.errors}")
        return connections.sent

    return asyncio.run(all_regions())


def _send(client: redis.Redis, sent: Sequence[Sequence[Command]]) -> None:
    for commands in sent:
        with client.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            pipe.execute(raise_on_error=False)
