"""What happened, as a refresh in Dagster tells it: events in the store, and nothing that only looks like one."""

from __future__ import annotations

from typing import Any

import dagster as dg

from regional_snapshots.model.events import Event
from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.defs.conftest import Project, failure, materialized
from regional_snapshots_tests.support.server import RedisServer

SIGNALS = next(spec.key for spec in FEEDS if spec.name == "signals")


def events(server: RedisServer) -> list[Event]:
    with SnapshotStore(server.url) as store:
        found: list[Event] = []
        for listed in store.events(REGION_IDS).values():
            assert isinstance(listed, list)
            found += listed
    return found


def latest(server: RedisServer, region: str) -> dict[str, Any]:
    with SnapshotStore(server.url) as store:
        return store.latest(region).document


def test_a_lost_feed_is_told_as_data_loss_in_every_region_and_its_return_as_that(
    project: Project, server: RedisServer
) -> None:
    project.refresh()
    began = events(server)
    assert {event.type for event in began if event.region == "mena"} == {"regime_shift", "trigger_activated"}
    regime = latest(server, "mena")["regime"]
    document = server.client().get(SIGNALS)
    server.client().delete(SIGNALS)
    lost = materialized(project.refresh())
    server.client().set(SIGNALS, document)
    back = materialized(project.refresh())

    told = [event for event in events(server) if event not in began]
    assert {event.type for event in told} == {"data_loss", "data_restored"}
    of_the_feed = [(event.region, event.type) for event in told if event.subject == "signals"]
    assert sorted(of_the_feed) == sorted(
        (region, kind) for region in REGION_IDS for kind in ("data_loss", "data_restored")
    )
    assert {entry["outcome"] for entry in (*lost.values(), *back.values())} == {"COMMITTED"}
    assert {entry["trigger_reason"] for entry in (*lost.values(), *back.values())} == {"scheduled_6h"}
    assert latest(server, "mena")["regime"] == regime
    assert server.client().xlen("snapshot:regimes:{mena}") == 1


def test_one_fresh_feed_withholds_every_region_and_the_message_names_what_is_missing(
    project: Project, server: RedisServer
) -> None:
    for spec in FEEDS:
        if spec.name != "stress":
            server.client().delete(spec.key)
    result = project.refresh()
    assert not result.success
    text, metadata = failure(result)
    assert metadata["withheld_regions"] == sorted(REGION_IDS)
    assert text.count("WITHHELD") == len(REGION_IDS)
    assert "16 of 17 feeds are missing (country_scores, forecasts, " in text
    assert not server.client().keys("snapshot:*")


def test_a_refresh_that_brought_something_about_is_seen_in_dagster(project: Project) -> None:
    first, second = project.refresh(), project.refresh()
    [observed] = _observations(first)
    assert observed.asset_key == dg.AssetKey("regional_events")
    assert observed.metadata["events"].value == len(observed.metadata["table"].value.records)
    assert observed.metadata["worst"].value == "high"
    assert _observations(second) == []


def _observations(result: dg.ExecuteInProcessResult) -> list[dg.AssetObservation]:
    return [
        event.asset_observation_data.asset_observation
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION
        and event.asset_observation_data.asset_observation.asset_key == dg.AssetKey("regional_events")
    ]
