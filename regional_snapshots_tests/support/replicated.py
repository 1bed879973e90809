"""A server with replicas, and sentinels that promote one of them when it dies."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

import redis

from regional_snapshots_tests.support.commits import wait_until
from regional_snapshots_tests.support.server import WATCHDOG, RedisServer

SERVICE = "snapshots"
SENTINELS, QUORUM = 3, 2
SETTINGS = """
port {port}
bind 127.0.0.1
dir {directory}
sentinel monitor {service} 127.0.0.1 {primary} {quorum}
sentinel down-after-milliseconds {service} 400
sentinel failover-timeout {service} 2000
"""


class Replicated:
    """A primary and its replicas, all of them in step. A context manager."""

    def __init__(self, replicas: int = 1) -> None:
        self._open = ExitStack()
        self.servers = [self._open.enter_context(RedisServer(tcp=True)) for _ in range(replicas + 1)]
        for replica in self.servers[1:]:
            with replica.client() as client:
                client.execute_command("REPLICAOF", "127.0.0.1", self.servers[0].port)
                wait_until(lambda client=client: client.info("replication")["master_link_status"] == "up")

    def __enter__(self) -> Replicated:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def primary(self) -> RedisServer:
        """The first one, which the others copy at the beginning."""
        return self.servers[0]

    def promote(self, number: int = 1) -> None:
        """Make another one the primary; the old one copies it from now on."""
        with self.servers[number].client() as client:
            client.execute_command("REPLICAOF", "NO", "ONE")
        with self.primary.client() as client:
            client.execute_command("REPLICAOF", "127.0.0.1", self.servers[number].port)
            wait_until(lambda: client.info("replication")["master_link_status"] == "up")


class Sentinels:
    """Three sentinels that watch over a replicated server. A context manager."""

    def __init__(self, watched: Replicated) -> None:
        self._open = ExitStack()
        self.ports = [self._start(watched) for _ in range(SENTINELS)]
        for port in self.ports:
            with redis.Redis(port=port) as client:
                wait_until(lambda client=client: self._knows_all(client, len(watched.servers) - 1))

    def __enter__(self) -> Sentinels:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def url(self) -> str:
        """Where snapshots are, as the sentinels have it."""
        return f"redis+sentinel://{','.join(f'127.0.0.1:{port}' for port in self.ports)}/{SERVICE}/0"

    def _start(self, watched: Replicated) -> int:
        directory = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="rs-sentinel-")))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = directory / "sentinel.conf"
        named = {"port": port, "directory": directory, "primary": watched.primary.port}
        settings.write_text(SETTINGS.format(**named, service=SERVICE, quorum=QUORUM))
        process = subprocess.Popen(
            [watched.primary.binary, settings, "--sentinel"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=directory, start_new_session=True,
        )  # fmt: skip
        watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "watchdog", str(process.pid), directory],
            stdin=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._open.callback(_end, process, watchdog)
        return port

    def _knows_all(self, client: redis.Redis, replicas: int) -> bool:
        try:
            state = client.sentinel_masters()[SERVICE]
        except (redis.ConnectionError, KeyError):
            return False
        return state["num-other-sentinels"] == SENTINELS - 1 and state["num-slaves"] == replicas


def _end(process: subprocess.Popen, watchdog: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    watchdog.kill()
    watchdog.communicate()
