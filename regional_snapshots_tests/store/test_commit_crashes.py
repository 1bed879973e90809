"""Whatever dies or is told to stop, server or writer: a region is in its old state or its new one."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.commit import Commit, Outcome, Policy
from regional_snapshots.store.errors import OutcomeUnknownError, UnreachableError, WrongTypeError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import wait_until
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.slow import SLOW

COMMANDS_OF_A_COMMIT = 19
"""UNWATCH, WATCH and seven reads; MULTI, eight writes, EXEC."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def fresh(region: str = "latam", age_ms: int = 0, **extra: object) -> Snapshot:
    return snapshot(region, now_ms() - age_ms, **extra)


def healthy(server: RedisServer, *regions: str) -> None:
    """The independent oracle finds nothing."""
    with server.client() as client:
        for region in regions or ("latam",):
            assert violations(client, "tagged", region) == []


def latest_of(server: RedisServer, region: str = "latam") -> str | None:
    with server.client() as client:
        value = client.get(f"snapshot:latest:{{{region}}}")
    return value.decode() if value else None


def test_an_unchanged_snapshot_does_not_write_into_the_bucket_of_the_head(server: RedisServer) -> None:
    instant = now_ms() // 900_000 * 900_000
    first, again = snapshot("latam", instant, reason="regime_shift"), snapshot("latam", instant + 1)
    with SnapshotStore(server.url) as store:
        store.commit(first)
        assert (store.commit(again).outcome, store.commit(again).owner) == (Outcome.DUPLICATE, first.id)
        assert store.commit(again, force=True).outcome is Outcome.COMMITTED
    healthy(server)


def test_an_append_only_log_cut_anywhere_holds_the_old_state_or_the_new(own_server: Callable[..., RedisServer]) -> None:
    server = own_server({"appendonly": "yes", "appendfsync": "always", "aof-use-rdb-preamble": "no"})
    with SnapshotStore(server.url) as store:
        store.commit(fresh(age_ms=2000, reason="regime_shift"))
        old = latest_of(server)
        before = server.append_only_log.stat().st_size
        mine = fresh(reason="trigger_activation")
        store.commit(mine)
    server.kill()
    log = server.append_only_log.read_bytes()
    step = 1 if SLOW else max(1, (len(log) - before) // 24)
    for end in [*range(before, len(log), step), len(log)]:
        server.append_only_log.write_bytes(log[:end])
        server.start()
        assert latest_of(server) == (mine.id if end == len(log) else old)
        healthy(server)
        server.kill()


def test_what_was_acknowledged_outlives_a_killed_server(own_server: Callable[..., RedisServer]) -> None:
    server = own_server({"appendonly": "yes", "appendfsync": "always"})
    regions = [f"region-{n}" for n in range(200)]
    acknowledged: list[Commit] = []
    with SnapshotStore(server.url, policy=Policy(attempts=2, patience_s=0.2)) as store:

        def write(region: str) -> None:
            try:
                acknowledged.append(store.commit(fresh(region)))
            except (UnreachableError, OutcomeUnknownError):
                return

        with ThreadPoolExecutor(8) as pool:
            written = [pool.submit(write, region) for region in regions]
            wait_until(lambda: len(acknowledged) > 50)
            server.kill()
            for future in written:
                future.result()
    server.start()
    with server.client() as client:
        for commit in acknowledged:
            assert client.exists(f"snapshot:id:{{{commit.region}}}:{commit.id}")
    healthy(server, *regions)


WRITER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell started in the background
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.documents import snapshot
with SnapshotStore(sys.argv[1]) as store:
    try:
        print(store.commit(snapshot("latam", int(sys.argv[2]))).outcome.value)
    except KeyboardInterrupt:
        print("interrupted")
"""


def killed_writer_at(server: RedisServer, number: int, how: signal.Signals) -> None:
    """A writing process that is struck while its request ``number`` is on the way."""
    mine = snapshot("latam", now_ms())
    with Proxy(server.url) as proxy:
        fault = proxy.arm(Break.HOLD_REQUEST, number)
        process = run(WRITER, proxy.url, str(mine.generated_at))
        fault.wait(30)
        process.send_signal(how)
        out, _ = process.communicate(timeout=10)
        assert how is signal.SIGKILL or out == "interrupted\n"
    healthy(server)
    with SnapshotStore(server.url) as store:
        assert store.commit(mine).outcome is Outcome.COMMITTED
    healthy(server)


@pytest.mark.parametrize("number", range(1, COMMANDS_OF_A_COMMIT + 1) if SLOW else (2, 9, 10, 14, 19))
def test_a_writer_killed_after_any_request_leaves_no_half_state(server: RedisServer, number: int) -> None:
    killed_writer_at(server, number, signal.SIGKILL)


@pytest.mark.parametrize("number", [2, 19])
def test_a_writer_that_is_interrupted_ends_soon_and_leaves_no_half_state(server: RedisServer, number: int) -> None:
    killed_writer_at(server, number, signal.SIGINT)


def test_a_cancelled_commit_leaves_no_half_state_and_no_spoilt_connection(server: RedisServer) -> None:
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url, limit=1) as store:
        for number in range(1, COMMANDS_OF_A_COMMIT + 1):
            server.reset()
            proxy.reset()
            fault = proxy.arm(Break.HOLD_REPLY, number)
            mine = fresh()

            async def cancelled(mine: Snapshot = mine, fault=fault) -> None:
                task = asyncio.ensure_future(store.committer.commit(mine))
                await asyncio.to_thread(fault.wait)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

            store.run(cancelled())
            fault.release()
            healthy(server)
            assert store.commit(mine).outcome is Outcome.COMMITTED
            healthy(server)


def test_five_hundred_regions_wait_in_line_and_three_that_fail_hold_up_nobody(server: RedisServer) -> None:
    regions = [f"region-{n:03}" for n in range(500)]
    with server.client() as client:
        for region in regions[100:400:100]:
            client.set(f"snapshot:index:{{{region}}}", "x")
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url, limit=50) as store:
        answers = store.commit_all([fresh(region) for region in regions])
        assert proxy.connections <= 50 + 3
    committed = [answer for answer in answers if isinstance(answer, Commit)]
    refused = [answer for answer in answers if isinstance(answer, WrongTypeError)]
    assert (len(committed), len(refused)) == (497, 3)
    assert [error.region for error in refused] == regions[100:400:100]
    healthy(server, *(commit.region for commit in committed[:20]))


def run(program: str, *arguments: str) -> subprocess.Popen[str]:
    """A process of its own that runs a program of this file."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
