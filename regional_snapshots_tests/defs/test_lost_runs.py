"""A refresh of the command line that is killed does not hold its place in the queue for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from regional_snapshots.defs.instance.lost_runs import fail_lost_runs, is_gone, process_tags, started
from regional_snapshots.defs.tags import PROCESS
from regional_snapshots_tests.defs.conftest import Project
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.shell import Shell

STARTED, FAILED = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE


@pytest.fixture
def killed(project: Project, server: RedisServer, tmp_path: Path) -> tuple[Shell, dg.DagsterInstance]:
    """A shell on whose instance a refresh was killed in the middle of its commits."""
    shell = Shell(tmp_path, server.url)
    with Proxy(server.url) as proxy:
        held = proxy.arm(Break.HOLD_REPLY, "EXEC", times=None)
        command = [sys.executable, "-m", "regional_snapshots", "refresh", "mena"]
        process = subprocess.Popen(command, env=shell.environment | {"REDIS_URL": proxy.url}, cwd=tmp_path)
        try:
            held.wait(60.0)
        finally:
            process.kill()
            process.wait()
            held.release()
    return shell, dg.DagsterInstance.from_config(str(tmp_path / "dagster"))


def test_the_next_start_fails_the_run_of_a_process_that_is_gone(killed: tuple[Shell, dg.DagsterInstance]) -> None:
    shell, instance = killed
    (lost,) = instance.get_runs()
    assert lost.status is STARTED
    assert shell("refresh", "latam").returncode == 0
    assert instance.get_run_by_id(lost.run_id).status is FAILED
    (text,) = [entry.message for entry in instance.all_logs(lost.run_id) if "is gone" in entry.message]
    assert lost.tags[PROCESS] in text


def test_the_sensor_fails_it_too(killed: tuple[Shell, dg.DagsterInstance], project: Project) -> None:
    _, instance = killed
    (lost,) = instance.get_runs()
    sensor = project.definitions.get_repository_def().get_sensor_def("lost_runs")
    with dg.build_sensor_context(instance) as context:
        assert lost.run_id in (sensor.evaluate_tick(context).skip_message or "")
    assert instance.get_run_by_id(lost.run_id).status is FAILED


def test_a_run_whose_process_lives_is_left_alone(project: Project) -> None:
    tags = process_tags()
    for name, changed in (("mine", {}), ("of another host", {"regional_snapshots/host": "elsewhere", PROCESS: "1 0"})):
        project.instance.add_run(dg.DagsterRun("refresh", name, status=STARTED, tags=tags | changed))
    assert fail_lost_runs(project.instance) == []


def test_a_process_id_that_was_given_away_is_not_taken_for_the_process() -> None:
    pid, _, start = process_tags()[PROCESS].partition(" ")
    assert not is_gone({PROCESS: f"{pid} {start}"})
    assert is_gone({PROCESS: f"{pid} {start}0"})
    assert is_gone({PROCESS: "4194305 1"})  # above the greatest id
    assert not is_gone({})


def test_a_process_that_has_ended_and_is_not_yet_buried_is_gone() -> None:
    process = subprocess.Popen(["sleep", "60"])
    assert started(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert started(process.pid) == ""
    process.wait()
