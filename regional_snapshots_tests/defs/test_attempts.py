"""A repetition of a refresh never writes what that refresh has written, forced or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg
import pytest

from regional_snapshots.defs.publishing.io_manager import SnapshotIOManager
from regional_snapshots.defs.publishing.refresh import Refresh
from regional_snapshots.defs.tags import REPEATS, range_tags
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots_tests.defs.conftest import Project, materialized
from regional_snapshots_tests.support.server import RedisServer

DAGSTER = {"dagster/retry_number": "1"}
"""What marks a repetition by Dagster itself, beside the parent."""


class DiesAfterWriting(SnapshotIOManager):
    """Writes, and ends before anything is reported: as a process that is killed would."""

    def handle_output(self, context: dg.OutputContext, obj: Refresh) -> Iterator[object]:
        """Write as ever, then die."""
        yield from super().handle_output(context, obj)
        raise RuntimeError("killed")


def dies(project: Project, **config: object) -> dg.ExecuteInProcessResult:
    """A refresh that dies after its commits."""

    @dg.io_manager(required_resource_keys={"snapshots"})
    def deadly(context: dg.InitResourceContext) -> DiesAfterWriting:
        return DiesAfterWriting(context.resources.snapshots)

    result = dg.materialize(
        list(project.definitions.assets or []),
        selection=["regional_snapshot"],
        resources={**(project.definitions.resources or {}), "snapshot_io_manager": deadly},
        instance=project.instance,
        tags=range_tags(REGION_IDS),
        run_config={"ops": {"regional_snapshot": {"config": config}}},
        raise_on_error=False,
    )
    assert not result.success
    return result


def repeat(project: Project, run_id: str, *, force: bool = True, **tags: str) -> dg.ExecuteInProcessResult:
    """A repetition of a run, which has the tags of that run as Dagster copies them."""
    copied = project.instance.get_run_by_id(run_id).tags
    result = project.run(
        "refresh",
        tags={**copied, "dagster/parent_run_id": run_id, **tags},
        config={"regional_snapshot": {"config": {"force": force}}},
    )
    assert result.success
    return result


def retained(server: RedisServer) -> set[int]:
    """How many snapshots regions hold."""
    return {server.client().zcard(f"snapshot:index:{{{region}}}") for region in REGION_IDS}


@pytest.mark.parametrize("tags", [DAGSTER, {}], ids=["by Dagster", "by a person, soon after"])
def test_a_forced_refresh_that_was_killed_after_its_commits_is_not_written_again(
    project: Project, server: RedisServer, tags: dict[str, str]
) -> None:
    killed = dies(project, force=True)
    shown = materialized(repeat(project, killed.run_id, **tags))
    assert retained(server) == {1}
    assert {entry["outcome"] for entry in shown.values()} == {"DUPLICATE"}
    assert {entry["note"] for entry in shown.values()} == {"an earlier attempt at this refresh has written it"}


def test_neither_is_it_in_a_new_bucket_nor_by_a_repetition_of_the_repetition(
    project: Project, server: RedisServer
) -> None:
    killed = dies(project)
    later = Project(replace(project.settings, bucket_minutes=7), project.instance)  # other claims, as time would bring
    once = repeat(later, killed.run_id, force=False, **DAGSTER)
    repeat(later, once.run_id, force=False, **{REPEATS: once.run_id})
    assert retained(server) == {1}


def test_only_what_is_missing_is_written(project: Project, server: RedisServer) -> None:
    server.client().set("snapshot:index:{latam}", "x")
    killed = project.refresh(force=True)
    server.client().delete("snapshot:index:{latam}")
    shown = materialized(repeat(project, killed.run_id, **DAGSTER))
    assert {region for region, entry in shown.items() if entry["outcome"] == "COMMITTED"} == {"latam"}
    assert retained(server) == {1}


def test_a_person_who_runs_again_what_went_well_gets_new_snapshots(project: Project, server: RedisServer) -> None:
    shown = materialized(repeat(project, project.refresh().run_id))
    assert {entry["outcome"] for entry in shown.values()} == {"COMMITTED"}
    assert retained(server) == {2}


def test_one_line_says_that_nothing_was_written_and_how_to_write_all_the_same(project: Project) -> None:
    project.refresh()
    again = project.refresh()
    said = [
        event.user_message
        for event in project.instance.all_logs(again.run_id)
        if "Nothing was written" in event.message
    ]
    assert len(said) == 1
    assert "force: true" in said[0]
    assert "mena" in said[0]
