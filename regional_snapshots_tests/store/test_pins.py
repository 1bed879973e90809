"""A person holds latest at a snapshot: for every reader, through every commit, until it ends."""

from __future__ import annotations

import pytest

from regional_snapshots.store.commit import Outcome
from regional_snapshots.store.errors import DamagedError, MissingSnapshotError, UnreachableError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.drift import healthy, picture
from regional_snapshots_tests.support.faults import HOLDS, Break
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.oracle import BUCKET_MS, RETENTION_MS, names_of, violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.witness import Streams

HOUR_MS = 3_600_000
CUTS = [where for where in Break if where not in HOLDS]


@pytest.fixture(params=["tagged", "worldmonitor"])
def store(request, server):
    with SnapshotStore(server.url, layout=request.param) as opened:
        yield opened


@pytest.fixture
def scene(store, client):
    return healthy(store, client, "mena")


def pin(store, snapshot_id, for_ms=None):
    return store.run(store.pins.pin("mena", snapshot_id, for_ms))


def unpin(store):
    return store.run(store.pins.unpin("mena"))


def sound(store, client):
    return violations(client, store.layout.name, "mena") == [] and not store.reconcile(["mena"], deep=True).findings


def next_of(scene, **notes):
    return snapshot("mena", scene.head.generated_at + 60_000, reason="corridor_break", **notes)


def test_every_reader_sees_the_pinned_snapshot_and_commits_go_on_into_history(store, scene, client):
    first = scene.snapshots[0]
    made = pin(store, first.id)
    assert (made.snapshot_id, store.latest("mena").id) == (first.id, first.id)
    assert client.get(scene.names.latest) == first.id.encode()
    assert sound(store, client)
    later = next_of(scene)
    assert store.commit(later, news=news(later, "trigger_activated", "regime_shift")).outcome is Outcome.PINNED
    assert store.latest("mena").id == first.id
    assert store.get("mena", later.id).payload == later.payload
    assert store.history("mena").id[0] == later.id
    assert sound(store, client)


def test_a_pin_on_what_is_gone_holds_no_reader_back(store, scene, client):
    first = scene.snapshots[0]
    pin(store, first.id)
    client.delete(scene.payload(first))
    later = next_of(scene)
    assert store.commit(later).outcome is Outcome.COMMITTED
    assert store.latest("mena").id == later.id
    assert "pin_dangling" in {finding.kind for finding in store.reconcile(["mena"]).findings}
    assert sound(store, client)


def test_what_a_pin_keeps_from_readers_is_told_to_nobody(store, scene, client):
    pin(store, scene.snapshots[0].id)
    later = next_of(scene)
    store.commit(later, news=news(later, "trigger_activated", "regime_shift"))
    keys = Streams.of(store.layout.name, "mena")
    assert not client.exists(keys.events, keys.regimes, keys.series, "wm:events:queue")


def test_a_pinned_commit_is_written_once_and_said_so_again(store, scene, client):
    pin(store, scene.snapshots[0].id)
    later = next_of(scene)
    assert store.commit(later).outcome is Outcome.PINNED
    before = picture(client)
    again = store.commit(later)
    assert (again.outcome, again.bytes) == (Outcome.PINNED, 0)
    assert picture(client) == before


def test_unpinned_latest_is_the_newest_that_was_committed_meanwhile(store, scene, client):
    pin(store, scene.snapshots[0].id)
    later = next_of(scene)
    store.commit(later)
    assert unpin(store) == later.id
    assert store.latest("mena").id == later.id
    assert store.run(store.pins.pins(["mena"])) == {}
    assert sound(store, client)


def test_without_a_pin_nothing_is_unpinned(store, scene, client):
    before = picture(client)
    assert unpin(store) == scene.head.id
    assert picture(client) == before


@pytest.mark.parametrize("by", ["commit", "reconcile"])
def test_when_a_pin_has_ended_the_next_commit_or_reconciliation_moves_latest(store, scene, client, by):
    pin(store, scene.snapshots[0].id, for_ms=HOUR_MS)
    client.delete(scene.names.pin)  # as its expiry does
    if by == "commit":
        later = next_of(scene)
        assert store.commit(later).outcome is Outcome.COMMITTED
        assert store.latest("mena").id == later.id
    else:
        assert [finding.kind for finding in store.reconcile(["mena"]).findings] == ["latest_behind"]
        assert store.latest("mena").id == scene.head.id
    assert sound(store, client)


def test_a_pin_for_a_time_ends_then_and_no_pin_outlives_its_snapshot(store, scene, client):
    until = pin(store, scene.snapshots[1].id, for_ms=HOUR_MS).until_ms
    assert HOUR_MS - 10_000 < client.pttl(scene.names.pin) <= HOUR_MS
    assert store.run(store.pins.pins(["mena", "latam"]))["mena"].until_ms == pytest.approx(until, abs=5000)
    pin(store, scene.snapshots[0].id)
    payload_ms = client.pttl(scene.payload(scene.snapshots[0]))
    assert client.pttl(scene.names.pin) == pytest.approx(payload_ms, abs=5000)
    assert client.pttl(scene.names.latest) == pytest.approx(payload_ms, abs=5000)


def test_what_is_not_stored_or_damaged_or_of_another_region_is_not_pinned(store, scene, client):
    other = healthy(store, client, "latam").head
    ghost = scene.ghost(scene.head)
    client.set(scene.payload(scene.snapshots[1]), scene.snapshots[1].payload[:-9] + b"}", keepttl=True)
    before = picture(client)
    for name in (other.id, ghost):
        with pytest.raises(MissingSnapshotError, match="history"):
            pin(store, name)
    with pytest.raises(DamagedError):
        pin(store, scene.snapshots[1].id)
    assert picture(client) == before


def test_a_pin_moves(store, scene, client):
    pin(store, scene.snapshots[0].id)
    pin(store, scene.snapshots[2].id)
    assert store.latest("mena").id == scene.snapshots[2].id
    assert sound(store, client)


def test_latest_that_somebody_moved_off_its_pin_is_put_back(store, scene, client):
    pin(store, scene.snapshots[0].id)
    client.set(scene.names.latest, scene.head.id, pxat=scene.head.generated_at + RETENTION_MS)
    assert [finding.kind for finding in store.reconcile(["mena"]).findings] == ["latest_off_pin"]
    assert store.latest("mena").id == scene.snapshots[0].id
    assert sound(store, client)


@pytest.mark.parametrize("how", ["lost", "damaged", "no id"])
def test_a_pin_that_names_no_snapshot_goes_and_latest_is_the_newest(store, scene, client, how):
    first = scene.snapshots[0]
    pin(store, first.id)
    if how == "lost":
        client.delete(scene.payload(first))
    elif how == "damaged":
        client.set(scene.payload(first), first.payload[:-9], keepttl=True)
    else:
        client.set(scene.names.pin, "nonsense")
    found = {finding.kind for finding in store.reconcile(["mena"]).findings}
    assert "pin_dangling" in found
    assert store.latest("mena").id == scene.head.id
    assert not client.exists(scene.names.pin)
    assert sound(store, client)


@pytest.mark.parametrize("where", CUTS)
def test_cut_anywhere_once_a_pinned_commit_is_pinned_and_executed_once(server, client, where):
    with SnapshotStore(server.url) as direct:
        scene = healthy(direct, client, "mena")
        pin(direct, scene.snapshots[0].id)
        later = next_of(scene)
        with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
            proxy.arm(where, "EXEC")
            assert store.commit(later).outcome is Outcome.PINNED
        assert direct.latest("mena").id == scene.snapshots[0].id
        assert violations(client, "tagged", "mena") == []


def test_a_snapshot_of_the_bucket_before_is_late_pinned_or_not(store, scene, client):
    pin(store, scene.snapshots[0].id)
    late = snapshot("mena", scene.snapshots[2].generated_at + 1, reason="trigger_activation")
    assert store.commit(late).outcome is Outcome.LATE
    assert late.generated_at // BUCKET_MS <= scene.head.generated_at // BUCKET_MS
    assert names_of(store.layout.name, "mena").pin == scene.names.pin


@pytest.mark.parametrize("work", [pin, lambda store, _: unpin(store)], ids=["pin", "unpin"])
def test_without_a_server_there_is_one_clear_error(work):
    with RedisServer() as server, SnapshotStore(server.url) as store:
        server.kill()
        with pytest.raises(UnreachableError, match=r"mena: the server at .* Next: check that the server runs"):
            work(store, "01a2131c0000-0123456789ab")
