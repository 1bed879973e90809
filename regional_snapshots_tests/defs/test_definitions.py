"""What the UI lists: every asset says what it is, and Dagster's own tools have nothing to say against it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from regional_snapshots.definitions import defs
from regional_snapshots.defs.instance.run import LISTED
from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.model.regions import REGION_IDS

CHECKOUT = Path(__file__).parents[2]
SPECS = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
FEED_KEYS = {f"feeds/{feed.name}" for feed in FEEDS}
OURS = {
    "regional_snapshot": ("snapshots", {"python", "redis"}, FEED_KEYS),
    "world_overview": ("snapshots", {"python", "pandas", "html"}, {"regional_snapshot"}),
    "regional_events": ("snapshots", {"redis"}, {"regional_snapshot"}),
    "weekly_brief": ("snapshots", {"python", "redis"}, {"regional_snapshot"}),
    "snapshot_reconciliation": ("snapshots", {"python", "redis", "pandas"}, {"regional_snapshot"}),
}
"""Asset -> group, kinds, what it depends on."""


def test_the_graph_is_the_feeds_the_snapshots_and_what_is_made_of_them() -> None:
    assert set(SPECS) == FEED_KEYS | set(OURS)
    for key in FEED_KEYS:
        assert (SPECS[key].group_name, SPECS[key].kinds) == ("feeds", {"redis", "json"})
    for key, (group, kinds, upstream) in OURS.items():
        assert (SPECS[key].group_name, SPECS[key].kinds) == (group, kinds)
        assert {dep.asset_key.to_user_string() for dep in SPECS[key].deps} == upstream


def test_every_asset_describes_itself_to_the_person_in_the_ui() -> None:
    for key, spec in SPECS.items():
        assert spec.description, key
        assert spec.description[0].isupper(), key
        assert (CHECKOUT / spec.metadata["documentation"].value).is_file(), key
    for key in OURS:
        assert SPECS[key].owners == ["team:regional-snapshots"]
        assert SPECS[key].code_version
    for key in ("world_overview", "snapshot_reconciliation"):
        assert all(column.description for column in SPECS[key].metadata["dagster/column_schema"].columns)


def test_the_snapshot_has_one_partition_per_region() -> None:
    partitions = SPECS["regional_snapshot"].partitions_def
    assert partitions is not None
    assert partitions.get_partition_keys() == list(REGION_IDS)


def test_jobs_schedules_sensors_and_checks_are_all_listed() -> None:
    repository = defs.get_repository_def()
    assert {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")} == {
        "refresh",
        "reconcile",
        "overview",
        "observe_feeds",
        "briefs",
        "pin",
        "unpin",
    }
    assert {schedule.name for schedule in repository.schedule_defs} == {
        "refresh_schedule",
        "reconcile_schedule",
        "briefs_schedule",
    }
    sensors = {"after_refresh", "after_failed_refresh", "lost_runs", "notify"}
    assert {sensor.name for sensor in repository.sensor_defs} == sensors
    checks = {key.name for key in repository.asset_graph.asset_check_keys}
    assert checks == {
        "latest_agrees_with_index",
        "every_region_is_current",
        "feeds_are_fresh",
        "nothing_is_left",
    }


def test_a_run_of_the_command_line_names_the_repository_and_the_location_that_the_ui_loads() -> None:
    repository, location = LISTED[".dagster/repository"].split("@")
    assert repository == defs.get_repository_def().name
    assert f"location_name: {location}\n" in (CHECKOUT / "workspace.yaml").read_text()


def test_the_launchpad_refuses_an_option_that_does_not_exist() -> None:
    job = defs.resolve_job_def("refresh")
    assert dg.validate_run_config(job, {"ops": {"regional_snapshot": {"config": {"force": True}}}})
    with pytest.raises(dg.DagsterInvalidConfigError, match="farce"):
        dg.validate_run_config(job, {"ops": {"regional_snapshot": {"config": {"farce": True}}}})


def fresh(*command: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment in the checkout, as a stranger would."""
    environment = os.environ | {"DAGSTER_HOME": "", "REGIONAL_SNAPSHOTS_HOME": str(home), "HOME": str(home)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, env=environment)


@pytest.mark.parametrize(
    "command", [("dagster", "definitions", "validate"), ("dg", "check", "defs"), ("dg", "list", "defs")]
)
def test_dagsters_own_tools_pass_without_a_warning_from_our_code(command: tuple[str, ...], tmp_path: Path) -> None:
    done = fresh(*command, home=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert not re.findall(r"regional_snapshots\S*: \w*Warning.*", said)


def test_loading_the_definitions_reaches_no_server_and_loads_no_plotting_or_tables(tmp_path: Path) -> None:
    heavy = "{'pandas', 'matplotlib'} & set(sys.modules)"
    program = f"import sys, regional_snapshots.definitions; assert not {heavy}, {heavy}"
    done = fresh(sys.executable, "-c", program, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())
