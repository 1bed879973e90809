"""Feeds in Dagster: noted by the refresh that reads them, fresh or not, and what follows when they change."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import dagster as dg
import pytest

from regional_snapshots.defs.assets.feeds import feed_key
from regional_snapshots.defs.automation.cadence import longest_gap
from regional_snapshots.model.feeds import FEEDS, feeds_of
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots_tests.defs.conftest import Project
from regional_snapshots_tests.support.server import RedisServer

SPR = next(feed for feed in FEEDS if feed.key == "economic:spr:v1")
SNAPSHOT = dg.AssetKey("regional_snapshot")


def publish(server: RedisServer, *, minutes_old: float = 0, **members: object) -> None:
    """Publish one feed anew."""
    made = int((time.time() - minutes_old * 60) * 1000)
    server.client().set(SPR.key, json.dumps({"fetchedAt": made, **members}))


def noted(result: dg.ExecuteInProcessResult, *, published: bool = False) -> set[str]:
    """The feeds that a run observed, or noted as published."""
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION if published else dg.DagsterEventType.ASSET_OBSERVATION
    keys = [event.asset_key for event in result.all_events if event.event_type == kind]
    found = [key.path[-1] for key in keys if key.path[0] == "feeds"]
    assert len(found) == len(set(found))
    return set(found)


def test_a_refresh_observes_every_feed_it_reads_and_then_only_what_changed(
    project: Project, server: RedisServer
) -> None:
    publish(server)
    assert noted(project.refresh()) == {feed.name for feed in FEEDS}
    publish(server, barrels=7)
    assert SPR.name in noted(project.refresh())
    assert SPR.name not in noted(project.refresh())


def test_only_a_fresh_feed_is_noted_as_published(project: Project, server: RedisServer) -> None:
    publish(server, minutes_old=SPR.max_age_min + 60)
    assert SPR.name not in noted(project.refresh(), published=True)
    publish(server)
    assert SPR.name in noted(project.refresh(), published=True)


def test_regions_are_in_sync_with_what_they_were_made_of(project: Project, server: RedisServer) -> None:
    publish(server, barrels=1)
    project.refresh()
    publish(server, barrels=2)
    result = project.refresh()
    (seen,) = [
        event.event_specific_data.asset_observation
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION and event.asset_key == feed_key(SPR.name)
    ]
    made = next(it for it in result.get_asset_materialization_events() if it.asset_key == SNAPSHOT)
    tag = f"dagster/input_data_version/{feed_key(SPR.name).to_user_string()}"
    assert made.materialization.tags[tag] == seen.tags["dagster/data_version"]


def test_of_several_runs_one_notes_the_feeds(project: Project) -> None:
    several = Project(replace(project.settings, regions_per_run=1), project.instance)
    assert noted(several.run("refresh", partition_key="mena"))
    assert not noted(several.run("refresh", partition_key="latam"))


@pytest.mark.parametrize("method", METHODS)
def test_the_feeds_that_are_shown_and_observed_are_those_of_the_method(project: Project, method: str) -> None:
    chosen = Project(replace(project.settings, method=method), project.instance)
    shown = [spec for spec in chosen.definitions.resolve_all_asset_specs() if spec.group_name == "feeds"]
    keys = {key for spec in shown for key in spec.metadata["redis_key"].split(" or ")}
    assert keys == {feed.key for feed in feeds_of(METHODS[method].energy_feed)}
    assert noted(chosen.run("observe_feeds")) == {spec.key.path[-1] for spec in shown}


def test_freshness_is_promised_for_regions_and_for_each_feed(project: Project) -> None:
    policies = {spec.key: spec.freshness_policy for spec in project.definitions.resolve_all_asset_specs()}
    hours = timedelta(hours=6)
    assert policies[SNAPSHOT].warn_window.to_timedelta() == hours + timedelta(minutes=15)
    assert policies[SNAPSHOT].fail_window.to_timedelta() == 2 * hours + timedelta(minutes=15)
    ages: dict[str, int] = {}
    for feed in feeds_of(METHODS[project.settings.method].energy_feed):
        ages[feed.name] = max(feed.max_age_min, ages.get(feed.name, 0))  # of two documents, the one that lasts longer
    for name, minutes in ages.items():
        assert policies[feed_key(name)].fail_window.to_timedelta() == timedelta(minutes=minutes) + hours


@pytest.mark.parametrize(
    ("cron", "gap"),
    [
        ("0 */6 * * *", timedelta(hours=6)),
        ("* * * * *", timedelta(minutes=1)),
        ("0 8-18 * * *", timedelta(hours=14)),
        ("0 9 * * mon-fri", timedelta(days=3)),
        ("0 0 1 * *", timedelta(days=31)),
    ],
)
def test_the_longest_gap_of_a_cron_counts_nights_and_week_ends(cron: str, gap: timedelta) -> None:
    assert longest_gap(cron) == gap


NOON = datetime(2026, 5, 28, 12, tzinfo=timezone.utc)


class Automation:
    """Evaluates the conditions of a project at instants of its choice."""

    def __init__(self, project: Project) -> None:
        self.project, self.cursor = project, None

    def requested(self, minutes: float) -> Sequence[str]:
        """The regions that are asked for so many minutes after noon."""
        result = dg.evaluate_automation_conditions(
            self.project.definitions,
            self.project.instance,
            cursor=self.cursor,
            evaluation_time=NOON + timedelta(minutes=minutes),
        )
        self.cursor = result.cursor
        return sorted(result.get_requested_partitions(SNAPSHOT)) if result.total_requested else []


def test_where_refreshes_follow_the_feeds_a_change_is_taken_in_at_the_next_tick(
    project: Project, server: RedisServer
) -> None:
    following = Project(replace(project.settings, on_change_minutes=10), project.instance)
    automation = Automation(following)
    publish(server, barrels=1)
    following.run("observe_feeds")
    following.refresh()
    assert not automation.requested(1)
    assert not automation.requested(11)
    publish(server, barrels=2)
    following.run("observe_feeds")
    assert not automation.requested(15)
    assert len(automation.requested(21)) == 8
    assert not automation.requested(31)


def test_what_a_refresh_notes_itself_asks_for_no_other(project: Project, server: RedisServer) -> None:
    following = Project(replace(project.settings, on_change_minutes=10), project.instance)
    automation = Automation(following)
    assert not automation.requested(1)
    publish(server, barrels=1)
    following.refresh()
    assert not automation.requested(11)
    assert not automation.requested(21)


def test_by_default_only_the_schedule_refreshes(project: Project) -> None:
    repository = project.definitions.get_repository_def()
    assert {schedule.name for schedule in repository.schedule_defs} == {
        "refresh_schedule",
        "reconcile_schedule",
        "briefs_schedule",
    }
    (spec,) = [it for it in project.definitions.resolve_all_asset_specs() if it.key == SNAPSHOT]
    assert spec.automation_condition is None
