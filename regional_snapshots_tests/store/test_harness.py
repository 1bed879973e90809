"""The harness keeps its own promises: it breaks and restores what it says, and leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import redis

from regional_snapshots_tests.support import server_faults
from regional_snapshots_tests.support.commits import wait_until
from regional_snapshots_tests.support.server import (
    RedisServer,
    ServerFailedError,
    supports_tls,
    usable_binaries,
)


def exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_server_keeps_what_its_log_has(own_server):
    server = own_server({"appendonly": "yes", "appendfsync": "always"})
    server.client().set("a", 1)
    first = server.pid
    server.kill()
    with pytest.raises(redis.ConnectionError):
        server.client(retry=None).ping()
    server.start()
    assert server.client().get("a") == b"1"
    assert server.pid != first
    assert server.append_only_log.stat().st_size > 0


def test_a_paused_server_accepts_and_does_not_answer(server):
    server.pause()
    with pytest.raises(redis.TimeoutError):
        server.client(socket_timeout=0.05, retry=None).ping()
    server.resume()
    assert server.client().ping()


def test_the_shared_server_is_as_new_for_every_test(server):
    client = server.client()
    client.set("a", 1)
    client.config_set("maxmemory", 1)
    client.acl_setuser("somebody", enabled=True, nopass=True)
    client.execute_command("ACL", "SETUSER", "default", "off", "resetpass", "-@all")
    client.execute_command("REPLICAOF", "127.0.0.1", "1")
    server.reset()
    plain = redis.Redis.from_url(server.url)
    assert plain.dbsize() == 0
    assert plain.config_get("maxmemory") == {"maxmemory": "0"}
    assert set(plain.acl_users()) == {"default", "harness"}
    assert plain.set("b", 1)


def test_a_shared_server_that_a_test_killed_comes_back(server):
    server.kill()
    server.reset()
    assert redis.Redis.from_url(server.tcp_url).ping()


def test_a_server_that_cannot_start_says_why():
    with pytest.raises(ServerFailedError, match="maxmemory-policy"):
        RedisServer({"maxmemory-policy": "nonsense"})


def test_a_server_dies_with_the_process_that_started_it():
    program = (
        "from regional_snapshots_tests.support.server import RedisServer; import os\n"
        "server = RedisServer(); print(server.pid, server.directory, flush=True); os.kill(os.getpid(), 9)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    pid, directory = said.stdout.split()
    wait_until(lambda: not exists(int(pid)))
    wait_until(lambda: not os.path.exists(directory))


@pytest.mark.skipif(not any(map(supports_tls, usable_binaries())), reason="no server program here speaks TLS")
def test_tls_is_spoken_with_a_certificate_of_the_private_authority(own_server):
    server = own_server(tls=True)
    assert redis.Redis.from_url(server.tls_url).ping()
    with pytest.raises(redis.ConnectionError, match="certificate"):
        redis.Redis.from_url(f"rediss://localhost:{server.tls_port}/0", retry=None).ping()


@pytest.mark.parametrize(
    ("fault", "command", "refusal"),
    [
        (server_faults.out_of_memory, "SET a 1", "OutOfMemoryError"),
        (server_faults.read_only, "SET a 1", "ReadOnlyError"),
        (server_faults.cut_off, "GET a", "MasterDownError"),
        (server_faults.without_replicas, "SET a 1", "NOREPLICAS"),
        (server_faults.failing_saves, "SET a 1", "MISCONF"),
        (server_faults.busy, "SET a 1", "BUSY"),
        (lambda server: server_faults.without_permission(server, "-set"), "SET a 1", "NoPermissionError"),
    ],
)
def test_each_fault_refuses_and_then_lets_pass(server, fault, command, refusal):
    client = redis.Redis.from_url(server.url, retry=None)
    with fault(server):
        with pytest.raises(redis.RedisError) as refused:
            client.execute_command(*command.split())
        assert refusal in f"{type(refused.value)} {refused.value}"
    client.execute_command(*command.split())
