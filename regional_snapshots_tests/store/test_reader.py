"""A reader gets snapshots that verify, or a typed error that says what to do; in a bounded number of round trips."""

from __future__ import annotations

import pytest

from regional_snapshots.model.snapshot import AXES
from regional_snapshots.store.commit import Policy
from regional_snapshots.store.errors import (
    DamagedError,
    DanglingPointerError,
    MissingSnapshotError,
    UnreachableError,
    WrongTypeError,
)
from regional_snapshots.store.reader import PAGE
from regional_snapshots.store.records.history import HISTORY_COLUMNS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import Started, wait_until
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.drift import healthy
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import BUCKET_MS, names_of
from regional_snapshots_tests.support.proxy import Proxy

REGIONS = ("latam", "mena")


@pytest.fixture(params=["tagged", "worldmonitor"])
def store(request, server):
    with SnapshotStore(server.url, layout=request.param) as opened:
        yield opened


@pytest.fixture
def scene(store, client):
    return healthy(store, client, "mena", count=4)


def test_latest_and_one_by_its_id_are_what_was_written(store, scene):
    assert store.latest("mena") == scene.head
    assert [store.get("mena", each.id).document for each in scene.snapshots] == [
        each.document for each in scene.snapshots
    ]


@pytest.mark.parametrize(("after_ms", "place"), [(0, 1), (1, 1), (-1, 0)])
def test_as_of_an_instant_is_the_newest_that_is_not_younger(store, scene, after_ms, place):
    assert store.as_of("mena", scene.snapshots[1].generated_at + after_ms) == scene.snapshots[place]


def test_history_is_newest_first_between_two_instants_and_no_longer_than_asked_for(store, scene):
    frame = store.history("mena")
    assert list(frame.columns) == list(HISTORY_COLUMNS)
    assert list(frame.id) == [each.id for each in reversed(scene.snapshots)]
    assert (frame[["net_balance", *AXES]].iloc[0] == [0.0] + [0.5] * len(AXES)).all()
    middle = scene.snapshots[1:3]
    since_ms, until_ms = (each.generated_at for each in middle)
    assert list(store.history("mena", since_ms, until_ms).id) == [each.id for each in reversed(middle)]
    assert list(store.history("mena", limit=1).id) == [scene.head.id]
    assert store.history("latam").empty


def test_an_empty_history_has_the_column_types_of_a_full_one(store, scene):
    full, empty = store.history("mena"), store.history("mena", until_ms=1)
    assert len(full) > len(empty) == 0
    assert dict(full.dtypes) == dict(empty.dtypes)


def test_a_history_of_several_pages_has_every_row_once(store, client):
    names = names_of(store.layout.name, "latam")
    made = [snapshot("latam", client.time()[0] * 1000 - back * BUCKET_MS) for back in range(3 * PAGE - 1)]
    client.mset({names.payloads + each.id: each.payload for each in made})
    client.zadd(names.index, {each.id: each.generated_at for each in made})
    frame = store.history("latam", limit=len(made))
    assert list(frame.id) == [each.id for each in made]
    assert not any(frame.problem)


def test_what_is_not_there_is_an_error_that_says_what_to_do(store, scene):
    with pytest.raises(MissingSnapshotError, match=r"latam: .*refresh"):
        store.latest("latam")
    with pytest.raises(MissingSnapshotError, match="history"):
        store.as_of("mena", scene.snapshots[0].generated_at - 1)
    with pytest.raises(MissingSnapshotError, match="history"):
        store.get("mena", snapshot("mena", 1).id)


def test_what_does_not_verify_is_never_returned(store, scene, client):
    client.set(scene.payload(scene.head), scene.head.payload.replace(b"0.5", b"0.6", 1))
    with pytest.raises(DamagedError, match="reconcile"):
        store.latest("mena")
    assert "verify" in store.history("mena").problem[0]


def test_the_next_step_for_a_damaged_snapshot_of_the_past_mends_it(store, scene, client):
    old = scene.snapshots[0]
    client.set(scene.payload(old), "x", keepttl=True)
    with pytest.raises(DamagedError) as refused:
        store.get("mena", old.id)
    deep = "--deep" in refused.value.next_step
    assert {finding.kind for finding in store.reconcile(["mena"], deep=deep).findings} == {"payload_damaged"}


def test_a_snapshot_of_another_region_is_never_returned(store, scene, client):
    stranger = snapshot("latam", scene.head.generated_at)
    client.set(scene.payload(stranger), stranger.payload)
    client.set(scene.names.latest, stranger.id)
    with pytest.raises(DamagedError, match="belongs to region 'latam'"):
        store.latest("mena")


@pytest.mark.parametrize("pointer", [b"", b"\xff", b"x" * 1_000_000])
def test_a_pointer_that_is_no_id_is_one_short_error(store, scene, client, pointer):
    client.set(scene.names.latest, pointer)
    with pytest.raises(DanglingPointerError, match="reconcile") as caught:
        store.latest("mena")
    assert len(str(caught.value)) < 1000


def test_a_snapshot_that_is_named_and_not_stored_is_an_error(store, scene, client):
    client.delete(scene.payload(scene.head))
    with pytest.raises(DanglingPointerError, match="named but not stored"):
        store.latest("mena")
    assert [bool(problem) for problem in store.history("mena").problem] == [True, False, False, False]


def test_a_document_of_another_shape_spoils_only_its_own_row_of_history(store, scene, client):
    strange = type(scene.head).seal(
        {"region_id": "mena", "generated_at": scene.head.generated_at + 1, "meta": {"snapshot_id": ""}, "balance": 7}
    )
    client.set(scene.payload(strange), strange.payload)
    client.zadd(scene.names.index, {strange.id: strange.generated_at})
    frame = store.history("mena")
    assert [bool(problem) for problem in frame.problem] == [True, False, False, False, False]


def test_one_region_that_cannot_be_read_holds_up_nobody(store, scene, client):
    healthy(store, client, "latam")
    client.delete(scene.names.latest)
    client.rpush(scene.names.latest, "not", "ours")
    found = store.latest_all([*REGIONS, "europe"])
    assert [type(each) for each in found.values()] == [type(scene.head), WrongTypeError, MissingSnapshotError]


def test_without_a_server_reading_is_one_typed_error(own_server):
    server = own_server()
    with SnapshotStore(server.url, policy=Policy(attempts=2)) as store:
        server.kill()
        with pytest.raises(UnreachableError):
            store.latest("mena")


def test_a_hundred_regions_take_as_many_round_trips_as_one(server, client):
    regions = [f"region-{number}" for number in range(100)]
    with SnapshotStore(server.url) as store:
        newest = {region: healthy(store, client, region, count=1).head for region in regions}
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
        assert store.latest_all(regions) == newest
        assert sum(proxy.turnarounds.values()) == 2
        store.get_all({region: each.id for region, each in newest.items()})
        assert sum(proxy.turnarounds.values()) == 3
        store.as_of_all(regions, newest["region-0"].generated_at + 60_000)
        assert sum(proxy.turnarounds.values()) == 5


def test_histories_are_read_side_by_side_and_one_that_cannot_be_read_holds_up_nobody(server, client):
    with SnapshotStore(server.url) as store:
        scenes = [healthy(store, client, region, count=2) for region in REGIONS]
    client.delete(scenes[0].names.index)
    client.rpush(scenes[0].names.index, "not", "ours")
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url, timeout_s=60) as store:
        held = proxy.arm(Break.HOLD_REPLY, 1)
        histories = Started(lambda: store.history_all([*REGIONS, "europe"]))
        held.wait()
        wait_until(lambda: len(proxy.requests) == 1 + 3 + 1)  # nobody waits for the first
        held.release()
        found = histories.answer()
    assert isinstance(found["latam"], WrongTypeError)
    assert [list(found[region].id) for region in ("mena", "europe")] == [
        [each.id for each in reversed(scenes[1].snapshots)],
        [],
    ]


def test_with_a_cache_latest_is_read_again_only_when_the_pointer_has_moved(server, client, store, scene):
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url, layout=store.layout.name, cache=True) as cached:

        def reads():
            proxy.reset()
            answer = cached.latest("mena")
            return answer, [request.name for request in proxy.requests]

        assert reads() == (scene.head, ["GET", "GET"])
        first, asked = reads()
        assert (first, asked) == (scene.head, ["GET"])
        first.document["meta"]["trigger_reason"] = "spoiled by whoever got it"
        assert cached.latest("mena").document == scene.head.document
        store.run(store.pins.pin("mena", scene.snapshots[0].id))
        assert reads() == (scene.snapshots[0], ["GET", "GET"])
        store.run(store.pins.unpin("mena"))
        assert reads() == (scene.head, ["GET", "GET"])
        client.delete(scene.names.latest)
        with pytest.raises(MissingSnapshotError):
            cached.latest("mena")


def test_without_a_cache_every_reading_is_one(server, store, scene):
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url, layout=store.layout.name) as plain:
        for _ in range(2):
            plain.latest("mena")
        assert [request.name for request in proxy.requests].count("GET") == 4
