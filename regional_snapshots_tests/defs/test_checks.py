"""Checks: all regions are judged, once a refresh."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg
import pytest

from regional_snapshots.defs.assets.checks import JUDGES
from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots_tests.defs.conftest import Project, failure
from regional_snapshots_tests.support.server import RedisServer


def judged(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    """``{check: passed}`` of a run; no check twice."""
    found = [(it.check_name, it.passed) for it in result.get_asset_check_evaluations()]
    assert len(found) == len(dict(found))
    return dict(found)


def test_a_refresh_of_one_run_is_judged_in_that_run_and_not_again_with_the_overview(project: Project) -> None:
    assert set(judged(project.refresh())) == set(JUDGES)
    assert judged(project.run("overview")) == {}


def test_a_refresh_of_several_runs_is_judged_once_with_the_overview(project: Project) -> None:
    several = Project(replace(project.settings, regions_per_run=1), project.instance)
    for region in REGION_IDS:
        assert judged(several.run("refresh", partition_key=region)) == {}
    assert set(judged(several.run("overview"))) == set(JUDGES)


def test_of_several_runs_none_judges_even_where_dagster_asks_each_for_it(project: Project) -> None:
    """As a backfill from the page of the asset does."""
    several = Project(replace(project.settings, regions_per_run=1), project.instance)
    everything = dg.AssetSelection.assets("regional_snapshot")
    job = dg.define_asset_job("refresh", everything)
    definitions = dg.Definitions(
        assets=several.definitions.assets,
        asset_checks=several.definitions.asset_checks,
        jobs=[job],
        resources=several.definitions.resources,
    )
    result = definitions.resolve_job_def("refresh").execute_in_process(
        instance=project.instance, partition_key="mena", raise_on_error=False
    )
    assert result.success
    assert "judge_regions" in {event.step_key for event in result.all_events}
    assert judged(result) == {}


def test_while_drift_is_left_the_reconciliation_is_red_where_people_look(project: Project, server: RedisServer) -> None:
    server.client().set("snapshot:index:{latam}", "x")
    result = project.reconcile()
    text, _ = failure(result)
    assert not judged(result)["nothing_is_left"]
    assert "snapshot:index:{latam}" in text
    server.client().delete("snapshot:index:{latam}")
    assert judged(project.reconcile())["nothing_is_left"]


@pytest.mark.parametrize("gone", [FEEDS[0].key, FEEDS[-1].key])
def test_a_feed_that_is_missing_is_no_fresh_feed(project: Project, server: RedisServer, gone: str) -> None:
    assert judged(project.refresh(force=True))["feeds_are_fresh"]
    server.client().delete(gone)
    assert not judged(project.refresh(force=True))["feeds_are_fresh"]
