"""The summary is written whenever nobody says otherwise."""

from __future__ import annotations

from regional_snapshots.store.commit import Outcome
from regional_snapshots.store.records.summary import publish_summary
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, fresh


def test_what_a_commit_watched_on_the_same_connection_does_not_void_the_summary(server, client):
    first, second, third = (fresh(client, plus_ms=ms) for ms in range(3))
    with SnapshotStore(server.url, limit=1) as store, SnapshotStore(server.url) as other:
        other.commit(first)
        assert store.commit(second).outcome is Outcome.DUPLICATE
        other.commit(third, force=True)
        store.run(publish_summary(store.connections, store.layout, {REGION: third}, 1))
    assert client.exists(store.layout.summary, store.layout.summary_meta) == 2
