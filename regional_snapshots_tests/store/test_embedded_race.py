"""The embedded server under a crowd that starts it and a killer that ends it.

Set ``REGIONAL_SNAPSHOTS_TEST_ROUNDS`` for more rounds than a test run has time for.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from regional_snapshots.store.embedded.lock import server_pid
from regional_snapshots.store.embedded.server import EmbeddedServer

ROUNDS = int(os.environ.get("REGIONAL_SNAPSHOTS_TEST_ROUNDS", "2"))
RACERS = 20
RACER = """
import sys, redis
from pathlib import Path
from regional_snapshots.store.embedded.server import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(10):
    url = server.ensure()
    with redis.Redis.from_url(url, retry=None) as client:
        try:
            print(client.incr("n"), client.info("server")["process_id"], flush=True)
        except redis.ConnectionError:
            print("cut", flush=True)
"""


def servers_on(directory: Path) -> list[int]:
    """Every server process that works in the directory, whatever the locks say."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_text()
            works_here = "redis.sock" in command and (process / "cwd").samefile(directory)
        except OSError:  # it ended while we looked
            continue
        if works_here and "launcher.py" not in command:
            found.append(int(process.name))
    return found


class Killer:
    """Kills the server after some writes, and every now and then the next one while it starts."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.server, self.chance = server, random.Random(20)  # noqa: S311
        self.next_at, self.again = 5, False

    def strike(self) -> bool:
        """Whether it killed one just now."""
        pid = server_pid(self.server.directory)
        if not pid or not (self.again or self._writes() >= self.next_at):
            return False
        os.kill(pid, signal.SIGKILL)
        self.again = not self.again and self.chance.random() < 0.3
        self.next_at += self.chance.randrange(5, 40)
        return True

    def _writes(self) -> int:
        with suppress(redis.RedisError), redis.Redis.from_url(self.server.url, retry=None) as client:
            return int(client.get("n") or 0)
        return 0


def start_racer(directory: Path) -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", RACER, directory], **pipes, text=True)


@pytest.fixture
def server(tmp_path):
    made = EmbeddedServer(tmp_path / "home")
    yield made
    made.stop()


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="this system does not list its processes in /proc")
def test_no_two_servers_ever_live_and_no_acknowledged_write_is_lost(server):
    directory = server.directory
    killer = Killer(server)
    seen: Counter[str] = Counter()
    acknowledged: list[int] = []
    for _ in range(ROUNDS):
        racers = [start_racer(directory) for _ in range(RACERS)]
        for racer in racers:
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        while any(racer.poll() is None for racer in racers):
            alive = servers_on(directory) if directory.exists() else []
            assert len(alive) <= 1, alive
            seen["looks"] += 1
            seen["kills"] += killer.strike()
        for racer in racers:
            said, problems = racer.communicate()
            assert racer.returncode == 0, problems
            lines = said.split("\n")[:-1]
            seen["cut"] += lines.count("cut")
            acknowledged += [int(line.split()[0]) for line in lines if line != "cut"]
    total = int(redis.Redis.from_url(server.ensure()).get("n"))
    seen["starts"] = server.directory.joinpath("redis.log").read_text().count("Ready to accept connections")
    print(f"{ROUNDS} rounds of {RACERS}: {len(acknowledged)} writes acknowledged, {total} kept, {dict(seen)}")
    assert len(set(acknowledged)) == len(acknowledged)
    assert total >= max(acknowledged)
    assert total <= ROUNDS * RACERS * 10
