"""A store that was used before a fork works in the child, and the parent's connections are untouched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from regional_snapshots.store.commit import Outcome
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, fresh, wait_until
from regional_snapshots_tests.support.oracle import violations

PARENT = """
import os, sys, time
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.documents import snapshot

url, how, instant = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = SnapshotStore(url)
store.commit(snapshot("latam", instant, reason="regime_shift"))
store.run(store.connections.warm(8))

def work():
    answer = store.commit(snapshot("mena", instant, reason="regime_shift"))
    print("child", answer.outcome.value, store.latest("mena").id == answer.id, flush=True)

if how == "multiprocessing":
    import multiprocessing
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(30)
    status = child.exitcode
else:
    child = os.fork()
    if child == 0:
        work()
        if how == "and close":
            store.close()
        sys.exit(0)
    status = os.waitpid(child, 0)[1]
answer = store.commit(snapshot("europe", instant, reason="regime_shift"))
print("parent", answer.outcome.value, answer.attempts, status, flush=True)
store.close()
"""


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("how", ["multiprocessing", "and exit", "and close"])
def test_both_sides_of_a_fork_go_on(own_server, how, tls):
    server = own_server(tls=tls)
    with server.client() as client:
        instant = client.time()[0] * 1000
        done = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", "-c", PARENT, server.tls_url if tls else server.url, how,
             str(instant)],
            capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[3],
        )  # fmt: skip
        assert done.stdout.split("\n")[:2] == ["child COMMITTED True", "parent COMMITTED 1 0"], (
            done.stdout + done.stderr
        )
        assert done.stderr == ""
        for region in ("latam", "mena", "europe"):
            assert violations(client, "tagged", region) == []


def test_the_parents_connections_stay_the_parents_alone(server, client):
    """The child neither uses nor ends them; and when the parent ends them, the child does not keep them open."""
    with SnapshotStore(server.url) as store:
        store.run(store.connections.warm(8))
        mine = ids(client)
        with child(lambda: store.commit(fresh(client)).outcome is Outcome.COMMITTED):
            assert ids(client) >= mine
            assert store.latest(REGION)
            assert ids(client) >= mine
            store.close()
            wait_until(lambda: not ids(client) & mine)


def ids(client):
    return {each["id"] for each in client.client_list() if each["user"] == "default"}


@contextmanager
def child(work):
    """A forked child that does its work, says whether all was well, and lives on until the end."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writing, b"1" if work() else b"0")
            signal.pause()
        finally:
            os._exit(1)
    try:
        assert os.read(reading, 1) == b"1"
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reading)
        os.close(writing)
