"""The embedded server: one per directory, whoever races, dies or stands in the way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from regional_snapshots.store.embedded import server as embedded
from regional_snapshots.store.embedded.lock import try_start_lock
from regional_snapshots.store.embedded.server import EmbeddedServer
from regional_snapshots.store.errors import EmbeddedServerError, StoreError

ENSURE = (
    "import sys; from pathlib import Path; from regional_snapshots.store.embedded.server import EmbeddedServer\n"
    "print(EmbeddedServer(Path(sys.argv[1])).ensure())"
)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")


@pytest.fixture
def started():
    """Makes embedded servers that end with the test."""
    made = []

    def make(directory: Path, **options) -> EmbeddedServer:
        made.append(EmbeddedServer(directory, **options))
        return made[-1]

    yield make
    for server in made:
        pid = server.status().pid
        if pid:
            os.kill(pid, signal.SIGKILL)
        with suppress(redis.RedisError):  # a server that no lock names is a bug, and must not stay either
            redis.Redis.from_url(server.url, retry=None).shutdown(nosave=True)


def client(server: EmbeddedServer) -> redis.Redis:
    return redis.Redis.from_url(server.ensure())


def ensure_elsewhere(directory: Path, **options) -> subprocess.Popen[str]:
    """``ensure`` in a process of its own, without a terminal and in its own session."""
    return subprocess.Popen(
        [sys.executable, "-c", ENSURE, directory], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True, **options,
    )  # fmt: skip


def test_it_starts_once_answers_and_stops(tmp_path, started):
    server = started(tmp_path / "not" / "there yet")
    assert server.status().state == embedded.ABSENT
    assert not server.stop()
    assert not server.directory.exists()
    assert client(server).ping()
    first = server.status()
    assert first.running
    assert first.version.split()[0] in ("Valkey", "Redis")
    assert first.url == server.url == server.ensure()
    assert client(server).info("server")["process_id"] == first.pid == server.status().pid
    assert server.stop()
    assert server.status().pid is None
    assert not server.stop()


def test_its_settings_lose_nothing_and_open_no_port(tmp_path, started):
    settings = client(started(tmp_path / "home")).config_get()
    promised = {
        "port": "0", "appendonly": "yes", "appendfsync": "no", "aof-use-rdb-preamble": "no", "save": "",
        "maxmemory-policy": "noeviction",
    }  # fmt: skip
    assert promised.items() <= settings.items()


@pytest.mark.parametrize("name", ["with a space", "ä-ö-雪", "odd#name?x=1%20", "l" * 150])
def test_any_name_of_a_directory_will_do(tmp_path, started, name):
    server = started(tmp_path / name)
    client(server).set("a", name)
    again = EmbeddedServer(tmp_path / name)
    assert again.ensure() == server.url
    assert client(again).get("a").decode() == name


def test_a_long_path_gets_a_short_private_socket_that_is_recorded(tmp_path, started):
    server = started(tmp_path / ("l" * 150))
    path = Path(client(server).config_get("unixsocket")["unixsocket"])
    assert len(os.fsencode(path)) <= 100
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert (server.directory / "socket-path").read_text() == str(path)


def test_a_directory_that_moved_keeps_its_server(tmp_path, started):
    server = started(tmp_path / "before")
    client(server).set("a", 1)
    (tmp_path / "before").rename(tmp_path / "after")
    moved = started(tmp_path / "after")
    assert client(moved).get("a") == b"1"


def test_a_symbolic_link_leads_to_the_same_server(tmp_path, started):
    (tmp_path / "link").symlink_to(tmp_path / "home")
    assert started(tmp_path / "link").ensure() == started(tmp_path / "home").ensure()


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_nobody_else_can_enter_whatever_the_umask(tmp_path, started, umask):
    server = started(tmp_path / "deep" / "home")
    said, problems = ensure_elsewhere(server.directory, umask=umask).communicate()
    assert said.strip() == server.url, problems
    assert server.directory.stat().st_mode & 0o777 == 0o700
    assert Path(server.directory, "redis.sock").stat().st_mode & 0o777 == 0o700


def test_it_outlives_the_process_that_started_it_and_has_no_terminal(tmp_path, started):
    server = started(tmp_path / "home")
    starter = ensure_elsewhere(server.directory)
    starter.communicate()
    pid = server.status().pid
    assert client(server).ping()
    assert os.getsid(pid) == pid
    assert os.getsid(pid) != starter.pid


def test_twenty_processes_that_race_start_one_server(tmp_path, started):
    server = started(tmp_path / "home")
    racers = [ensure_elsewhere(server.directory) for _ in range(20)]
    said = [racer.communicate() for racer in racers]
    assert {url.strip() for url, _ in said} == {server.url}, said
    assert server.directory.joinpath("redis.log").read_text().count("Ready to accept connections") == 1


def test_killed_at_any_time_it_comes_back_with_its_data(tmp_path, started):
    server = started(tmp_path / "home")
    for number in range(1, 6):
        assert client(server).incr("n") == number
        os.kill(server.status().pid, signal.SIGKILL)
    assert client(server).get("n") == b"5"


def test_a_stale_socket_is_no_obstacle(tmp_path, started):
    (tmp_path / "home").mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(os.fspath(tmp_path / "home" / "redis.sock"))
    assert client(started(tmp_path / "home")).ping()


def test_a_stopped_server_is_waited_for_reported_and_never_doubled(tmp_path, started, monkeypatch):
    monkeypatch.setattr(embedded, "PROBE_TIMEOUT_S", 0.05)
    server = started(tmp_path / "home", timeout_s=0.2)
    EmbeddedServer(tmp_path / "home").ensure()
    pid = server.status().pid
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(EmbeddedServerError, match=f"process {pid}.*does not answer"):
        server.ensure()
    assert server.status() == embedded.ServerStatus(
        False, embedded.SILENT, pid, server.url, server.directory, server.status().binary, ""
    )
    os.kill(pid, signal.SIGCONT)
    assert client(EmbeddedServer(tmp_path / "home")).info("server")["process_id"] == pid


def test_a_stopped_server_can_still_be_ended(tmp_path, started):
    server = started(tmp_path / "home")
    client(server).set("a", 1)
    os.kill(server.status().pid, signal.SIGSTOP)
    assert server.stop()
    assert client(server).get("a") == b"1"


def test_a_loading_server_is_waited_for(tmp_path, started):
    server = started(tmp_path / "home")
    with client(server).pipeline(transaction=False) as pipe:
        for number in range(100_000):
            pipe.set(f"key:{number}", number)
        pipe.execute()
    os.kill(server.status().pid, signal.SIGKILL)
    assert client(server).dbsize() == 100_000


def test_a_damaged_log_is_reported_and_left_as_it_is(tmp_path, started):
    server = started(tmp_path / "home")
    for number in range(100):
        client(server).set(f"key:{number}", number)
    server.stop()
    [log] = server.directory.glob("appendonlydir/*.incr.aof")
    content = bytearray(log.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8] = b"\0garbage"
    log.write_bytes(content)
    with pytest.raises(EmbeddedServerError, match=r"(?s)Bad file format.*put a copy of .*appendonlydir"):
        server.ensure()
    assert log.read_bytes() == content


def test_a_file_in_place_of_the_directory_is_refused(tmp_path):
    (tmp_path / "home").write_text("mine")
    with pytest.raises(EmbeddedServerError, match=r"is not a directory.*move"):
        EmbeddedServer(tmp_path / "home").ensure()
    with pytest.raises(EmbeddedServerError):
        EmbeddedServer(tmp_path / "home" / "below").ensure()
    assert (tmp_path / "home").read_text() == "mine"


def test_a_directory_that_others_may_enter_is_refused_unless_empty(tmp_path, started):
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o755)
    (tmp_path / "home" / "something").touch()
    with pytest.raises(EmbeddedServerError, match="chmod 700"):
        EmbeddedServer(tmp_path / "home").ensure()
    (tmp_path / "home" / "something").unlink()
    assert client(started(tmp_path / "home")).ping()
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


@as_root
def test_a_directory_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "home").mkdir(mode=0o700)
    os.chown(tmp_path / "home", 12345, 12345)
    for call in (EmbeddedServer(tmp_path / "home").ensure, EmbeddedServer(tmp_path / "home").stop):
        with pytest.raises(EmbeddedServerError, match="belongs to user id 12345"):
            call()


@as_root
def test_a_short_socket_that_somebody_else_could_have_put_there_is_refused(tmp_path, started):
    server = started(tmp_path / ("l" * 150))
    server.ensure()
    foreign = tmp_path / "foreign"
    foreign.mkdir(mode=0o700)
    os.chown(foreign, 12345, 12345)
    record = server.directory / "socket-path"
    true_record = record.read_text()
    record.write_text(os.fspath(foreign / "x.sock"))
    with pytest.raises(EmbeddedServerError, match="belongs to user id 12345"):
        server.ensure()
    record.write_text(true_record)


def test_without_any_server_program_the_error_names_redis_url(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "server_binaries", tuple)
    with pytest.raises(StoreError, match=r"no Redis or Valkey server program.*REDIS_URL"):
        EmbeddedServer(tmp_path / "home").ensure()


def test_a_program_that_does_not_run_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "server_binaries", lambda: (Path("/nowhere/valkey-server"),))
    with pytest.raises(EmbeddedServerError, match=r"(?s)does not run.*/nowhere/valkey-server"):
        EmbeddedServer(tmp_path / "home").ensure()


def test_a_server_that_answers_is_found_while_somebody_holds_the_start_lock(tmp_path, started):
    server = started(tmp_path / "home", timeout_s=0.1)
    EmbeddedServer(tmp_path / "home").ensure()
    with try_start_lock(server.directory) as mine:
        assert mine
        assert server.ensure() == server.url
        with pytest.raises(EmbeddedServerError, match="somebody else is starting or stopping"):
            server.stop()
