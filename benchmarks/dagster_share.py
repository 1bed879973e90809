"""What Dagster costs, and what we cost on top: refresh runs against an empty asset with the same eight partitions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.measure import Figure, Tick, figure, quotients, take_turns, timed
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots_tests.support.server import RedisServer

GROUP = "Dagster's share"
OURS, NOTHING, TURNS = "regional_snapshots.definitions", "benchmarks.dagster_empty", "benchmarks.dagster_runs"


def dagster_share(quick: bool, tick: Tick) -> Iterator[Figure]:
    """Runs within one process, runs as a command, and the time to import the definitions."""
    from benchmarks.dagster_runs import EACH, EIGHT, EMPTY, EMPTY_WITH_FEEDS, ONE

    rounds = 1 if quick else 5
    with RedisServer() as server, tempfile.TemporaryDirectory(prefix="rs-bench-") as home:
        (Path(home) / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        settings = {"REDIS_URL": server.url, "REGIONAL_SNAPSHOTS_HOME": home, "DAGSTER_HOME": home}
        tick("runs in one process")
        runs = json.loads(_python(["-m", TURNS, str(rounds)], settings))
        commands = take_turns(
            {
                "refresh": lambda: timed(lambda: _materialize(OURS, "regional_snapshot", settings)),
                "empty": lambda: timed(lambda: _materialize(NOTHING, "empty", settings)),
                "with feeds": lambda: timed(lambda: _materialize(NOTHING, "empty_with_feeds", settings)),
                "import ours": lambda: timed(lambda: _python(["-c", f"import {OURS}"], settings)),
                "import dagster": lambda: timed(lambda: _python(["-c", "import dagster"], settings)),
            },
            rounds,
            tick,
        )
    command = quotients(commands["refresh"], commands["empty"])
    yield figure(GROUP, "`dagster asset materialize` of 8 regions / of the empty asset", "ratio", command, "<= 1.15")
    with_feeds = quotients(commands["refresh"], commands["with feeds"])
    yield figure(GROUP, "the same / of the empty asset that depends on as many feeds", "ratio", with_feeds)
    yield figure(
        GROUP,
        "a run of 8 regions without starting a process / of the empty asset",
        "ratio",
        quotients(runs[EIGHT], runs[EMPTY]),
    )
    within = quotients(runs[EIGHT], runs[EMPTY_WITH_FEEDS])
    yield figure(GROUP, "the same / of the empty asset that depends on as many feeds, in one process", "ratio", within)
    yield figure(GROUP, EMPTY, "s", runs[EMPTY])
    yield figure(GROUP, EIGHT, "s", runs[EIGHT])
    yield figure(GROUP, f"{EIGHT} / {ONE}", "ratio", quotients(runs[EIGHT], runs[ONE]))
    yield figure(GROUP, f"{EACH} / {EIGHT}", "ratio", quotients(runs[EACH], runs[EIGHT]))
    imports = quotients(commands["import ours"], commands["import dagster"])
    yield figure(GROUP, "import of our definitions / import of dagster", "ratio", imports)


def _materialize(module: str, asset: str, settings: Mapping[str, str]) -> None:
    regions = f"{REGION_IDS[0]}...{REGION_IDS[-1]}"
    _python(
        ["-m", "dagster", "asset", "materialize", "-m", module, "--select", asset, "--partition-range", regions],
        settings,
    )


def _python(arguments: list[str], settings: Mapping[str, str]) -> bytes:
    done = subprocess.run([sys.executable, *arguments], env=os.environ | settings, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"{arguments} failed:\n{done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout
