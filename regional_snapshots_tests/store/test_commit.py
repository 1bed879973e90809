"""Whatever happens to the link, a snapshot is committed once or not at all, and the caller is told the truth."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import OutcomeUnknownError, StoreError, UnreachableError, WrongTypeError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, Started, executions, fresh, held_at_exec, wait_until
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.faults import HOLDS, Break
from regional_snapshots_tests.support.oracle import names_of, violations
from regional_snapshots_tests.support.proxy import Proxy

CUTS = [where for where in Break if where not in HOLDS]
LAYOUTS = ["tagged", "worldmonitor"]
IMPATIENT = Policy(attempts=4)
RACERS = """
import os, sys
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.documents import snapshot
url, region, instant, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
gate, opener = os.pipe()
racing = [snapshot(region, instant, reason="regime_shift", racer=number) for number in range(count)]
assert not any(made.problems for made in racing)
for made in racing:
    if os.fork() == 0:
        os.close(opener)
        os.read(gate, 1)
        with SnapshotStore(url) as store:
            answer = store.commit(made)
        os.write(1, f"{answer.outcome.value} {answer.id} {answer.owner}\\n".encode())
        os._exit(0)
os.close(opener)
for _ in range(count):
    os.wait()
"""
"""Twenty processes that start at one moment; forked, because starting Python takes its time."""


def requests_of_a_commit(server, client):
    """How many requests a commit sends on a fresh connection."""
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
        store.commit(fresh(client))
        count = len(proxy.requests)
    client.flushall()
    client.config_resetstat()
    return count


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("where", CUTS)
def test_cut_anywhere_once_it_is_committed_with_one_execution(server, client, layout, where):
    for number in range(1, requests_of_a_commit(server, client) + 1):
        client.flushall()
        client.config_resetstat()
        with Proxy(server.url) as proxy, SnapshotStore(proxy.url, layout=layout) as store:
            proxy.arm(where, number)
            made = fresh(client)
            answer = store.commit(made)
            assert len(proxy.struck) == 1
        assert (answer.outcome, answer.owner, executions(client)) == (Outcome.COMMITTED, made.id, 1), number
        assert violations(client, layout, REGION) == []


@pytest.mark.parametrize("where", CUTS)
def test_cut_anywhere_for_ever_it_is_whole_or_absent_and_said_so(server, client, direct, where):
    """Only a link that broke once the transaction was on its way leaves the outcome unknown."""
    for number in range(1, requests_of_a_commit(server, client) + 1):
        client.flushall()
        client.config_resetstat()
        made = fresh(client)
        with Proxy(server.url) as proxy, SnapshotStore(proxy.url, policy=IMPATIENT) as store:
            proxy.arm(where, lambda request, number=number: request.number >= number, times=None)
            answer = Started(lambda store=store, made=made: store.commit(made)).answer()
        stored = executions(client)
        assert violations(client, "tagged", REGION) == []
        assert stored in (0, 1)
        if isinstance(answer, StoreError):
            assert isinstance(answer, OutcomeUnknownError) or (isinstance(answer, UnreachableError) and not stored)
        else:
            assert (answer.outcome, stored) == (Outcome.COMMITTED, 1)
        assert direct.commit(made).outcome is Outcome.COMMITTED
        assert executions(client) == 1


def test_a_server_that_stops_and_resumes_executes_it_once(server, client, proxy):
    made = fresh(client)
    with SnapshotStore(proxy.url, timeout_s=0.25) as store:
        with held_at_exec(proxy, lambda: store.commit(made)) as commit:
            server.pause()
        wait_until(lambda: proxy.connections >= 5)
        server.resume()
        assert commit.answer().outcome is Outcome.COMMITTED
    assert executions(client) == 1
    assert violations(client, "tagged", REGION) == []


def test_a_commit_that_lands_after_the_caller_gave_up_is_unknown_and_then_resolved(server, client, proxy, direct):
    made = fresh(client)
    with SnapshotStore(proxy.url, timeout_s=0.1, policy=IMPATIENT) as store:
        held = proxy.arm(Break.HOLD_REQUEST, "EXEC")
        proxy.arm(Break.BEFORE_REPLY, lambda request: request.name == "WATCH" and bool(held.hits), times=None)
        with pytest.raises(OutcomeUnknownError, match=f"{REGION}: {made.id}.*try again"):
            store.commit(made)
    assert executions(client) == 0
    held.release()
    wait_until(lambda: executions(client) == 1)
    assert direct.commit(made).outcome is Outcome.COMMITTED
    assert executions(client) == 1
    assert violations(client, "tagged", REGION) == []


def test_a_commit_that_is_retried_before_the_first_try_lands_is_executed_once(client, proxy, direct):
    """The first EXEC is still on its way while the second attempt succeeds; the watch then voids it."""
    made = fresh(client)
    with SnapshotStore(proxy.url, timeout_s=0.1) as store:
        held = proxy.arm(Break.HOLD_REQUEST, "EXEC")
        assert store.commit(made).outcome is Outcome.COMMITTED
    aborted = client.info("commandstats")["cmdstat_exec"]["calls"]
    held.release()
    wait_until(lambda: client.info("commandstats")["cmdstat_exec"]["calls"] == aborted + 1)
    assert executions(client) == 1
    assert violations(client, "tagged", REGION) == []


def test_an_older_commit_that_arrives_after_a_newer_one_is_late(client, proxy, direct):
    older, newer = fresh(client, back=1), fresh(client)
    with SnapshotStore(proxy.url) as store:
        with held_at_exec(proxy, lambda: store.commit(older)) as commit:
            direct.commit(newer)
        assert commit.answer().outcome is Outcome.LATE
    assert direct.latest(REGION).id == newer.id
    assert direct.get(REGION, older.id).payload == older.payload
    assert violations(client, "tagged", REGION) == []


def test_where_the_index_was_lost_an_older_commit_does_not_move_latest_back(client, direct):
    older, newer = fresh(client, back=1), fresh(client)
    direct.commit(newer)
    client.delete(names_of("tagged", REGION).index)
    assert direct.commit(older, force=True).outcome is Outcome.LATE
    assert direct.latest(REGION).id == newer.id


def test_a_late_commit_whose_reply_is_lost_is_still_called_late(client, proxy, direct):
    older, newer = fresh(client, back=1), fresh(client)
    direct.commit(newer)
    proxy.arm(Break.BEFORE_REPLY, "EXEC")
    with SnapshotStore(proxy.url) as store:
        assert store.commit(older).outcome is Outcome.LATE
    assert executions(client) == 2
    assert direct.latest(REGION).id == newer.id


def test_a_commit_that_is_repeated_after_a_newer_one_was_committed_and_moves_nothing(client, direct):
    older, newer = fresh(client, back=1), fresh(client)
    for made in (older, newer):
        direct.commit(made)
    before = picture(client)
    assert direct.commit(older).outcome is Outcome.COMMITTED
    assert picture(client) == before


@pytest.mark.parametrize("lost", ["view", "payload", "entry", "latest"])
def test_what_an_earlier_attempt_left_in_part_is_written_whole(client, direct, lost):
    made = fresh(client)
    keys = keys_of(made, "tagged")
    direct.commit(made)
    if lost == "entry":
        client.zrem(keys["index"], made.id)
    else:
        client.delete(keys[lost])
    assert direct.commit(made).outcome is Outcome.COMMITTED
    assert violations(client, "tagged", REGION) == []


def test_twenty_processes_in_one_bucket_store_one_snapshot(server, client):
    instant = fresh(client).generated_at
    command = [sys.executable, "-c", RACERS, server.url, REGION, str(instant), "20"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    answers = [line.split() for line in lines]
    [winner] = [identity for outcome, identity, _ in answers if outcome == "COMMITTED"]
    assert Counter(outcome for outcome, *_ in answers) == {"COMMITTED": 1, "DUPLICATE": 19}
    assert {owner for *_, owner in answers} == {winner}
    assert executions(client) == 1
    assert len([*client.scan_iter("*")]) == 6
    assert violations(client, "tagged", REGION) == []


def keys_of(made, layout):
    names = names_of(layout, REGION)
    claim = f"{names.claims}{made.reason}:{made.generated_at // 900_000}"
    return {
        "claim": claim,
        "latest": names.latest,
        "index": names.index,
        "view": f"{names.views}{made.generated_at}",
        "payload": names.payloads + made.id,
    }


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("which", ["claim", "latest", "index", "view", "payload"])
def test_a_key_of_the_wrong_type_is_refused_before_any_write(server, client, layout, which):
    made = fresh(client)
    key = keys_of(made, layout)[which]
    with SnapshotStore(server.url, layout=layout) as store:
        store.commit(fresh(client, back=1))
        client.delete(key)
        client.rpush(key, "not ours")
        before = picture(client)
        with pytest.raises(WrongTypeError) as refused:
            store.commit(made)
    assert (refused.value.region, refused.value.key) == (REGION, key)
    assert "reconcile --fix-types" in str(refused.value)
    assert picture(client) == before


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_live_key_of_others_is_removed_whatever_its_type(server, client, layout):
    live = "snapshot:live:{latam}" if layout == "tagged" else "intelligence:snapshot:v1:latam:live"
    client.rpush(live, "theirs")
    with SnapshotStore(server.url, layout=layout) as store:
        store.commit(fresh(client))
    assert not client.exists(live)
    assert violations(client, layout, REGION) == []
