"""Schedules and sensors: every tick runs once, and what failed is repaired and repeated once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import dagster as dg
import pytest

from regional_snapshots.definitions import definitions
from regional_snapshots.defs.automation.repeats import repetitions
from regional_snapshots.defs.tags import PROCESS, REFRESH, is_refresh, range_tags, regions_of
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings
from regional_snapshots_tests.defs.conftest import Project, publish_feeds
from regional_snapshots_tests.support.server import RedisServer

NOON = datetime(2026, 5, 28, 12, tzinfo=timezone.utc)


def tick(project: Project, name: str, when: datetime = NOON) -> Sequence[dg.RunRequest]:
    """The run requests of one tick of a schedule."""
    schedule = project.definitions.get_repository_def().get_schedule_def(name)
    with dg.build_schedule_context(project.instance, scheduled_execution_time=when) as context:
        return schedule.evaluate_tick(context).run_requests or []


def asked(project: Project, sensor: str) -> dict[str, list[dg.RunRequest]]:
    """``{job: [run requests]}`` of one tick of a sensor, whose run requests are then on record."""
    definition = project.definitions.get_repository_def().get_sensor_def(sensor)
    with dg.build_sensor_context(project.instance) as context:
        requests = definition.evaluate_tick(context).run_requests or []
    return {
        job: [it for it in requests if it.job_name == job] for job in sorted({it.job_name or "" for it in requests})
    }


def repeated(project: Project, minutes: float) -> list[dg.RunRequest]:
    """The repetitions that are due so many minutes from now."""
    now = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    return repetitions(project.instance, now, project.settings.regions_per_run)


@contextmanager
def down(server: RedisServer) -> Iterator[None]:
    """An outage, after which everything is as before but what was written meanwhile."""
    server.kill()
    try:
        yield
    finally:
        server.start()
        publish_feeds(server)


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


@pytest.mark.parametrize(
    ("cron", "deep"),
    [("30 * * * *", "00:30"), ("* * * * *", "00:00"), ("15 9,21 * * 1-5", "09:15"), ("0 12 1 * *", "12:00")],
)
def test_the_first_reconciliation_of_a_day_is_deep_and_no_other(project: Project, cron: str, deep: str) -> None:
    often = Project(replace(project.settings, reconcile_cron=cron), project.instance)
    for hour, minute in ((0, 0), (0, 1), (0, 30), (1, 30), (9, 15), (12, 0), (21, 15)):
        at = NOON.replace(hour=hour, minute=minute)
        (request,) = tick(often, "reconcile_schedule", at)
        assert bool(request.run_config) == (f"{at:%H:%M}" == deep)
        assert not request.run_config or request.run_config["ops"]["snapshot_reconciliation"]["config"]["deep"]


def test_schedules_and_sensors_are_on_by_default() -> None:
    repository = definitions(Settings.load({})).get_repository_def()
    for schedule in repository.schedule_defs:
        assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    for sensor in repository.sensor_defs:
        if sensor.name != "notify":  # it needs a webhook
            assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_a_refresh_that_went_well_renews_the_overview_once(project: Project) -> None:
    assert not asked(project, "after_refresh")
    project.refresh()
    (request,) = asked(project, "after_refresh")["overview"]
    assert request.run_key == asked(project, "after_refresh")["overview"][0].run_key  # so that Dagster starts it once
    project.run("overview")
    assert not asked(project, "after_refresh")


def test_a_healthy_monday_has_at_most_forty_runs(project: Project) -> None:
    """Those that the schedules ask for, and those that follow a refresh and a reconciliation that went well."""
    follow = {"refresh": 0, "reconcile": 0}
    for job in follow:
        project.run(job, tags=range_tags(REGION_IDS) if job == "refresh" else {})
        follow[job] = len(asked(project, "after_refresh").get("overview", ()))
        project.run("overview")
        assert not asked(project, "after_failed_refresh")
    counted = Counter()
    for schedule in project.definitions.get_repository_def().schedule_defs:
        for when in ticks_of_monday(str(schedule.cron_schedule)):
            counted[schedule.job_name] += len(tick(project, schedule.name, when))
    assert {job: counted[job] for job in ("refresh", "reconcile")} == {"refresh": 4, "reconcile": 24}
    assert follow == {"refresh": 1, "reconcile": 0}
    assert sum(counted.values()) + counted["refresh"] * follow["refresh"] <= 40


def ticks_of_monday(cron: str) -> list[datetime]:
    form, monday = "%Y-%m-%d %H:%M", datetime(2026, 5, 25, tzinfo=timezone.utc)
    later, tuesday = monday + timedelta(days=8), monday + timedelta(days=1)
    windows = dg.TimeWindowPartitionsDefinition(monday, form, end=later, cron_schedule=cron)
    ticks = (datetime.strptime(key, form).replace(tzinfo=timezone.utc) for key in windows.get_partition_keys())
    return [each for each in ticks if each < tuesday]


def test_several_refreshes_at_once_have_one_overview(project: Project) -> None:
    for _ in range(3):
        last = project.refresh(force=True)
    (request,) = asked(project, "after_refresh")["overview"]
    assert last.run_id in request.run_key


def test_a_refresh_of_several_runs_has_its_overview_after_the_last_of_them(project: Project) -> None:
    first, second = (range_tags(regions) | {REFRESH: "tick"} for regions in (REGION_IDS[:4], REGION_IDS[4:]))
    project.run("refresh", tags=first)
    waiting = dg.DagsterRun("refresh", "waiting", status=dg.DagsterRunStatus.NOT_STARTED, tags=second)
    project.instance.add_run(waiting)
    assert not asked(project, "after_refresh")
    project.instance.delete_run("waiting")
    assert asked(project, "after_refresh")["overview"]


def test_a_run_that_only_needs_a_person_is_reconciled_and_not_repeated(project: Project, server: RedisServer) -> None:
    server.client().set("snapshot:index:{latam}", "x")
    project.refresh()
    assert [len(asked(project, "after_failed_refresh")["reconcile"]), repeated(project, 1000)] == [1, []]
    assert list(asked(project, "after_refresh")) == ["overview"]  # three runs a tick, with the refresh itself


def test_an_outage_is_repeated_at_growing_distance_and_not_reconciled(project: Project, server: RedisServer) -> None:
    with down(server):
        project.refresh(REGION_IDS[:3])
        for minutes in (1, 2, 4, 8):
            assert not repeated(project, minutes - 0.5)
            (request,) = repeated(project, minutes)
            assert regions_of(request.tags) == list(REGION_IDS[:3])
            project.run("refresh", tags=request.tags)
        assert set(asked(project, "after_failed_refresh")) <= {"refresh"}
    (request,) = repeated(project, 16)
    project.run("refresh", tags=request.tags)
    assert not repeated(project, 1000)
    assert project.instance.get_materialized_partitions(dg.AssetKey("regional_snapshot")) == set(REGION_IDS[:3])


def test_the_next_refresh_ends_the_repetitions_of_the_regions_it_takes(project: Project, server: RedisServer) -> None:
    with down(server):
        project.refresh()
    project.refresh(REGION_IDS[1:3])
    assert [regions_of(request.tags) for request in repeated(project, 1)] == [[REGION_IDS[0]], list(REGION_IDS[3:])]


def test_a_repetition_keeps_what_a_person_had_set(project: Project, server: RedisServer) -> None:
    with down(server):
        project.refresh(force=True)
    (request,) = repeated(project, 1)
    assert request.run_config["ops"]["regional_snapshot"]["config"] == {"force": True}
    job = project.definitions.resolve_job_def("refresh")
    assert dg.validate_run_config(job, request.run_config)


def test_what_dagster_repeats_by_itself_is_left_to_it_first(project: Project, server: RedisServer) -> None:
    with down(server):
        result = project.refresh()
    project.instance.add_run_tags(result.run_id, {"dagster/will_retry": "true"})
    assert not repeated(project, 0)
    assert repeated(project, 2)


def test_a_failed_run_of_the_command_line_is_left_to_its_user(project: Project, server: RedisServer) -> None:
    with down(server):
        project.run("refresh", tags=range_tags(REGION_IDS) | {PROCESS: "1 0"})
    assert not repeated(project, 1000)
    assert not asked(project, "after_failed_refresh")


def test_withheld_regions_are_neither_repeated_nor_reconciled(bare_project: Project) -> None:
    bare_project.refresh()
    assert not repeated(bare_project, 1000)
    assert not asked(bare_project, "after_failed_refresh")


def test_a_run_that_ended_before_it_could_name_regions_is_repeated_whole(project: Project) -> None:
    run = dg.DagsterRun("refresh", "crashed", status=dg.DagsterRunStatus.STARTED, tags=range_tags(REGION_IDS[:3]))
    project.instance.add_run(run)
    project.instance.report_run_failed(run, "its process is gone")
    (request,) = repeated(project, 1)
    assert regions_of(request.tags) == list(REGION_IDS[:3])


def test_runs_started_from_the_page_of_the_asset_are_refreshes_too() -> None:
    started_in_ui = dg.DagsterRun("__ASSET_JOB", "one", asset_selection=frozenset({dg.AssetKey("regional_snapshot")}))
    assert is_refresh(started_in_ui)
    assert not is_refresh(
        dg.DagsterRun("__ASSET_JOB", "two", asset_selection=frozenset({dg.AssetKey("world_overview")}))
    )
