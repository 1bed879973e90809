"""The reconciliation asset and the checks: red while something is wrong, green again when it is repaired."""

from __future__ import annotations

import time

import dagster as dg
import pytest

from regional_snapshots.defs.assets.checks import lateness
from regional_snapshots.files.feed_files import SAMPLE, brought_up_to, read_directory
from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.values import HOUR_MS
from regional_snapshots_tests.defs.conftest import Project, failure, materialized
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.server import RedisServer

ASSET = "snapshot_reconciliation"
LATEST = "snapshot:latest:{mena}"


def report(result: dg.ExecuteInProcessResult) -> dict:
    """The metadata of the one report of a run."""
    return materialized(result, ASSET)[""]


def checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks of a run, by name."""
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


def test_a_healthy_store_is_reported_healthy_region_by_region(project: Project) -> None:
    project.refresh()
    result = project.reconcile()
    assert result.success
    told = report(result)
    assert told["verdict"] == "All 8 regions are consistent."
    assert [record.data["region"] for record in told["regions"].records] == list(REGION_IDS)
    assert (told["regions_checked"], told["findings"], told["repaired"], told["left"]) == (8, 0, 0, 0)
    assert checks(result)["latest_agrees_with_index"].passed


def test_drift_is_repaired_named_and_judged_after_the_repair(project: Project, server: RedisServer) -> None:
    project.refresh()
    published = server.client().get(LATEST)
    server.client().delete(LATEST)
    result = project.reconcile()
    assert result.success
    told = report(result)
    assert (told["findings"], told["repaired"], told["left"]) == (1, 1, 0)
    (repaired,) = told["findings_in_full"].records
    assert (repaired.data["key"], repaired.data["what"]) == (LATEST, "no latest, though there are snapshots")
    assert server.client().get(LATEST) == published
    assert checks(result)["latest_agrees_with_index"].passed
    assert report(project.reconcile())["findings"] == 0


def test_without_repair_drift_is_reported_left_and_the_check_is_red(project: Project, server: RedisServer) -> None:
    project.refresh()
    server.client().delete(LATEST)
    result = project.reconcile(repair=False)
    assert not result.success
    assert "mena" in failure(result)[0]
    assert "repair: true" in failure(result)[0]
    assert report(result)["left"] == 1
    red = checks(result)["latest_agrees_with_index"]
    assert not red.passed
    assert red.severity == dg.AssetCheckSeverity.ERROR
    assert LATEST in (red.description or "")
    assert not server.client().exists(LATEST)


def test_a_key_of_the_wrong_type_is_repaired_only_on_request(project: Project, server: RedisServer) -> None:
    server.client().set("snapshot:index:{latam}", "x")
    refused = project.reconcile()
    assert not refused.success
    assert "Next: run again with fix_types: true" in report(refused)["verdict"]
    assert "Next: run again with fix_types: true" in failure(refused)[0]
    assert project.reconcile(fix_types=True).success
    assert project.refresh().success


def test_what_a_key_of_the_wrong_type_told_is_told_again_in_the_same_run(project: Project, server: RedisServer) -> None:
    project.refresh()
    client = server.client()
    client.set("snapshot:series:{mena}", "x")
    assert project.reconcile(fix_types=True).success
    assert client.zcard("snapshot:series:{mena}") == 1


def test_only_the_regions_asked_for_are_looked_at(project: Project) -> None:
    project.refresh()
    assert report(project.reconcile(regions=["mena", "latam"]))["regions_checked"] == 2


def test_an_unknown_region_is_refused_by_name(project: Project) -> None:
    result = project.reconcile(regions=["atlantis"])
    assert not result.success
    assert "atlantis" in failure(result)[0]


def test_a_missing_region_is_red_and_named(project: Project) -> None:
    project.refresh(["mena"])
    red = checks(project.reconcile())["every_region_is_current"]
    assert not red.passed
    assert red.severity == dg.AssetCheckSeverity.ERROR
    assert "latam" in (red.description or "")
    assert red.metadata["regions_overdue"].value == len(REGION_IDS) - 1


@pytest.mark.parametrize(
    ("lost", "aged", "told"),
    [(["stress"], [], "missing: stress"), ([], ["stress"], "stale: stress"), ([], [], "stale: none")],
)
def test_a_stale_or_a_missing_feed_is_yellow_and_named(
    project: Project, server: RedisServer, lost: list[str], aged: list[str], told: str
) -> None:
    documents, _ = read_directory(SAMPLE)
    now_ms = time.time_ns() // 1_000_000
    keys = {feed.key: feed.name for feed in FEEDS}
    with server.client() as client:
        client.flushall()
        for key, document in documents.items():
            if keys.get(key) not in lost:
                client.set(key, document if keys.get(key) in aged else brought_up_to(now_ms, document))
    judged = checks(project.reconcile())["feeds_are_fresh"]
    assert judged.passed == (not lost and not aged)
    assert judged.severity == dg.AssetCheckSeverity.WARN
    assert told in (judged.description or "")
    assert (judged.metadata["stale_feeds"].value, judged.metadata["missing_feeds"].value) == (len(aged), len(lost))


@pytest.mark.parametrize(
    ("hours_old", "hours_valid", "past", "overdue"),
    [(1, 2, [], []), (3, 2, ["mena"], []), (13, 20, [], ["mena"]), (13, 2, [], ["mena"])],
)
def test_one_fresh_region_does_not_hide_a_late_one(
    hours_old: int, hours_valid: int, past: list[str], overdue: list[str]
) -> None:
    now_ms = 1_780_000_000_000
    late = snapshot("mena", now_ms - hours_old * HOUR_MS, valid_ms=hours_valid * HOUR_MS)
    latest = {"mena": late, "latam": snapshot("latam", now_ms, valid_ms=HOUR_MS)}
    assert [list(late) for late in lateness(latest, now_ms)] == [past, overdue]
