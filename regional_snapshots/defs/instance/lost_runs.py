"""Runs of the command line whose process is gone: nobody else would end them, and they hold a place in the queue.

Such a run carries its host and its process in tags. Ids of processes are given anew, so the start of one counts too.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from regional_snapshots.defs.automation.runs import UNFINISHED
from regional_snapshots.defs.tags import HOST, PROCESS

MOST_S = 900
"""A run of the command line on another host, where nobody can look, is ended by Dagster after so many seconds."""

STATE_FIELD, START_FIELD = 0, 19
"""Fields of ``/proc/<pid>/stat`` after the name of the program: its state, and its start in ticks since the boot."""

ENDED_STATES = ("Z", "X")


def process_tags() -> dict[str, str]:
    """The tags of a run that this process executes."""
    process = f"{os.getpid()} {started(os.getpid())}"
    return {HOST: socket.gethostname(), PROCESS: process, "dagster/max_runtime": str(MOST_S)}


def fail_lost_runs(instance: dg.DagsterInstance) -> list[str]:
    """Fail the runs of this host whose process is gone; returns their ids."""
    mine = dg.RunsFilter(statuses=UNFINISHED, tags={HOST: socket.gethostname()})
    lost = [record.dagster_run for record in instance.get_run_records(mine) if is_gone(record.dagster_run.tags)]
    for run in lost:
        why = f"Its process ({run.tags[PROCESS]}) is gone: it was killed, or the machine stopped."
        instance.report_run_failed(run, why)
    return [run.run_id for run in lost]


def is_gone(tags: Mapping[str, str]) -> bool:
    """Whether the process that a run of this host names has ended."""
    pid, _, start = tags.get(PROCESS, "").partition(" ")
    return pid.isdecimal() and started(int(pid)) != start


def started(pid: int) -> str:
    """When a process was started, in the words of this system; empty when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _started_by_ps(pid)
    return "" if fields[STATE_FIELD] in ENDED_STATES else fields[START_FIELD]


def _started_by_ps(pid: int) -> str:
    """On macOS and others without ``/proc``."""
    try:
        found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return " ".join(found.stdout.split())
