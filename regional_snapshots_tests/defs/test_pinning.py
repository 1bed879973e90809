"""Rolling back in the UI: two jobs, what a refresh says meanwhile, and what the overview says."""

from __future__ import annotations

import pytest

from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.defs.conftest import Project, failure, materialized
from regional_snapshots_tests.support.server import RedisServer


def pinned(project: Project, **config: object):
    return project.run("pin", config={"pin_region": {"config": config}})


def test_a_region_is_rolled_back_refreshed_into_history_and_let_go(project: Project, server: RedisServer) -> None:
    first = materialized(project.refresh())["mena"]["snapshot_id"]
    second = materialized(project.refresh(force=True))["mena"]["snapshot_id"]
    assert pinned(project, region="mena", snapshot_id=first, hours=2.0).success
    with SnapshotStore(server.url) as store:
        assert store.latest("mena").id == first
        result = project.refresh(force=True)
        assert result.success
        outcomes = {region: shown["outcome"] for region, shown in materialized(result).items()}
        assert outcomes == {**dict.fromkeys(outcomes, "COMMITTED"), "mena": "PINNED"}
        assert store.latest("mena").id == first
        assert first in materialized(project.run("overview"), "world_overview")[""]["pinned"]
        assert project.run("unpin", config={"unpin_region": {"config": {"region": "mena"}}}).success
        assert store.latest("mena").id not in (first, second)
    assert "pinned" not in materialized(project.run("overview"), "world_overview")[""]


def test_while_it_is_pinned_a_region_is_compared_with_its_newest_snapshot(
    project: Project, server: RedisServer
) -> None:
    client = server.client()
    signals = client.getdel("intelligence:cross-source-signals:v1")
    calm = materialized(project.refresh())["mena"]["snapshot_id"]
    client.set("intelligence:cross-source-signals:v1", signals)
    tense = materialized(project.refresh(force=True))["mena"]["snapshot_id"]
    assert pinned(project, region="mena", snapshot_id=calm).success
    project.refresh(force=True)
    with SnapshotStore(server.url) as store:
        head = store.recent("mena", 1)[0].document
        before = store.get("mena", tense).document
    assert head["meta"]["previous_id"] == tense
    assert before["regime"]["label"] == head["regime"]["label"] == "coercive_stalemate"
    assert head["regime"]["transitioned_at"] == before["regime"]["transitioned_at"]


@pytest.mark.parametrize(("region", "named"), [("atlantis", "no region"), ("mena", "is not kept")])
def test_what_cannot_be_pinned_is_said_in_words(project: Project, region: str, named: str) -> None:
    result = pinned(project, region=region, snapshot_id="019000000000-0123456789ab")
    assert not result.success
    assert named in failure(result)[0]
