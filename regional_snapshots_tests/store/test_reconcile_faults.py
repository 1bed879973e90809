"""A reconciliation that is killed, cut off or raced leaves work for the next one, never harm."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from regional_snapshots.store.commit import Policy
from regional_snapshots.store.errors import StoreError, UnreachableError
from regional_snapshots.store.reconcile.reading.state import OFF_MS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import Started, wait_until
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.drift import TO_A_CLAIM, TO_A_SNAPSHOT, TO_THE_REGION, healthy, picture
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import RETENTION_MS, violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.slow import SLOW, slow

REGIONS = ("latam", "mena")
ROUNDS = 6 if SLOW else 1
"""Of a race."""
NURSERY = """
import os, sys
from regional_snapshots.store.snapshots import SnapshotStore
for line in sys.stdin:
    url, layout, *regions = line.split()
    child = os.fork()
    if child == 0:
        with SnapshotStore(url, layout=layout) as store:
            store.reconcile(regions, deep=True, fix_types=True)
        os._exit(0)
    print(child, flush=True)
    os.wait()
    print("ended", flush=True)
"""
"""Reconciles in a process of its own as often as it is told to; forked, because starting Python takes its time."""


@pytest.fixture
def nursery():
    process = subprocess.Popen(
        [sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    yield process
    process.communicate()


def damage(store, client):
    """Something of everything, in two regions; returns the scenes."""
    client.flushall()
    scenes = [healthy(store, client, region) for region in REGIONS]
    for scene in scenes:
        oldest, second, third, head = scene.snapshots
        TO_A_SNAPSHOT["payload cut short"].does(scene, oldest)
        TO_A_SNAPSHOT["entry removed"].does(scene, second)
        TO_A_SNAPSHOT["view of another type"].does(scene, third)
        TO_A_SNAPSHOT["payload for ever"].does(scene, third)
        TO_A_SNAPSHOT["payload gone"].does(scene, head)
        TO_A_CLAIM["claim of a ghost"].does(scene, third)
        TO_THE_REGION["index for ever"].does(scene, head)
        TO_A_SNAPSHOT["lone view"].does(scene, third)
    return scenes


def every_violation(client, layout):
    return [problem for region in REGIONS for problem in violations(client, layout, region)]


def requests_of_a_repair(server, layout):
    client = server.client()
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url, layout=layout) as store:
        with SnapshotStore(server.url, layout=layout) as direct:
            damage(direct, client)
        store.reconcile(REGIONS, deep=True, fix_types=True)
        return [request.name for request in proxy.requests]


@pytest.mark.parametrize("layout", ["tagged", pytest.param("worldmonitor", marks=slow)])
def test_killed_at_any_request_the_next_one_completes_it(server, nursery, layout):
    """In turn, the process is killed with every request that changes or ends something still unsent."""
    client = server.client()
    names = requests_of_a_repair(server, layout)
    points = [place for place, name in enumerate(names, 1) if name not in READS] + [1, len(names)]
    with SnapshotStore(server.url, layout=layout) as direct, Proxy(server.url) as proxy:
        for point in sorted(set(points)):
            damage(direct, client)
            proxy.reset()
            held = proxy.arm(Break.HOLD_REQUEST, lambda request, point=point: request.number >= point)
            print(proxy.url, layout, *REGIONS, file=nursery.stdin)
            child = int(nursery.stdout.readline())
            wait_until(held.struck.is_set)
            os.kill(child, signal.SIGKILL)
            assert nursery.stdout.readline() == "ended\n"
            proxy.cut_all()
            proxy.reset()
            assert direct.reconcile(REGIONS, deep=True, fix_types=True).left == ()
            assert every_violation(client, layout) == []
            assert direct.reconcile(REGIONS, deep=True).findings == ()


READS = {"WATCH", "TYPE", "PTTL", "GETRANGE", "GET", "ZSCORE", "ZRANGEBYSCORE", "ZREVRANGE", "MGET", "EXISTS", "STRLEN",
         "UNWATCH", "TIME", "ZCARD", "CLIENT", "HELLO", "SELECT"}  # fmt: skip
"""Requests that change nothing: to be killed before one of them is to be killed before any other."""


@pytest.mark.parametrize("where", [Break.BEFORE_REQUEST, Break.BEFORE_REPLY, Break.WITHIN_REPLY, Break.AFTER_REPLY])
def test_cut_off_around_any_exec_it_reports_what_it_mended(server, where):
    client = server.client()
    with SnapshotStore(server.url) as direct:
        damage(direct, client)
        expected = counted(direct.reconcile(REGIONS, repair=False, deep=True, fix_types=True))
        execs = requests_of_a_repair(server, "tagged").count("EXEC")
        for nth in range(1, execs + 1):
            damage(direct, client)
            with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
                seen = Counter()

                def is_nth(request, nth=nth, seen=seen):
                    seen[request.name] += 1
                    return request.name == "EXEC" and seen["EXEC"] == nth

                proxy.arm(where, is_nth)
                report = store.reconcile(REGIONS, deep=True, fix_types=True)
                assert (counted(report), report.left, dict(report.errors)) == (expected, (), {})
            assert every_violation(client, "tagged") == []


def counted(report):
    return Counter((finding.region, finding.kind) for finding in report.findings)


def commits(writer, scene, newest):
    writer.commit(newest)


def writes_latest_only(writer, scene, newest):
    scene.client.set(scene.names.latest, scene.head.id, keepttl=True)


def writes_all_but_claim_and_latest(writer, scene, newest):
    at = newest.generated_at + RETENTION_MS
    scene.client.set(scene.payload(newest), newest.payload, pxat=at)
    scene.client.set(scene.view(newest), newest.id, pxat=at)
    scene.client.zadd(scene.names.index, {newest.id: newest.generated_at})
    scene.client.pexpireat(scene.names.index, at)


@pytest.mark.parametrize(
    ("writes", "left", "found"),
    [
        (commits, "newest", []),
        (writes_latest_only, "head", []),
        (writes_all_but_claim_and_latest, "newest", ["latest_behind"]),
    ],
)
def test_a_repair_gives_way_to_a_writer_that_comes_in_between(server, writes, left, found):
    client = server.client()
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store, SnapshotStore(server.url) as writer:
        scene = healthy(writer, client, "mena")
        client.set(scene.names.latest, scene.snapshots[0].id, keepttl=True)
        seen = Counter()

        def first_multi(request):
            seen[request.name] += 1
            return request.name == "MULTI" and seen["MULTI"] == 1

        held = proxy.arm(Break.HOLD_REQUEST, first_multi)
        reports = []
        reconciling = threading.Thread(target=lambda: reports.append(store.reconcile(["mena"])))
        reconciling.start()
        held.wait()
        newest = snapshot("mena", client.time()[0] * 1000, reason="corridor_break")
        writes(writer, scene, newest)
        held.release()
        reconciling.join()
        assert writer.latest("mena").id == {"newest": newest, "head": scene.head}[left].id
        assert [finding.kind for finding in reports[0].findings] == found
        assert violations(client, "tagged", "mena") == []


@pytest.mark.parametrize("layout", ["tagged", pytest.param("worldmonitor", marks=slow)])
def test_racing_writers_are_neither_disturbed_nor_accused(server, layout):
    """Twenty writers, one store each; reconciliations of every sort in a row, until the writers end."""
    for _ in range(ROUNDS):
        server.reset()
        race(server, layout)


def race(server, layout, seconds=3.0):
    client = server.client()
    ended, failures = threading.Event(), []
    start_ms = client.time()[0] * 1000

    def write(number):
        with SnapshotStore(server.url, layout=layout, policy=Policy(attempts=200)) as store:
            count = 0
            while not ended.is_set():
                count += 1
                instant = start_ms - (count * 7919 + number * 104_729) % 5_000_000
                made = snapshot(REGIONS[count % 2], instant, reason="regime_shift", who=number)
                try:
                    store.commit(made, force=bool(count % 3))
                except StoreError as error:
                    failures.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for writer in writers:
        writer.start()
    found, rounds, end = [], 0, time.monotonic() + seconds
    with SnapshotStore(server.url, layout=layout) as store:
        while time.monotonic() < end:
            report = store.reconcile(REGIONS, repair=bool(rounds % 2), deep=rounds % 5 == 0)
            found += [*report.findings, *report.errors.values()]
            rounds += 1
        ended.set()
        for writer in writers:
            writer.join()
        assert (failures, found) == ([], [])
        assert every_violation(client, layout) == []
        before = picture(client)
        assert store.reconcile(REGIONS, deep=True).findings == ()
        assert picture(client) == before


def test_damage_among_racing_writers_is_mended_and_nobody_fails(server):
    client = server.client()
    ended, failures = threading.Event(), []

    def write(number):
        with SnapshotStore(server.url) as store:
            while not ended.is_set():
                now_ms = time.time_ns() // 1_000_000
                try:
                    store.commit(snapshot("mena", now_ms, reason="regime_shift", who=number), force=True)
                except StoreError as error:
                    failures.append(error)
                time.sleep(0.02)

    with SnapshotStore(server.url) as store:
        scene = healthy(store, client, "mena")
        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for writer in writers:
            writer.start()
        for _ in range(20):
            client.set(scene.names.latest, scene.snapshots[0].id, keepttl=True)
            client.delete(scene.view(scene.snapshots[1]))
            report = store.reconcile(["mena"])
            assert {finding.kind for finding in report.findings} <= {"latest_behind", "view_missing"}
            assert (report.left, dict(report.errors)) == ((), {})
        ended.set()
        for writer in writers:
            writer.join()
        assert failures == []
        assert violations(client, "tagged", "mena") == []


def test_a_server_that_falls_silent_after_the_survey_is_not_waited_for_without_end(server):
    client = server.client()
    with Proxy(server.url) as proxy, SnapshotStore(server.url) as writer:
        scene = healthy(writer, client, "mena")
        client.delete(scene.names.latest)
        proxy.arm(Break.HOLD_REQUEST, "WATCH", times=None)
        patience = Policy(attempts=10**9, patience_s=0.1)
        with SnapshotStore(proxy.url, policy=patience, timeout_s=0.05) as store:
            report = Started(lambda: store.reconcile(["mena"])).answer()
    assert {region: type(error) for region, error in report.errors.items()} == {"mena": UnreachableError}
    assert violations(client, "tagged", "mena") != []


def test_a_slow_look_accuses_no_expiry_of_being_early(server):
    client = server.client()
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
        scene = healthy(store, client, "mena")
        watches = Counter()

        def second_watch(request):
            watches[request.name] += 1
            return request.name == "WATCH" and watches["WATCH"] == 2

        proxy.arm(Break.HOLD_REQUEST, second_watch, hold_s=OFF_MS / 1000 + 0.2)
        client.delete(scene.names.latest)
        report = store.reconcile(["mena"], repair=False)
    assert [finding.kind for finding in report.findings] == ["latest_missing"]
