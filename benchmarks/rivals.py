"""What a user would otherwise write, and what the machine can do at best. None of it protects anything."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hiredis
import redis
from redis.asyncio import BlockingConnectionPool

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.commit import Policy
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.server import Server
from regional_snapshots.store.protocol.decide import Writes
from regional_snapshots.store.protocol.look import Look, Looked
from regional_snapshots.store.protocol.transaction import Publication

LIFE_MS = 90 * 86_400_000
POLICY = Policy()
NEWEST = Server("valkey", (7, 2))


def one_after_another(client: redis.Redis, snapshots: Sequence[Snapshot]) -> None:
    """The plain loop: seven commands, each waiting for the one before."""
    for snapshot in snapshots:
        _write(client, snapshot)


def transactions(client: redis.Redis, snapshots: Sequence[Snapshot]) -> None:
    """One ``pipeline(transaction=True)`` per region, one after another."""
    for snapshot in snapshots:
        with client.pipeline(transaction=True) as pipe:
            _write(pipe, snapshot)
            pipe.execute()


def threads(client: redis.Redis, snapshots: Sequence[Snapshot], workers: int) -> None:
    """The same transactions from threads."""
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda snapshot: transactions(client, [snapshot]), snapshots))


def _write(client: redis.Redis, snapshot: Snapshot) -> None:
    keys = RegionKeys(snapshot.region)
    client.set(keys.payload(snapshot.id), snapshot.payload, px=LIFE_MS)
    client.set(keys.view(snapshot.generated_at), snapshot.id, px=LIFE_MS)
    client.set(keys.latest, snapshot.id, px=LIFE_MS)
    client.zadd(keys.index, {snapshot.id: snapshot.generated_at})
    client.zremrangebyscore(keys.index, "-inf", f"({snapshot.generated_at - LIFE_MS}")
    client.pexpire(keys.index, LIFE_MS)
    client.delete(keys.live)


Exchanges = list[list[tuple]]


def exchanges(snapshot: Snapshot) -> Exchanges:
    """The commands of one commit of ours, in the order of their two writes."""
    keys, now_ms = RegionKeys(snapshot.region), snapshot.generated_at
    claim = keys.claim(snapshot.reason, now_ms // POLICY.bucket_ms)
    seen = Looked(None, None, None, False, None, 0, now_ms)
    writes = Writes(late=False, index_expires_ms=now_ms + LIFE_MS)
    publication = Publication(keys, claim, snapshot, writes, seen, POLICY, NEWEST)
    return [Look(keys, claim, snapshot, server=NEWEST).batch.commands, publication.batch.commands]


async def redis_py(url: str, commits: Sequence[Exchanges], connections: int) -> None:
    """redis-py's asyncio connections sending our commands packed, with no logic of ours."""
    options = {"max_connections": connections, "protocol": 2, "driver_info": None, "socket_timeout": None}
    pool = BlockingConnectionPool.from_url(url, **options)
    left = iter(commits)

    async def worker() -> None:
        connection = await pool.get_connection()
        for commit in left:
            for commands in commit:
                await connection.send_packed_command(connection.pack_commands(commands))
                for _ in commands:
                    await connection.read_response()
        await pool.release(connection)

    await asyncio.gather(*(worker() for _ in range(connections)))
    await pool.disconnect()


def encoded(commits: Sequence[Exchanges]) -> list[tuple[list[bytes], int]]:
    """For :func:`bare`: for each commit its two writes as bytes, and how many bytes of replies are due."""
    return [
        [(b"".join(map(hiredis.pack_command, commands)), len(commands)) for commands in commit] for commit in commits
    ]


def bare(server_socket: Path, commits: Sequence[list[tuple[bytes, int]]], connections: int) -> None:
    """Bare sockets sending bytes that were encoded before, a wave at a time: the physical limit of one process."""
    sockets = [socket.socket(socket.AF_UNIX) for _ in range(connections)]
    readers = [hiredis.Reader() for _ in sockets]
    for each in sockets:
        each.connect(str(server_socket))
    for start in range(0, len(commits), connections):
        wave = commits[start : start + connections]
        for step in range(2):
            for each, commit in zip(sockets, wave, strict=False):
                each.sendall(commit[step][0])
            for each, reader, commit in zip(sockets, readers, wave, strict=False):
                _hear(each, reader, commit[step][1])
    for each in sockets:
        each.close()


def _hear(each: socket.socket, reader: hiredis.Reader, replies: int) -> None:
    while replies:
        if reader.gets() is False:
            reader.feed(each.recv(1 << 16))
        else:
            replies -= 1
