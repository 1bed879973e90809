"""States in which a real server refuses work. Each is a context manager that ends the state again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from regional_snapshots_tests.support.server import RedisServer

NOWHERE = ("127.0.0.1", "1")
"""A primary that is never there."""


@contextmanager
def out_of_memory(server: RedisServer) -> Iterator[None]:
    """Every command that may need memory is refused with ``OOM``."""
    server.configure(maxmemory=1, maxmemory_policy="noeviction")
    try:
        yield
    finally:
        server.configure(maxmemory=0)


@contextmanager
def read_only(server: RedisServer) -> Iterator[None]:
    """The server is a replica of a primary that is gone: reads work, writes get ``READONLY``."""
    with server.client() as client:
        client.execute_command("REPLICAOF", *NOWHERE)
        try:
            yield
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")


@contextmanager
def cut_off(server: RedisServer) -> Iterator[None]:
    """A replica that lost its primary and may not serve old data: reads are refused with ``MASTERDOWN``."""
    server.configure(replica_serve_stale_data="no")
    with read_only(server):
        yield
    server.configure(replica_serve_stale_data="yes")


@contextmanager
def without_replicas(server: RedisServer) -> Iterator[None]:
    """Writes are refused with ``NOREPLICAS``."""
    server.configure(min_replicas_to_write=1)
    try:
        yield
    finally:
        server.configure(min_replicas_to_write=0)


@contextmanager
def failing_saves(server: RedisServer) -> Iterator[None]:
    """A snapshot to disk has failed, so writes are refused with ``MISCONF``."""
    obstacle = server.directory / "dump.rdb"
    with server.client() as client:
        _until(lambda: not client.info("persistence")["rdb_bgsave_in_progress"])
        obstacle.unlink(missing_ok=True)  # a replica has saved what it was sent
        obstacle.mkdir()
        server.configure(save="3600 1")
        client.bgsave()
        _until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
        try:
            yield
        finally:
            obstacle.rmdir()
            client.save()


@contextmanager
def busy(server: RedisServer) -> Iterator[None]:
    """A script runs for ever: every other command is refused with ``BUSY``."""
    server.configure(busy_reply_threshold=5)

    def loop() -> None:
        with server.client() as client:
            try:
                client.eval("while true do end", 0)
            except redis.RedisError:
                return

    script = threading.Thread(target=loop)
    script.start()
    with server.client() as client:
        _until(lambda: _refusal(client) == "BUSY")
        try:
            yield
        finally:
            client.script_kill()
            script.join()
            _until(lambda: not _refusal(client))
            server.configure(busy_reply_threshold=5000)


@contextmanager
def without_permission(server: RedisServer, *rules: str) -> Iterator[None]:
    """The default user loses something, for example ``"-zadd"`` or ``"resetkeys"``: ``NOPERM``."""
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "default", *rules)
        try:
            yield
        finally:
            client.execute_command("ACL", "SETUSER", "default", "reset", "on", "nopass", "~*", "&*", "+@all")


def _refusal(client: redis.Redis) -> str:
    try:
        client.ping()
    except redis.ResponseError as error:
        return str(error).split()[0]
    return ""


def _until(condition, timeout_s: float = 10.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "the server never came into the state asked for"
        time.sleep(0.002)
