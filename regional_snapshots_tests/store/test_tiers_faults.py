"""Whatever dies or comes in between while a commit thins: each snapshot is there whole, or gone whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import MissingSnapshotError, OutcomeUnknownError, StoreError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots.store.tiers.tiers import Tiers
from regional_snapshots_tests.support.clock import CAN_SET_CLOCKS, SettableClock, clocked_server
from regional_snapshots_tests.support.commits import REGION, Started, held_at_exec
from regional_snapshots_tests.support.faults import HOLDS, Break
from regional_snapshots_tests.support.oracle import BUCKET_MS, names_of, violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.slow import SLOW
from regional_snapshots_tests.support.tiers import HOUR_MS, ORDINARY, Timeline, entries_of, listed, overdue

TIERS, AGES = "4h:2h,12h:4h", ((4 * HOUR_MS, 2 * HOUR_MS), (12 * HOUR_MS, 4 * HOUR_MS))
POLICY = Policy(tiers=Tiers.parse(TIERS), attempts=3, patience_s=1.0)
NAMES = names_of("tagged", REGION)
REQUESTS = 32
"""UNWATCH, WATCH, ten reads and two for each tier; MULTI, eight writes, six for the tiers, EXEC."""
pytestmark = pytest.mark.skipif(not CAN_SET_CLOCKS, reason="needs a C compiler and Linux")


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    clock = SettableClock(tmp_path_factory.mktemp("clock"))
    with clocked_server(clock) as server, server.client() as client:
        made = Timeline(clock, client)
        made.url = server.url
        yield made


@pytest.fixture
def client(scene):
    return scene.client


@pytest.fixture
def direct(scene):
    with SnapshotStore(scene.url, policy=POLICY) as store:
        yield store


def history(scene, store):
    """A fresh history of a day, of which the next commit drops some: all ids, and those that must be left of them."""
    scene.client.flushall()
    scene.begin(20)
    for _ in range(24):
        scene.wait(HOUR_MS)
        store.commit(scene.made())
    scene.wait(6 * HOUR_MS)
    entries = entries_of(scene.client)
    gone = overdue(entries, entries, {max(entries)}, scene.now_ms, AGES)
    assert len(gone) > 2
    return set(entries), set(entries) - set(gone)


def sound(client):
    return violations(client, "tagged", REGION) == [] and listed(client) == entries_of(client).keys()


def test_a_commit_sends_as_many_requests_as_this_file_believes(scene, direct):
    history(scene, direct)
    with Proxy(scene.url) as proxy, SnapshotStore(proxy.url, policy=POLICY) as store:
        store.commit(scene.made())
        last = [request.number for request in proxy.requests if request.name == "EXEC"]
        first = [request.number for request in proxy.requests if request.name == "WATCH"]
        turnarounds = [*proxy.turnarounds.values()]
    assert last[0] - first[0] == REQUESTS - 2
    with Proxy(scene.url) as proxy, SnapshotStore(proxy.url) as plain:
        scene.wait(BUCKET_MS)
        plain.commit(scene.made())
        assert [*proxy.turnarounds.values()] == turnarounds, "tiers cost a round trip"


@pytest.mark.parametrize("where", [where for where in Break if where not in HOLDS], ids=lambda where: where.name)
def test_a_link_that_breaks_at_any_request_leaves_all_of_it_or_nothing(scene, client, direct, where):
    for number in range(1, REQUESTS + 3, 1 if SLOW else 4):
        before, left = history(scene, direct)
        mine = scene.made()
        with Proxy(scene.url) as proxy, SnapshotStore(proxy.url, policy=POLICY) as store:
            proxy.arm(where, lambda request, number=number: request.number >= number, times=None)
            answer = Started(lambda store=store, mine=mine: store.commit(mine)).answer()
        found = entries_of(client).keys()
        assert found in (before, left | {mine.id})
        if isinstance(answer, StoreError):
            assert isinstance(answer, OutcomeUnknownError) or found == before
        else:
            assert (answer.outcome, found) == (Outcome.COMMITTED, left | {mine.id})
        assert sound(client)
        assert direct.commit(mine).outcome is Outcome.COMMITTED
        assert entries_of(client).keys() == left | {mine.id}
        assert sound(client)


WRITER = """
import sys
from regional_snapshots.store.commit import Policy
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots.store.tiers.tiers import Tiers
from regional_snapshots_tests.support.documents import snapshot
with SnapshotStore(sys.argv[1], policy=Policy(tiers=Tiers.parse(sys.argv[4]))) as store:
    print(store.commit(snapshot(sys.argv[2], int(sys.argv[3]), reason=sys.argv[5])).outcome.value)
"""


@pytest.mark.parametrize("number", range(1, REQUESTS + 1) if SLOW else (3, 14, 20, 26, 29, 31, 32))
def test_a_writer_killed_at_any_request_leaves_all_of_it_or_nothing(scene, client, direct, number):
    before, left = history(scene, direct)
    mine = scene.made()
    with Proxy(scene.url) as proxy:
        fault = proxy.arm(Break.HOLD_REQUEST, number)
        arguments = [proxy.url, REGION, str(mine.generated_at), TIERS, ORDINARY]
        writer = subprocess.Popen([sys.executable, "-c", WRITER, *arguments], cwd=Path(__file__).parents[2])
        fault.wait(30)
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
    assert entries_of(client).keys() in (before, left | {mine.id})
    assert sound(client)
    assert direct.commit(mine).outcome is Outcome.COMMITTED
    assert entries_of(client).keys() == left | {mine.id}
    assert sound(client)


def test_of_two_writers_that_thin_at_once_one_looks_again(scene, client, direct):
    _, left = history(scene, direct)
    mine, other = scene.made(), scene.made(back=1)
    with Proxy(scene.url) as proxy, SnapshotStore(proxy.url, policy=POLICY) as store:
        with held_at_exec(proxy, lambda: store.commit(mine)) as slow:
            direct.commit(other)
        assert slow.answer().outcome is Outcome.COMMITTED
        assert slow.answer().attempts == 2
    assert entries_of(client).keys() == left | {mine.id, other.id}
    assert sound(client)


def test_many_writers_at_once_leave_what_one_would(scene, client, direct):
    _, left = history(scene, direct)
    made = [scene.made(back=back) for back in range(8)]
    several = [SnapshotStore(scene.url, policy=Policy(tiers=POLICY.tiers)) for _ in range(4)]
    writing = [Started(lambda n=n, one=one: several[n % 4].commit(one, force=True)) for n, one in enumerate(made)]
    answers = [each.answer() for each in writing]
    for store in several:
        store.close()
    assert {answer.outcome for answer in answers} <= {Outcome.COMMITTED, Outcome.LATE}
    ids = {one.id for one in made}
    assert entries_of(client).keys() == left | ids
    assert sound(client)


def test_what_is_pinned_while_a_commit_is_about_to_drop_it_stays(scene, client, direct):
    before, left = history(scene, direct)
    wanted, mine = max(before - left), scene.made()
    with Proxy(scene.url) as proxy, SnapshotStore(proxy.url, policy=POLICY) as store:
        with held_at_exec(proxy, lambda: store.commit(mine)) as slow:
            direct.run(direct.pins.pin(REGION, wanted, None))
        assert slow.answer().outcome is Outcome.PINNED
    assert entries_of(client).keys() == left | {mine.id, wanted}
    assert direct.latest(REGION).id == wanted
    assert sound(client)


def test_what_is_dropped_while_somebody_is_about_to_pin_it_is_not_pinned(scene, client, direct):
    before, left = history(scene, direct)
    wanted, mine = max(before - left), scene.made()
    with Proxy(scene.url) as proxy, SnapshotStore(proxy.url, policy=POLICY) as store:
        with held_at_exec(proxy, lambda: store.run(store.pins.pin(REGION, wanted, None))) as slow:
            direct.commit(mine)
        assert isinstance(slow.answer(), MissingSnapshotError)
    assert not client.exists(NAMES.pin)
    assert sound(client)


def test_what_is_pinned_while_reconciliation_is_about_to_drop_it_stays(scene, client, direct):
    before, left = history(scene, direct)
    wanted = max(before - left)
    client.delete(NAMES.beside["spare"])
    with Proxy(scene.url) as proxy, SnapshotStore(proxy.url, policy=POLICY) as store:
        held = proxy.arm(Break.HOLD_REQUEST, lambda request: request.name == "ZREM")
        slow = Started(lambda: store.reconcile([REGION]))
        held.wait()
        direct.run(direct.pins.pin(REGION, wanted, None))
        held.release()
        assert [found.kind for found in slow.answer().findings] == ["past_its_tier"]
    assert entries_of(client).keys() == left | {wanted}
    assert violations(client, "tagged", REGION) == []
