"""Clocks that were wrong for a while: nothing of tomorrow holds back today, and nothing right is taken for wrong."""

from __future__ import annotations

import time

import pytest

from regional_snapshots.store.commit import Outcome
from regional_snapshots.store.errors import ClockSkewError, HeldBackError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support import script
from regional_snapshots_tests.support.clock import CAN_SET_CLOCKS, SettableClock, clocked_server
from regional_snapshots_tests.support.commits import REGION, fresh, wait_until
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.oracle import BUCKET_MS, DAY_MS, names_of, violations

DAY_S = 86_400
pytestmark = pytest.mark.skipif(not CAN_SET_CLOCKS, reason="needs a C compiler and Linux")


@pytest.fixture
def clock(tmp_path):
    return SettableClock(tmp_path)


@pytest.fixture
def server(clock):
    with clocked_server(clock) as made:
        yield made


@pytest.fixture(params=["tagged", "worldmonitor"])
def store(request, server):
    with SnapshotStore(server.url, layout=request.param) as opened:
        yield opened


def ahead(clock, client, seconds):
    """Set the server's clock so far ahead, and wait until it has looked at it."""
    clock.ahead(seconds)
    wait_until(lambda: abs(client.time()[0] - time.time() - seconds) < DAY_S / 2)


def tells(client, store, made):
    return store.commit(made, news=news(made, "corridor_break", "regime_shift"))


def test_a_writer_may_be_ahead_by_less_than_a_bucket(client, store):
    names, (seconds, _) = names_of(store.layout.name, REGION), client.time()
    early = snapshot(REGION, seconds * 1000 + BUCKET_MS // 3, reason="regime_shift")
    assert store.commit(early).outcome is Outcome.COMMITTED
    assert store.commit(fresh(client), force=True).outcome is Outcome.LATE
    client.delete(f"{names.views}{early.generated_at}")
    assert [finding.kind for finding in store.reconcile([REGION]).findings] == ["view_missing"]


def test_what_was_written_while_writer_and_server_were_a_day_ahead_is_moved_out_of_the_way(clock, client, store):
    names = names_of(store.layout.name, REGION)
    yesterday = fresh(client, back=3)
    tells(client, store, yesterday)
    ahead(clock, client, DAY_S)
    wrong = [fresh(client, back=back) for back in (2, 1)]
    for made in wrong:
        assert tells(client, store, made).outcome is Outcome.COMMITTED
    ahead(clock, client, 0)

    before, today = picture(client), fresh(client)
    with pytest.raises(HeldBackError, match=r"ahead of the server.*reconcile"):
        tells(client, store, today)
    assert picture(client) == before
    client.set(names.latest, yesterday.id, keepttl=True)
    with pytest.raises(HeldBackError, match="ahead of the server"):
        tells(client, store, today)
    client.set(names.latest, wrong[-1].id, keepttl=True)
    checked = store.reconcile([REGION], repair=False)
    assert [finding.kind for finding in checked.left] == ["in_future"] * 2
    assert not checked.healthy
    assert picture(client) == before

    assert store.reconcile([REGION]).left == ()
    assert store.latest(REGION).id == yesterday.id
    assert violations(client, store.layout.name, REGION) == []
    kept = [client.get(key) for key in client.scan_iter(names.quarantine + "*")]
    assert {made.payload for made in wrong} <= set(kept)
    answer = tells(client, store, today)
    assert answer.outcome is Outcome.COMMITTED
    assert [event.type for event in answer.told] == ["corridor_break", "regime_shift"]
    assert store.latest(REGION).id == today.id
    rows = store.series([REGION])[REGION]
    assert rows["snapshot_id"].iloc[-1] == today.id
    assert store.reconcile([REGION], deep=True).findings == ()
    assert violations(client, store.layout.name, REGION) == []


def test_what_is_ahead_of_a_wrong_server_only_is_left_alone(clock, client, store):
    made = fresh(client)
    store.commit(made)
    ahead(clock, client, -DAY_S)
    before = picture(client)
    report = store.reconcile([REGION])
    assert [finding.kind for finding in report.left] == ["in_future"]
    assert "one of the two is wrong" in report.left[0].detail
    assert picture(client) == before
    with pytest.raises(ClockSkewError, match="set the clock of this machine, or of the server"):
        store.commit(fresh(client, back=-96))
    ahead(clock, client, 0)
    assert store.reconcile([REGION], deep=True).findings == ()
    assert store.latest(REGION).id == made.id


@pytest.mark.parametrize("instant", [2**48 - 1, None])
def test_a_payload_of_the_future_that_nothing_names_is_not_indexed(client, store, instant):
    names, made = names_of(store.layout.name, REGION), snapshot(REGION, instant or client.time()[0] * 1000 + DAY_MS)
    store.commit(fresh(client))
    client.set(names.payloads + made.id, made.payload, px=100 * DAY_MS)
    report = store.reconcile([REGION], deep=True)
    assert [finding.kind for finding in report.findings] == ["in_future"]
    assert violations(client, store.layout.name, REGION) == []


@pytest.mark.parametrize("instant", [9_999_999_999_999_999, 2**48 - 1, None])
def test_a_view_of_the_future_that_nothing_names_is_moved_away(client, store, instant):
    names, tomorrow = names_of(store.layout.name, REGION), client.time()[0] * 1000 + DAY_MS
    store.commit(fresh(client))
    client.set(f"{names.views}{instant or tomorrow}", "x", px=DAY_MS)
    assert [finding.kind for finding in store.reconcile([REGION], deep=True).findings] == ["view_orphaned"]
    assert violations(client, store.layout.name, REGION) == []


def test_another_programs_snapshots_of_the_future_are_left_and_said(client, server):
    script.fill(client, ["mena"], 2, apart_ms=DAY_MS, newest_ms=client.time()[0] * 1000 + DAY_MS)
    before = picture(client)
    with SnapshotStore(server.url, layout="worldmonitor") as store:
        left = store.reconcile(["mena"]).left
    assert [finding.kind for finding in left] == ["in_future"]
    assert "another program's" in left[0].detail
    assert picture(client) == before
