"""Weekly briefs: one a region, stored where readers look for them, with health that tells the truth."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from regional_snapshots.analysis.replay import publish
from regional_snapshots.defs.partitions import BRIEFED
from regional_snapshots.defs.tags import range_tags
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.store.keys import LAYOUTS, RegionKeys
from regional_snapshots.store.records.texts import read_briefs
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.defs.conftest import Project, failure, materialized
from regional_snapshots_tests.support.server import RedisServer

FIELDS = {
    "region_id", "generated_at", "period_start", "period_end", "situation_recap", "regime_trajectory",
    "key_developments", "risk_outlook", "provider", "model",
}  # fmt: skip
"""Of a brief, as the readers of the live system know it. Source: its description, section 7."""
FIFTEEN_DAYS_S = 1_296_000


@pytest.fixture(params=sorted(LAYOUTS))
def telling(request, project: Project, server: RedisServer) -> Project:
    """The project in either layout, after the replayed crisis."""
    settings = replace(project.settings, key_layout=request.param)
    with SnapshotStore(server.url, layout=request.param) as store:
        publish(store, "red-sea", METHODS["2"], server.client().time()[0] * 1000 - 3_600_000)
    return Project(settings, project.instance)


def briefs(project: Project, regions: tuple[str, ...] = BRIEFED):
    return project.run("briefs", tags=range_tags(regions))


def key_of(project: Project, region: str) -> str:
    return RegionKeys(region, LAYOUTS[project.settings.key_layout]).brief


def test_every_region_has_a_brief_in_the_shape_and_for_the_time_that_readers_expect(
    telling: Project, server: RedisServer
) -> None:
    shown = materialized(briefs(telling), "weekly_brief")
    client = server.client()
    assert set(shown) == set(BRIEFED) == set(REGION_IDS) - {"global"}
    for region in BRIEFED:
        key = key_of(telling, region)
        document = json.loads(client.get(key))
        assert set(document) == FIELDS
        assert (document["region_id"], document["provider"], document["model"]) == (region, "template", "")
        assert document["period_end"] - document["period_start"] == 7 * 86_400_000
        assert document["situation_recap"]
        assert len(document["key_developments"]) <= 5
        assert FIFTEEN_DAYS_S - 60 < client.ttl(key) <= FIFTEEN_DAYS_S
        assert shown[region]["llm_calls"] == 0
    crisis = json.loads(client.get(key_of(telling, "mena")))
    assert "escalation ladder" in crisis["regime_trajectory"]
    assert "escalation ladder" in shown["mena"]["brief"]


def test_the_summary_says_how_many_and_only_when_none_failed(telling: Project, server: RedisServer) -> None:
    client, layout = server.client(), LAYOUTS[telling.settings.key_layout]
    client.rename(RegionKeys("mena", layout).latest, "elsewhere")
    result = briefs(telling)
    assert not result.success
    assert "mena" in failure(result)[0]
    assert not client.exists(layout.briefs_summary, layout.briefs_meta)
    assert client.exists(key_of(telling, "europe"))
    client.rename("elsewhere", RegionKeys("mena", layout).latest)
    assert briefs(telling).success
    summary, meta = (json.loads(client.get(key)) for key in (layout.briefs_summary, layout.briefs_meta))
    assert {name: summary[name] for name in ("regionsGenerated", "regionsSkipped", "coverageOk")} == {
        "regionsGenerated": 7,
        "regionsSkipped": 0,
        "coverageOk": True,
    }
    assert meta == {"fetchedAt": summary["generatedAt"], "recordCount": 7}


def test_some_regions_alone_leave_the_health_of_the_week_as_it_is(telling: Project, server: RedisServer) -> None:
    layout = LAYOUTS[telling.settings.key_layout]
    assert briefs(telling, ("mena",)).success
    assert not server.client().exists(layout.briefs_summary, layout.briefs_meta)


def test_what_is_stored_can_be_read_and_what_is_none_is_none(telling: Project, server: RedisServer) -> None:
    briefs(telling)
    server.client().set(key_of(telling, "europe"), "[]")
    with SnapshotStore(server.url, layout=telling.settings.key_layout) as store:
        found = store.run(read_briefs(store.connections, store.layout, ["mena", "europe"]))
    assert found["mena"]["region_id"] == "mena"
    assert found["europe"] is None
