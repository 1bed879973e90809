"""What is said of all regions together: it is written whenever nobody says otherwise, tells no lie, and is whole."""

from __future__ import annotations

import json

import pytest
import redis

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.store.commit import Outcome
from regional_snapshots.store.errors import MissingSnapshotError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, fresh
from regional_snapshots_tests.support.oracle import BUCKET_MS
from regional_snapshots_tests.support.proxy import Proxy

REGIONS = ["latam", "mena"]


def committed(store: SnapshotStore, client: redis.Redis, **changes: int) -> dict[str, Snapshot]:
    made = {region: fresh(client, region=region, **changes) for region in REGIONS}
    store.commit_all(list(made.values()), force=True)
    return made


def test_what_a_commit_watched_on_the_same_connection_does_not_void_the_summary(server, client):
    first, second, third = (fresh(client, plus_ms=ms) for ms in range(3))
    with SnapshotStore(server.url, limit=1) as store, SnapshotStore(server.url) as other:
        other.commit(first)
        assert store.commit(second).outcome is Outcome.DUPLICATE
        other.commit(third, force=True)
        store.publish_summary({REGION: third}, [REGION], 1)
    assert client.exists(store.layout.summary, store.layout.summary_meta) == 2


def test_health_is_as_fresh_as_the_oldest_region_and_no_fresher(server, client):
    with SnapshotStore(server.url) as store:
        old, new = fresh(client, back=3, region="latam"), fresh(client, region="mena")
        for later_ms in (0, 60_000):
            store.publish_summary({"latam": old, "mena": new}, REGIONS, new.generated_at + later_ms)
            meta = json.loads(client.get(store.layout.summary_meta))
            assert meta == {"fetchedAt": old.generated_at, "recordCount": 2}


def test_a_set_is_read_whole_in_two_round_trips_whatever_is_committed_since(server, client):
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
        first = committed(store, client)
        made = store.publish_summary(first, REGIONS, 1)
        newer = fresh(client, region="latam", plus_ms=1)
        store.commit(newer, force=True)  # half of the next refresh
        proxy.reset()
        found, snapshots = store.latest_set()
        assert max(proxy.turnarounds.values()) <= 2
    assert (found, snapshots) == (made, first)
    with SnapshotStore(server.url) as store:
        assert store.latest("latam").id == newer.id


@pytest.mark.parametrize("instant", ["Infinity", "1e999", "-5", "9" * 30, "NaN"])
def test_a_set_of_an_impossible_time_is_read_all_the_same(server, client, instant):
    with SnapshotStore(server.url) as store:
        first = committed(store, client)
        store.publish_summary(first, REGIONS, 1)
        stored = json.loads(client.get(store.layout.set))
        spoilt = json.dumps(stored | {"newest_ms": "HERE"}).replace('"HERE"', instant)
        client.set(store.layout.set, spoilt)
        found, snapshots = store.latest_set()
    assert 0 <= found.newest_ms <= MAX_INSTANT_MS
    assert snapshots == first


def test_what_was_not_made_together_is_no_set(server, client):
    with SnapshotStore(server.url) as store:
        first = committed(store, client, back=2)
        made = store.publish_summary(first, REGIONS, 1)
        apart = fresh(client, region="latam", back=2, plus_ms=BUCKET_MS)
        assert store.publish_summary({**first, "latam": apart}, REGIONS, 1) is None
        assert store.publish_summary({"latam": apart}, REGIONS, 1) is None
        assert store.latest_set()[0] == made


def test_the_same_snapshots_are_the_same_set(server, client):
    with SnapshotStore(server.url) as store:
        first = committed(store, client)
        one, two = (store.publish_summary(first, REGIONS, now_ms) for now_ms in (1, 2))
        other = store.publish_summary(committed(store, client, plus_ms=1), REGIONS, 3)
    assert one == two
    assert other is not None
    assert one is not None
    assert one.id != other.id


@pytest.mark.parametrize("stored", [None, "x", "[]", '{"id": 1}'])
def test_without_a_set_the_reader_is_told_what_to_do(server, client, stored):
    with SnapshotStore(server.url) as store:
        if stored is not None:
            client.set(store.layout.set, stored)
        with pytest.raises(MissingSnapshotError, match="Next: refresh all regions"):
            store.latest_set()


def test_a_region_that_is_not_in_the_set_has_its_error(server, client):
    with SnapshotStore(server.url) as store:
        store.publish_summary(committed(store, client), REGIONS, 1)
        _, found = store.latest_set(["latam", "europe"])
    assert isinstance(found["europe"], MissingSnapshotError)
    assert found["latam"].region == "latam"
