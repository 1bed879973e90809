"""The world overview: everything that is published, and nothing else, for people and for readers."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from xml.etree import ElementTree

import dagster as dg
import pytest

from regional_snapshots.defs.assets.overview import COLUMNS, SHORT
from regional_snapshots.defs.assets.overview import overview as table_of
from regional_snapshots.gathering.pages import PAGE
from regional_snapshots.model.regions import REGION_IDS, REGIONS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.errors import MissingSnapshotError
from regional_snapshots.store.keys import TAGGED
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.defs.conftest import Project, failure, materialized
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.server import RedisServer

METADATA_LIMIT = 200_000
"""Bytes of the metadata of one event."""


def overview(project: Project) -> dict:
    """The metadata of a new overview."""
    result = project.run("overview")
    assert result.success
    return materialized(result, "world_overview")[""]


def test_it_shows_every_region_in_two_tables_and_in_a_picture(project: Project) -> None:
    project.refresh()
    shown = overview(project)
    for name in ("table", "axes"):
        assert [record.data["region"] for record in shown[name].records] == [REGIONS[it].label for it in REGION_IDS]
    whole_names = {short: axis for axis, short in SHORT.items()}
    columns = [*shown["table"].records[0].data, *shown["axes"].records[0].data]
    assert {whole_names.get(name, name) for name in columns} == set(COLUMNS)
    assert shown["regions"] == 8
    for name in ("picture", "map"):
        drawn = base64.b64decode(shown[name].split("base64,")[1].rstrip(")"))
        assert ElementTree.fromstring(drawn).tag.endswith("svg")  # noqa: S314 (our own)


def test_it_tells_the_age_of_a_snapshot_in_hours() -> None:
    made = snapshot("mena", 1_780_000_000_000)
    frame = table_of({"mena": made}, made.generated_at + 90 * 60_000)
    assert list(frame["age_hours"]) == [1.5]


def test_it_begins_with_what_matters_now_in_at_most_five_lines(project: Project) -> None:
    project.refresh()
    shown = overview(project)
    assert next(iter(shown)) == "what_matters_now"
    lines = shown["what_matters_now"].splitlines()
    assert 1 <= len(lines) <= 5
    assert all(line.startswith("- ") for line in lines)


def test_it_lists_the_newest_events(project: Project) -> None:
    project.refresh()
    listed = [record.data for record in overview(project)["newest_events"].records]
    with SnapshotStore(project.settings.redis_url) as store:
        told = [event for found in store.events(REGION_IDS).values() for event in found]
    assert len(listed) == min(20, len(told))
    assert {row["type"] for row in listed} <= {event.type for event in told}
    assert all(row["what"].endswith(" (sample)") for row in listed)
    assert listed == sorted(listed, key=lambda row: row["UTC"], reverse=True)


def test_it_writes_the_page_and_says_where(project: Project) -> None:
    project.refresh()
    page = Path(overview(project)["page"])
    assert page.parent == project.settings.home
    html = page.read_text()
    assert all(REGIONS[region].label.replace("&", "&amp;") in html for region in REGION_IDS)
    assert "<script" in html
    assert page.stat().st_mode & 0o077 == 0


def test_a_home_that_cannot_be_written_costs_only_the_page(project: Project) -> None:
    project.refresh()
    (project.settings.home / PAGE).mkdir()
    shown = overview(project)
    assert "page" not in shown
    assert shown["regions"] == 8


def test_it_shows_the_state_of_every_feed(project: Project) -> None:
    project.refresh()
    shown = overview(project)
    summary, table, *_ = shown["feeds_board"].split("\n\n")
    assert len(table.splitlines()) == 2 + 17
    assert summary == shown["feeds"]
    assert "fresh" in shown["feeds"]


def test_what_is_not_known_says_so_in_the_table(project: Project, server: RedisServer) -> None:
    server.client().delete("risk:scores:sebuf:stale:v8")
    project.refresh()
    shown = overview(project)
    assert {record.data["fragility"] for record in shown["axes"].records} == {"not known"}


def test_the_metadata_of_the_overview_and_of_a_region_are_small(project: Project) -> None:
    project.refresh()
    result = project.run("overview")
    for event in result.get_asset_materialization_events():
        assert len(dg.serialize_value(event.materialization)) < METADATA_LIMIT


def test_after_a_partial_failure_it_lists_every_region_that_has_a_latest(project: Project, server: RedisServer) -> None:
    server.client().set("snapshot:index:{latam}", "x")
    project.refresh()
    shown = overview(project)
    assert shown["regions"] == 7
    assert shown["without_snapshot"] == "latam"


@pytest.mark.parametrize("damaged", [["latam"], list(REGION_IDS)])
def test_a_region_whose_index_is_damaged_is_still_shown(
    project: Project, server: RedisServer, damaged: list[str]
) -> None:
    project.refresh()
    for region in damaged:
        server.client().set(f"snapshot:index:{{{region}}}", "x")
    shown = overview(project)
    assert shown["regions"] == 8


def test_it_publishes_the_summary_for_readers(project: Project, server: RedisServer) -> None:
    project.refresh()
    overview(project)
    summary = json.loads(server.client().get(TAGGED.summary))
    meta = json.loads(server.client().get(TAGGED.summary_meta))
    assert [entry["region"] for entry in summary["regions"]] == list(REGION_IDS)
    assert meta["recordCount"] == len(REGION_IDS)
    with SnapshotStore(server.url) as store:
        made, _ = store.latest_set()
    assert made.oldest_ms == meta["fetchedAt"] <= summary["generatedAt"]


def test_with_nothing_published_it_says_what_to_do(bare_project: Project) -> None:
    text, _ = failure(bare_project.run("overview"))
    assert "materialize regional_snapshot" in text


def downstream(
    project: Project, mapping: dg.PartitionMapping | None, *, tolerant: bool = False, **asset_options: object
) -> object:
    """What an asset that depends on the snapshots is given; ``asset_options`` may make it partitioned."""
    given = []
    metadata = {"allow_missing_partitions": tolerant}
    asked = dg.AssetIn("regional_snapshot", partition_mapping=mapping, metadata=metadata)

    @dg.asset(ins={"latest": asked}, **asset_options)
    def reader(latest: object) -> None:
        given.append(latest)

    assets = [*(project.definitions.assets or []), reader]
    key = "latam" if asset_options else None
    dg.materialize(
        assets,
        selection=[reader],
        resources=dict(project.definitions.resources or {}),
        instance=project.instance,
        partition_key=key,
    )
    return given[0]


def test_a_partitioned_asset_is_given_the_snapshot_of_its_region(project: Project) -> None:
    project.refresh()
    given = downstream(project, None, partitions_def=dg.StaticPartitionsDefinition(list(REGION_IDS)))
    assert isinstance(given, Snapshot)
    assert given.region == "latam"


def test_an_unpartitioned_asset_is_given_all_regions(project: Project) -> None:
    project.refresh()
    given = downstream(project, None)
    assert {region: snapshot.region for region, snapshot in given.items()} == {name: name for name in REGION_IDS}


def test_an_asset_that_asks_for_several_regions_is_given_those(project: Project) -> None:
    project.refresh()
    assert set(downstream(project, dg.SpecificPartitionsPartitionMapping(["mena", "latam"]))) == {"mena", "latam"}


def test_an_asset_that_needs_a_region_that_is_missing_fails_with_its_name(project: Project) -> None:
    project.refresh(["mena"])
    with pytest.raises(MissingSnapshotError, match="latam"):
        downstream(project, dg.SpecificPartitionsPartitionMapping(["mena", "latam"]))


def test_an_asset_with_partitions_of_another_kind_is_given_all_the_regions_it_asks_for(project: Project) -> None:
    project.refresh()
    teams = dg.StaticPartitionsDefinition(["latam", "others"])
    given = downstream(project, dg.AllPartitionMapping(), partitions_def=teams)
    assert sorted(given) == sorted(REGION_IDS)


def test_an_asset_whose_only_region_is_missing_fails_with_its_name_whatever_it_allows(project: Project) -> None:
    project.refresh(["mena"])
    regions = dg.StaticPartitionsDefinition(list(REGION_IDS))
    with pytest.raises(MissingSnapshotError, match="latam"):
        downstream(project, None, tolerant=True, partitions_def=regions)
