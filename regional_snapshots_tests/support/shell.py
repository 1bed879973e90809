"""The command line in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

PREPARED = """
import gc, json, os, runpy, sys
import dagster, pandas, redis.asyncio
import regional_snapshots.cli, regional_snapshots.stores, regional_snapshots.scoring.run
gc.collect()
gc.freeze()
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if not child:
        for stream, name in enumerate([os.devnull, order["directory"] + "/out", order["directory"] + "/err"]):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT, 0o600), stream)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.argv = ["regional_snapshots", *order["arguments"]]
        runpy.run_module("regional_snapshots", run_name="__main__", alter_sys=True)
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Runs commands, each in a process of its own that need not import everything again. It ends with its input."""


@cache
def _prepared() -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", PREPARED], **pipes, text=True)


class Shell:
    """Runs the command line in an environment of its own, in which no bucket turns in the middle of a test."""

    def __init__(self, home: Path, url: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        ours = {"REGIONAL_SNAPSHOTS_HOME": str(home), "REGIONAL_SNAPSHOTS_BUCKET_MINUTES": "1440", "REDIS_URL": url}
        self.environment = kept | ours | {"HOME": str(home)}

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one command; keyword arguments are environment variables."""
        if "REGIONAL_SNAPSHOTS_REGIONS" in self.environment | environment:
            return self._afresh(arguments, environment)  # the prepared process has read the package's table
        with TemporaryDirectory() as directory:
            order = {
                "arguments": arguments, "environment": self.environment | environment,
                "cwd": self.environment["HOME"], "directory": directory,
            }  # fmt: skip
            running = _prepared()
            running.stdin.write(json.dumps(order) + "\n")
            running.stdin.flush()
            status = int(running.stdout.readline())
            said = [Path(directory, name).read_text() for name in ("out", "err")]
        return subprocess.CompletedProcess(arguments, status, *said)

    def _afresh(self, arguments: tuple[str, ...], more: dict[str, str]) -> subprocess.CompletedProcess[str]:
        started = [sys.executable, "-m", "regional_snapshots", *arguments]
        place = {"env": self.environment | more, "cwd": self.environment["HOME"]}
        return subprocess.run(started, **place, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def json(self, *arguments: str) -> object:
        """Run a command that must succeed, and read its JSON."""
        done = self(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
