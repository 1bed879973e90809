"""Whatever fails, wherever: the region is in its old state or its new one, and the caller is told the truth."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.commit import Commit, Outcome, Policy
from regional_snapshots.store.errors import (
    AccessRefusedError,
    ClockSkewError,
    OutcomeUnknownError,
    OutsideRetentionError,
    PartialCommitError,
    ServerBusyError,
    ServerRefusedError,
    StoreError,
    UnreachableError,
    WrongTypeError,
)
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support import server_faults
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server import RedisServer

SLOW = bool(os.environ.get("REGIONAL_SNAPSHOTS_TEST_SLOW"))
IMPATIENT = Policy(attempts=3, patience_s=1.0)
DAY_MS = 86_400_000
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


def executed(proxy: Proxy) -> int:
    """How many transactions the server was sent."""
    return sum(request.name == "EXEC" for request in proxy.requests)


def contents(server: RedisServer) -> dict[bytes, bytes]:
    with server.client() as client:
        return {key: client.dump(key) for key in client.scan_iter()}


@pytest.fixture
def proxy(server: RedisServer) -> Iterator[Proxy]:
    with Proxy(server.url) as proxy:
        yield proxy


@pytest.fixture
def store(proxy: Proxy) -> Iterator[SnapshotStore]:
    """A store that reaches the server through the proxy."""
    with SnapshotStore(proxy.url) as store:
        yield store


# 1, 2: the connection breaks around a request


@pytest.mark.parametrize("where", [Break.BEFORE_REPLY, Break.WITHIN_REPLY])
def test_a_lost_reply_to_exec_is_committed_once(
    server: RedisServer, proxy: Proxy, store: SnapshotStore, where: Break
) -> None:
    mine = fresh()
    proxy.arm(where, "EXEC")
    assert store.commit(mine).outcome is Outcome.COMMITTED
    assert executed(proxy) == 1
    assert latest_of(server) == mine.id
    healthy(server)


@pytest.mark.parametrize("where", [Break.BEFORE_REQUEST, Break.WITHIN_REQUEST, Break.BEFORE_REPLY, Break.WITHIN_REPLY])
def test_a_cut_at_any_request_leaves_one_snapshot(
    server: RedisServer, proxy: Proxy, store: SnapshotStore, where: Break
) -> None:
    for number in range(1, COMMANDS_OF_A_COMMIT + 1):
        server.reset()
        proxy.reset()
        mine = fresh()
        proxy.arm(where, number)
        assert store.commit(mine).outcome is Outcome.COMMITTED
        assert len(proxy.struck) == 1
        with server.client() as client:
            assert client.zcard("snapshot:index:{latam}") == 1
        healthy(server)


# 3, 4: time-outs


def test_a_server_that_stops_for_a_while_executes_once(own_server: Callable[..., RedisServer]) -> None:
    server = own_server()
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url, timeout_s=0.3) as store:
        store.commit(fresh("mena"))
        fault = proxy.arm(Break.HOLD_REQUEST, "EXEC")
        mine = fresh()
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(store.commit, mine)
            fault.wait()
            server.pause()
            fault.release()
            wait_until(lambda: proxy.connections >= 3)
            server.resume()
            assert answer.result().outcome is Outcome.COMMITTED
        with server.client() as client:
            assert client.zcard("snapshot:index:{latam}") == 1
        healthy(server)


def test_a_commit_that_lands_after_the_caller_gave_up_is_unknown_and_then_resolved(server: RedisServer) -> None:
    mine = fresh()
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url, timeout_s=0.2, policy=IMPATIENT) as store:
        held = proxy.arm(Break.HOLD_REQUEST, "EXEC")
        later = proxy.arm(
            Break.BEFORE_REQUEST, lambda request: bool(held.hits) and request.name == "UNWATCH", times=None
        )
        with pytest.raises(OutcomeUnknownError, match="may have been committed"):
            store.commit(mine)
        assert latest_of(server) is None
        held.release()
        wait_until(lambda: latest_of(server) == mine.id)
        later.times = 0
        again = store.commit(mine)
        assert (again.outcome, again.owner) == (Outcome.COMMITTED, mine.id)
        newer = store.commit(fresh())
        assert (newer.outcome, newer.owner) == (Outcome.DUPLICATE, mine.id)
    healthy(server)


# 5, 6, 14: order and buckets


def test_a_slow_writer_never_moves_latest_back(server: RedisServer) -> None:
    newer, older = fresh(), fresh(age_ms=1000, reason="regime_shift")
    with SnapshotStore(server.url) as store:
        assert store.commit(newer).outcome is Outcome.COMMITTED
        assert store.commit(older).outcome is Outcome.LATE
        assert latest_of(server) == newer.id
        assert store.get("latam", older.id).id == older.id
    healthy(server)


def test_an_older_commit_that_was_lost_is_late_when_it_is_retried(
    server: RedisServer, proxy: Proxy, store: SnapshotStore
) -> None:
    older, newer = fresh(age_ms=5000, reason="regime_shift"), fresh()
    fault = proxy.arm(Break.HOLD_REQUEST, "EXEC")
    with ThreadPoolExecutor(1) as pool, SnapshotStore(server.url) as other:
        answer = pool.submit(store.commit, older)
        fault.wait()
        other.commit(newer)
        fault.release()
        assert answer.result().outcome is Outcome.LATE
    assert latest_of(server) == newer.id
    healthy(server)


def test_of_two_snapshots_of_one_millisecond_the_greater_id_is_latest(server: RedisServer) -> None:
    instant = now_ms()
    low, high = sorted(
        (snapshot("latam", instant, reason=r) for r in ("regime_shift", "corridor_break")), key=lambda s: s.id
    )
    with SnapshotStore(server.url) as store:
        store.commit(high)
        assert store.commit(low).outcome is Outcome.LATE
    assert latest_of(server) == high.id


def test_of_many_racers_in_one_bucket_one_commits_and_the_others_name_it(server: RedisServer) -> None:
    instant = now_ms()
    racers = [snapshot("latam", instant + n) for n in range(20)]

    def race(mine: Snapshot) -> Commit:
        with SnapshotStore(server.url) as store:
            return store.commit(mine)

    with ThreadPoolExecutor(20) as pool:
        commits = list(pool.map(race, racers))
    [winner] = [commit for commit in commits if commit.outcome is Outcome.COMMITTED]
    assert {commit.owner for commit in commits} == {winner.id}
    assert sum(commit.outcome is Outcome.DUPLICATE for commit in commits) == 19
    with server.client() as client:
        assert client.keys("snapshot:id:*") == [f"snapshot:id:{{latam}}:{winner.id}".encode()]
    healthy(server)


RACER = """
import sys, time
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.documents import snapshot
with SnapshotStore(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    commit = store.commit(snapshot("latam", time.time_ns() // 1_000_000, n=int(sys.argv[2])))
    print(commit.outcome.value, commit.owner, flush=True)
"""


def test_twenty_processes_write_one_bucket_once(server: RedisServer) -> None:
    processes = [run(RACER, server.url, str(n)) for n in range(20)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate()[0].split() for process in processes]
    outcomes = [outcome for outcome, _ in answers]
    assert sorted(outcomes) == ["COMMITTED"] + ["DUPLICATE"] * 19
    assert len({owner for _, owner in answers}) == 1
    healthy(server)


def test_an_unchanged_snapshot_does_not_write_into_the_bucket_of_the_head(server: RedisServer) -> None:
    instant = now_ms() // 900_000 * 900_000
    first, again = snapshot("latam", instant, reason="regime_shift"), snapshot("latam", instant + 1)
    with SnapshotStore(server.url) as store:
        store.commit(first)
        assert (store.commit(again).outcome, store.commit(again).owner) == (Outcome.DUPLICATE, first.id)
        assert store.commit(again, force=True).outcome is Outcome.COMMITTED
    healthy(server)


def test_a_snapshot_outside_the_retention_or_from_the_future_is_refused(server: RedisServer) -> None:
    with SnapshotStore(server.url) as store:
        with pytest.raises(OutsideRetentionError, match="retention"):
            store.commit(fresh(age_ms=90 * DAY_MS + 1000))
        with pytest.raises(ClockSkewError, match="clock"):
            store.commit(fresh(age_ms=-DAY_MS))
    assert contents(server) == {}


def test_a_commit_prunes_what_is_past_the_retention(server: RedisServer) -> None:
    old, new = fresh(age_ms=5000), fresh()
    with SnapshotStore(server.url, policy=Policy(retention_ms=6000, bucket_ms=1000)) as store:
        store.commit(old)
        wait_until(lambda: now_ms() - old.generated_at > 6000)
        store.commit(new)
    with server.client() as client:
        assert client.zrange("snapshot:index:{latam}", 0, -1) == [new.id.encode()]


# 7: the wrong type


@pytest.mark.parametrize("role", ["claim", "latest", "index", "payload", "view"])
def test_a_key_of_the_wrong_type_is_refused_before_any_write(server: RedisServer, role: str) -> None:
    mine = fresh()
    key = {
        "claim": f"dedup:{{latam}}:scheduled_6h:{mine.generated_at // 900_000}",
        "latest": "snapshot:latest:{latam}",
        "index": "snapshot:index:{latam}",
        "payload": f"snapshot:id:{{latam}}:{mine.id}",
        "view": f"snapshot:ts:{{latam}}:{mine.generated_at}",
    }[role]
    with server.client() as client:
        client.rpush(key, "not ours")
    before = contents(server)
    with SnapshotStore(server.url) as store, pytest.raises(WrongTypeError, match="--fix-types") as raised:
        store.commit(mine)
    assert (raised.value.region, raised.value.key) == ("latam", key)
    assert contents(server) == before


# 8, 9: a server that refuses


def test_a_permission_lost_within_the_transaction_is_never_success(
    server: RedisServer, proxy: Proxy, store: SnapshotStore
) -> None:
    mine = fresh()
    fault = proxy.arm(Break.HOLD_REQUEST, "EXEC")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(store.commit, mine)
        fault.wait()
        with server_faults.without_permission(server, "-zadd"):
            fault.release()
            with pytest.raises(PartialCommitError, match="ZADD"):
                answer.result()
    assert store.commit(mine).outcome is Outcome.COMMITTED
    healthy(server)


REFUSALS: dict[str, tuple[Callable[[RedisServer], AbstractContextManager[None]], type[StoreError]]] = {
    "OOM": (server_faults.out_of_memory, ServerRefusedError),
    "READONLY": (server_faults.read_only, ServerRefusedError),
    "NOREPLICAS": (server_faults.without_replicas, ServerRefusedError),
    "MISCONF": (server_faults.failing_saves, ServerRefusedError),
    "MASTERDOWN": (server_faults.cut_off, ServerBusyError),
    "BUSY": (server_faults.busy, ServerBusyError),
    "NOPERM": (lambda server: server_faults.without_permission(server, "-set"), AccessRefusedError),
    "NOPERM look": (lambda server: server_faults.without_permission(server, "-watch"), AccessRefusedError),
}


@pytest.mark.parametrize("state", REFUSALS)
def test_a_server_that_refuses_gives_a_typed_error_and_applies_nothing(
    own_server: Callable[..., RedisServer], state: str
) -> None:
    server = own_server()
    mine = fresh()
    enter, kind = REFUSALS[state]
    with SnapshotStore(server.url, policy=IMPATIENT) as store:
        with enter(server), pytest.raises(kind) as raised:
            store.commit(mine)
        assert raised.value.region == "latam"
        assert contents(server) == {}
        assert store.commit(mine).outcome is Outcome.COMMITTED
    healthy(server)


@pytest.mark.parametrize("number", range(10, COMMANDS_OF_A_COMMIT))
def test_memory_that_fills_up_at_any_step_applies_nothing(
    server: RedisServer, proxy: Proxy, store: SnapshotStore, number: int
) -> None:
    mine = fresh()
    fault = proxy.arm(Break.HOLD_REQUEST, number)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(store.commit, mine)
        fault.wait()
        with server_faults.out_of_memory(server):
            fault.release()
            try:
                assert answer.result().outcome is Outcome.COMMITTED  # the last steps need no memory any more
            except ServerRefusedError:
                assert contents(server) == {}
    assert store.commit(mine).outcome is Outcome.COMMITTED
    healthy(server)


def test_a_busy_server_is_waited_for(server: RedisServer) -> None:
    with SnapshotStore(server.url) as store, ThreadPoolExecutor(1) as pool:
        with server_faults.busy(server):
            answer = pool.submit(store.commit, fresh())
            with server.client() as client:
                wait_until(lambda: client.connection_pool is not None)
        assert answer.result().outcome is Outcome.COMMITTED
    healthy(server)


# 10, 11: the server dies


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


# 12, 15: the writer dies, or is told to stop

WRITER = """
import sys, time
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


def test_a_cancelled_commit_leaves_no_half_state_and_no_spoilt_connection(server: RedisServer, proxy: Proxy) -> None:
    with SnapshotStore(proxy.url, limit=1) as store:
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


# 13: the data vanish


def test_a_flushed_database_under_a_commit_holds_the_new_state_whole(
    server: RedisServer, proxy: Proxy, store: SnapshotStore
) -> None:
    store.commit(fresh(age_ms=2000, reason="regime_shift"))
    mine = fresh(reason="trigger_activation")
    fault = proxy.arm(Break.HOLD_REQUEST, "EXEC")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(store.commit, mine)
        fault.wait()
        with server.client() as client:
            client.flushdb()
        fault.release()
        assert answer.result().outcome is Outcome.COMMITTED
    assert latest_of(server) == mine.id
    healthy(server)


def test_an_evicting_server_is_reported_at_start(server: RedisServer) -> None:
    with SnapshotStore(server.url) as store:
        assert store.inspect() == []
        server.configure(maxmemory_policy="allkeys-lru")
        assert "allkeys-lru" in store.inspect()[0]


def test_a_missing_permission_is_reported_at_start_without_writing(server: RedisServer) -> None:
    with SnapshotStore(server.url) as store, server_faults.without_permission(server, "-zadd"):
        [warning] = store.inspect()
        assert "ZADD" in warning
    assert contents(server) == {}


# 16: many at once


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


# 17: TLS and permissions

ACL = (
    "~snapshot:* ~dedup:* ~{feeds} resetchannels -@all "
    "+get +mget +strlen +zrevrange +zscore +time +watch +unwatch +multi +exec +discard +info "
    "+set +zadd +zremrangebyscore +pexpireat +del"
)


def test_tls_with_a_private_authority_and_a_user_with_few_rights(own_server: Callable[..., RedisServer]) -> None:
    try:
        server = own_server(tls=True)
    except Exception as error:  # noqa: BLE001 - no server on this machine was built with TLS
        pytest.skip(str(error))
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "writer", "on", ">s3cret", *ACL.split())
    url = server.tls_url.replace("rediss://", "rediss://writer:s3cret@")
    with SnapshotStore(url) as store:
        assert store.inspect() == []
        assert store.commit(fresh()).outcome is Outcome.COMMITTED
        assert store.latest("latam").region == "latam"
    healthy(server)


@pytest.mark.parametrize(
    "word", [word for word in ACL.split() if word.startswith("+") and word not in ("+mget", "+info")]
)
def test_no_right_is_superfluous_for_a_commit(server: RedisServer, word: str) -> None:
    with server.client() as client:
        client.execute_command(
            "ACL", "SETUSER", "writer", "reset", "on", ">s3cret", *ACL.split(), word.replace("+", "-")
        )
    url = server.url.replace("unix://", "unix://writer:s3cret@")
    with SnapshotStore(url, policy=IMPATIENT) as store:
        denied: list[str] = []
        try:
            denied = store.inspect()
            store.commit(fresh())
            store.latest("latam")
        except StoreError as error:
            denied.append(str(error))
    assert denied
    assert "s3cret" not in "".join(denied)


# what the helpers above need


def run(program: str, *arguments: str) -> subprocess.Popen[str]:
    """A process of its own that runs a program of this file."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def wait_until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait for a condition; fail when it never comes."""
    paused, end = threading.Event(), time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "the condition never came true"
        paused.wait(0.005)
