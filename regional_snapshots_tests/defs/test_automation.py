"""Schedules and sensors: every tick runs once, and what failed is repaired and repeated once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone

import dagster as dg
import pytest

from regional_snapshots.definitions import definitions
from regional_snapshots.defs.automation import sensors
from regional_snapshots.defs.partitions import regions_of
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings
from regional_snapshots_tests.defs.conftest import Project
from regional_snapshots_tests.support.server import RedisServer

NOON = datetime(2026, 5, 28, 12, tzinfo=timezone.utc)


def tick(project: Project, name: str, when: datetime = NOON) -> Sequence[dg.RunRequest]:
    """The run requests of one tick of a schedule."""
    schedule = project.definitions.get_repository_def().get_schedule_def(name)
    with dg.build_schedule_context(project.instance, scheduled_execution_time=when) as context:
        return schedule.evaluate_tick(context).run_requests or []


def after(name: str, project: Project, result: dg.ExecuteInProcessResult) -> dict:
    """``{job: [run requests]}`` of a sensor that looks at the end of a run."""
    sensor = project.definitions.get_repository_def().get_sensor_def(name)
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor.name,
        dagster_event=result.get_run_success_event() if result.success else result.get_run_failure_event(),
        dagster_instance=project.instance,
        dagster_run=result.dagster_run,
    )
    answers = [sensor(context)] if result.success else list(sensor(context.for_run_failure()))
    asked: dict[str, list[dg.RunRequest]] = {}
    for answer in answers:
        if isinstance(answer, dg.RunRequest):
            asked.setdefault(answer.job_name or "", []).append(answer)
    return asked


def test_a_refresh_tick_takes_every_region_once_and_has_a_key_of_its_own(project: Project) -> None:
    (request,) = tick(project, "refresh_schedule")
    assert regions_of(request.tags) == list(REGION_IDS)
    (repeated,) = tick(project, "refresh_schedule")
    (next_one,) = tick(project, "refresh_schedule", NOON.replace(hour=18))
    assert request.run_key == repeated.run_key != next_one.run_key


def test_a_refresh_tick_follows_the_setting_regions_per_run(project: Project) -> None:
    alone = Project(replace(project.settings, regions_per_run=1), project.instance)
    requests = tick(alone, "refresh_schedule")
    assert [regions_of(request.tags) for request in requests] == [[region] for region in REGION_IDS]
    assert len({request.run_key for request in requests}) == len(REGION_IDS)


def test_a_reconcile_tick_runs_once(project: Project) -> None:
    (request,) = tick(project, "reconcile_schedule")
    (repeated,) = tick(project, "reconcile_schedule")
    assert request.run_key == repeated.run_key


def test_schedules_and_sensors_are_on_by_default() -> None:
    repository = definitions(Settings.load({})).get_repository_def()
    for schedule in repository.schedule_defs:
        assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    for sensor in repository.sensor_defs:
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_a_refresh_that_went_well_renews_the_overview(project: Project) -> None:
    assert list(after("after_refresh", project, project.refresh())) == [""]


def test_other_runs_trigger_nothing(project: Project) -> None:
    project.refresh()
    assert not after("after_refresh", project, project.run("overview"))


def test_a_failed_refresh_is_reconciled_and_only_its_failed_regions_are_repeated(
    project: Project, server: RedisServer
) -> None:
    for region in ("latam", "mena"):
        server.client().set(f"snapshot:index:{{{region}}}", "x")
    asked = after("after_failed_refresh", project, project.refresh())
    assert [len(asked["reconcile"]), len(asked["overview"])] == [1, 1]
    assert [regions_of(request.tags) for request in asked["refresh"]] == [["mena"], ["latam"]]


def test_a_repetition_that_fails_again_is_not_repeated(project: Project, server: RedisServer) -> None:
    server.client().set("snapshot:index:{latam}", "x")
    (request,) = after("after_failed_refresh", project, project.refresh())["refresh"]
    again = project.run("refresh", tags=request.tags)
    asked = after("after_failed_refresh", project, again)
    assert set(asked) == {"reconcile", "overview"}


@pytest.mark.parametrize("tag", [("dagster/will_retry", "true"), ("dagster/retry_number", "1")])
def test_what_dagster_repeats_by_itself_is_not_repeated_by_us(
    project: Project, server: RedisServer, tag: tuple[str, str]
) -> None:
    server.client().set("snapshot:index:{latam}", "x")
    result = project.refresh()
    project.instance.add_run_tags(result.run_id, dict([tag]))
    context = dg.build_run_status_sensor_context(
        sensor_name="after_failed_refresh",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=project.instance,
        dagster_run=project.instance.get_run_by_id(result.run_id),
    ).for_run_failure()
    jobs = [
        request.job_name
        for request in project.definitions.get_repository_def().get_sensor_def("after_failed_refresh")(context)
    ]
    assert sorted(jobs) == ["overview", "reconcile"]


def test_withheld_regions_are_not_repeated_because_nothing_would_change(bare_project: Project) -> None:
    asked = after("after_failed_refresh", bare_project, bare_project.refresh())
    assert "refresh" not in asked


def test_a_run_that_failed_before_it_could_name_regions_is_repeated_whole(
    project: Project, server: RedisServer
) -> None:
    server.kill()
    try:
        result = project.refresh(REGION_IDS[:3])
    finally:
        server.start()
    (request,) = after("after_failed_refresh", project, result)["refresh"]
    assert regions_of(request.tags) == list(REGION_IDS[:3])


def test_runs_started_from_the_page_of_the_asset_are_refreshes_too() -> None:
    started_in_ui = dg.DagsterRun("__ASSET_JOB", "one", asset_selection=frozenset({dg.AssetKey("regional_snapshot")}))
    assert sensors.is_refresh(started_in_ui)
    assert not sensors.is_refresh(
        dg.DagsterRun("__ASSET_JOB", "two", asset_selection=frozenset({dg.AssetKey("world_overview")}))
    )
