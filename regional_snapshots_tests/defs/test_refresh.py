"""A refresh: every region is written once and shown, and one that fails never holds up the others."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import dagster as dg
import pytest

from regional_snapshots.analysis.replay import publish
from regional_snapshots.defs.partitions import backfill_policy, runs_for
from regional_snapshots.defs.publishing.io_manager import SnapshotIOManager
from regional_snapshots.defs.publishing.refresh import Refresh
from regional_snapshots.defs.tags import range_tags, regions_of
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.defs.conftest import Project, failure, materialized
from regional_snapshots_tests.support.server import RedisServer

BROKEN = "snapshot:index:{latam}"
OTHERS = set(REGION_IDS) - {"latam"}


def retained(server: RedisServer) -> dict[str, int]:
    """How many snapshots the index of each region names."""
    return {region: server.client().zcard(f"snapshot:index:{{{region}}}") for region in REGION_IDS}


def test_all_eight_regions_are_committed_and_shown_in_one_run(project: Project, server: RedisServer) -> None:
    result = project.refresh()
    assert result.success
    shown = materialized(result)
    assert set(shown) == set(REGION_IDS)
    for region, metadata in shown.items():
        assert metadata["outcome"] == "COMMITTED"
        assert server.client().get(f"snapshot:latest:{{{region}}}").decode() == metadata["snapshot_id"]
        assert 0 < metadata["confidence"] <= 1
        assert -1 <= metadata["net_balance"] <= 1
        assert metadata["written_bytes"] > 1000
        assert metadata["sample_feeds"] != "none"
        assert {"regime", "what_changed", "missing_feeds", "stale_feeds", "previous_snapshot_id"} <= set(metadata)


def test_every_snapshot_is_shown_with_its_why_and_with_its_past(project: Project, server: RedisServer) -> None:
    with SnapshotStore(server.url) as store:
        publish(store, "red-sea", METHODS["2"], server.client().time()[0] * 1000 - 25 * 3_600_000)
    shown = materialized(project.refresh())
    for region, metadata in shown.items():
        assert list(metadata)[:5] == ["region", "regime", "what_changed", "why", "over_time"]
        assert metadata["why"].startswith("**Regime**"), region
        assert "sample feeds" in metadata["why"]
        picture = base64.b64decode(metadata["over_time"].split("base64,")[1].rstrip(")")).decode()
        assert "31 snapshots since" in picture  # thirty of the replay, and this one
        assert sum(len(str(value)) for value in metadata.values()) < 100_000


def test_the_materializations_are_on_record_for_each_partition(project: Project) -> None:
    project.refresh()
    key = dg.AssetKey("regional_snapshot")
    assert project.instance.get_materialized_partitions(key) == set(REGION_IDS)


def test_one_refused_region_leaves_seven_shown_and_a_failure_that_names_it(
    project: Project, server: RedisServer
) -> None:
    server.client().set(BROKEN, "x")
    result = project.refresh()
    assert not result.success
    assert set(materialized(result)) == OTHERS
    text, metadata = failure(result)
    assert "latam" in text
    assert BROKEN in text
    assert metadata["failed_regions"] == ["latam"]
    assert metadata["withheld_regions"] == []
    assert server.client().keys("*latam*") == [BROKEN.encode()]


def test_repeating_the_failed_region_alone_completes_the_eight(project: Project, server: RedisServer) -> None:
    server.client().set(BROKEN, "x")
    project.refresh()
    server.client().delete(BROKEN)
    repeated = project.refresh(["latam"])
    assert repeated.success
    assert {region: metadata["outcome"] for region, metadata in materialized(repeated).items()} == {
        "latam": "COMMITTED"
    }
    assert retained(server) == dict.fromkeys(REGION_IDS, 1)


def test_a_second_refresh_in_a_bucket_writes_nothing_and_names_the_owner(project: Project, server: RedisServer) -> None:
    first = materialized(project.refresh())
    second = materialized(project.refresh())
    assert {metadata["outcome"] for metadata in second.values()} == {"DUPLICATE"}
    for region, entry in second.items():
        assert entry["bucket_owner"] == entry["snapshot_id"] == first[region]["snapshot_id"]
        told = ("regime", "net_balance", "confidence", "generated_at")
        assert [entry[name] for name in told] == [first[region][name] for name in told]
    assert retained(server) == dict.fromkeys(REGION_IDS, 1)


def test_force_writes_though_the_bucket_is_owned(project: Project, server: RedisServer) -> None:
    project.refresh()
    forced = materialized(project.refresh(force=True))
    assert {metadata["outcome"] for metadata in forced.values()} == {"COMMITTED"}
    assert retained(server) == dict.fromkeys(REGION_IDS, 2)


def test_without_feeds_every_region_is_withheld_with_the_reason(bare_project: Project, server: RedisServer) -> None:
    result = bare_project.refresh()
    text, metadata = failure(result)
    assert not materialized(result)
    assert metadata["withheld_regions"] == sorted(REGION_IDS)
    assert "feeds are missing" in text
    assert not server.client().keys("snapshot:*")


def test_a_server_that_is_down_fails_the_run_with_one_clear_reason(project: Project, server: RedisServer) -> None:
    server.kill()
    try:
        result = project.refresh()
    finally:
        server.start()
    text, _ = failure(result)
    assert not materialized(result)
    assert "Traceback" not in text
    assert str(server.socket_path) in text


class FailsOnceAfterWriting(SnapshotIOManager):
    """Writes, then asks for a retry of the step, once: as a process that is killed between the two would."""

    def handle_output(self, context: dg.OutputContext, obj: Refresh) -> Iterator[object]:
        """Write as ever; the first attempt does not get to report it."""
        yield from super().handle_output(context, obj)
        if not context.step_context.previous_attempt_count:
            raise dg.RetryRequested(max_retries=1)


def test_a_step_that_is_retried_writes_once(project: Project, server: RedisServer) -> None:
    assets = list(project.definitions.assets or [])

    @dg.io_manager(required_resource_keys={"snapshots"})
    def fails_once(context: dg.InitResourceContext) -> FailsOnceAfterWriting:
        return FailsOnceAfterWriting(context.resources.snapshots)

    resources = {**(project.definitions.resources or {}), "snapshot_io_manager": fails_once}
    result = dg.materialize(
        assets,
        selection=["regional_snapshot"],
        resources=resources,
        instance=project.instance,
        tags=range_tags(REGION_IDS),
    )
    assert result.success
    assert any(event.is_step_up_for_retry for event in result.all_events)
    assert {metadata["outcome"] for metadata in materialized(result).values()} == {"DUPLICATE"}
    assert retained(server) == dict.fromkeys(REGION_IDS, 1)


@pytest.mark.parametrize(
    ("regions", "per_run", "runs"),
    [
        (REGION_IDS, 8, [list(REGION_IDS)]),
        (REGION_IDS, 3, [list(REGION_IDS[:3]), list(REGION_IDS[3:6]), list(REGION_IDS[6:])]),
        (REGION_IDS, 1, [[region] for region in REGION_IDS]),
        (["global", "latam", "mena"], 8, [["mena"], ["latam"], ["global"]]),
        (["east-asia", "mena"], 8, [["mena", "east-asia"]]),
        ([], 8, []),
    ],
)
def test_runs_take_neighbours_and_no_more_than_the_setting_allows(
    regions: list[str], per_run: int, runs: list[list[str]]
) -> None:
    assert runs_for(regions, per_run) == runs
    assert [regions_of(range_tags(run)) for run in runs] == runs


def test_the_setting_decides_how_many_partitions_a_backfill_puts_into_one_run() -> None:
    assert backfill_policy(8) == dg.BackfillPolicy.single_run()
    assert backfill_policy(1) == dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
    assert backfill_policy(3) == dg.BackfillPolicy.multi_run(max_partitions_per_run=3)


def test_a_run_of_one_partition_publishes_that_region_alone(project: Project, server: RedisServer) -> None:
    result = project.run("refresh", partition_key="latam")
    assert set(materialized(result)) == {"latam"}
    assert server.client().keys("snapshot:latest:*") == [b"snapshot:latest:{latam}"]
