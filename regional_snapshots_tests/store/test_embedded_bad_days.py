"""The embedded server on a bad day: its home is copied, its disk is full, its platform lacks what it rests on."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from regional_snapshots.store.embedded import server as embedded
from regional_snapshots.store.embedded.server import EmbeddedServer
from regional_snapshots.store.errors import EmbeddedServerError, ServerRefusedError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, fresh, wait_until

LONG = "a home with a very long name " * 4


@pytest.fixture
def homes() -> Iterator[list[EmbeddedServer]]:
    """Servers that end with the test."""
    servers: list[EmbeddedServer] = []
    yield servers
    for server in servers:
        server.stop()


def client(server: EmbeddedServer) -> redis.Redis:
    return redis.Redis.from_url(server.ensure(), decode_responses=True)


@pytest.mark.parametrize("name", ["short", LONG], ids=["short path", "long path"])
def test_a_copy_of_a_home_that_runs_has_a_server_of_its_own(name: str, tmp_path: Path, homes: list) -> None:
    original = EmbeddedServer(tmp_path / name / "redis")
    homes.append(original)
    client(original).set("whose", "the original's")
    shutil.copytree(
        original.directory, tmp_path / "copy" / name / "redis", ignore=shutil.ignore_patterns("*.sock"), symlinks=True
    )
    copy = EmbeddedServer(tmp_path / "copy" / name / "redis")
    homes.append(copy)
    copy.directory.chmod(0o700)
    client(copy).set("whose", "the copy's")
    assert client(original).get("whose") == "the original's"
    assert copy.url != original.url


def test_a_home_that_is_moved_while_it_runs_keeps_its_server(tmp_path: Path, homes: list) -> None:
    original = EmbeddedServer(tmp_path / LONG / "redis")
    client(original).set("key", "value")
    (tmp_path / LONG).rename(tmp_path / (LONG + "moved"))
    moved = EmbeddedServer(tmp_path / (LONG + "moved") / "redis")
    homes.append(moved)
    assert client(moved).get("key") == "value"
    assert moved.url == original.url


def limit_files(pid: int, size: int) -> None:
    """Let the files of a process grow to this size and no further: its disk is full."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux")
def test_a_full_disk_refuses_writes_and_nothing_else(tmp_path: Path, homes: list) -> None:
    server = EmbeddedServer(tmp_path / "redis")
    homes.append(server)
    with SnapshotStore(server.ensure()) as store:
        direct = client(server)
        store.commit(fresh(direct))
        pid = server.status().pid
        assert pid
        limit_files(pid, max(file.stat().st_size for file in server.directory.rglob("*.aof")) + 100)
        wait_until(lambda: refuses(direct))
        assert server.status().running
        assert server.status().state == embedded.READS_ONLY
        assert server.ensure() == server.url
        assert store.latest(REGION).region == REGION
        with pytest.raises(ServerRefusedError, match=r"MISCONF|disk"):
            store.commit(fresh(direct, plus_ms=1), force=True)
        limit_files(pid, resource.RLIM_INFINITY)
        wait_until(lambda: server.status().state == embedded.ANSWERS)
        store.commit(fresh(direct, plus_ms=1), force=True)


SLOW_DISK = """
#include <unistd.h>
int fsync(int fd) { (void)fd; usleep(500000); return 0; }
int fdatasync(int fd) { return fsync(fd); }
"""


@pytest.mark.skipif(not (shutil.which("cc") and sys.platform == "linux"), reason="needs a C compiler and Linux")
def test_what_was_acknowledged_survives_a_kill_while_the_disk_is_slow(tmp_path: Path) -> None:
    shim, data = tmp_path / "slow.so", tmp_path / "data"
    subprocess.run(["cc", "-shared", "-fPIC", "-xc", "-", "-o", shim], input=SLOW_DISK, text=True, check=True)
    data.mkdir()
    options = embedded.SERVER_OPTIONS | {"unixsocket": str(data / "sock"), "dir": str(data)}
    line = [
        str(next(iter(embedded.server_binaries()))),
        *(word for key, value in options.items() for word in (f"--{key}", value)),
    ]

    def answering(environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], redis.Redis]:
        process = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL)
        direct = redis.Redis(unix_socket_path=str(data / "sock"), retry=None)
        wait_until(lambda: pings(direct))
        return process, direct

    process, direct = answering({"LD_PRELOAD": str(shim)})
    try:
        started = direct.time()[0]
        while direct.time()[0] < started + 3:  # an fsync each second, if the server is left to it, is then under way
            acknowledged = direct.incr("n")
    finally:
        process.kill()
        process.wait()
    process, direct = answering({})
    try:
        assert int(direct.get("n")) == acknowledged
    finally:
        process.kill()
        process.wait()


def pings(direct: redis.Redis) -> bool:
    try:
        return bool(direct.ping())
    except redis.ConnectionError:
        return False


def refuses(direct: redis.Redis) -> bool:
    try:
        direct.set("filler", "x" * 1000)
    except redis.ResponseError as error:
        return str(error).startswith("MISCONF")
    return False


def test_a_server_that_cannot_start_for_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "server"
    script.write_text('#!/bin/sh\necho "Fatal: can\'t open the append-only file: No space left on device"\nexit 1\n')
    script.chmod(0o755)
    monkeypatch.setattr(embedded, "server_binaries", lambda: (script,))
    with pytest.raises(EmbeddedServerError, match=r"the disk is full.*free some space.*still there"):
        EmbeddedServer(tmp_path / "redis", timeout_s=5).ensure()


def test_without_file_locks_only_the_embedded_server_is_unavailable(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['fcntl'] = None\n"
        "from pathlib import Path\n"
        "from regional_snapshots.store.snapshots import Policy, SnapshotStore, open_store\n"
        "SnapshotStore('redis://localhost:1/0').close()\n"
        "open_store('', feeds_url='', home=Path(sys.argv[1]), layout='tagged', policy=Policy())\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert "EmbeddedServerError: the embedded server needs Linux or macOS. Next: set REDIS_URL" in ended.stderr
