"""Round trips of a refresh as Dagster runs it: the step as a whole, cold, and its commits."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator

import dagster as dg

from benchmarks.line import Line
from benchmarks.measure import Figure, Tick, figure, take_turns
from regional_snapshots.definitions import definitions
from regional_snapshots.defs.tags import range_tags
from regional_snapshots.files.feed_files import SAMPLE, read_directory
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.server import RedisServer

GROUP = "round trips through Dagster"
STEP, COMMITS = "whole refresh step, cold", "persist 8 regions"
CONFIG = {
    "ops": {"regional_snapshot": {"config": {"force": True}}},
    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
}
TARGETS = {STEP: "<= 5.5", COMMITS: "<= 2.3"}


def dagster_trips(quick: bool, tick: Tick) -> Iterator[Figure]:
    """By the clock, as (time with a delay - quickest time without) / delay; each run opens its store anew."""
    rounds, delay_s = (1, 0.02) if quick else (7, 0.1)
    with (
        RedisServer() as server,
        Line(server.socket_path) as line,
        tempfile.TemporaryDirectory(prefix="rs-bench-") as home,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        with SnapshotStore(server.url) as store:
            store.write_feeds(read_directory(SAMPLE)[0])
        settings = Settings.load({"REDIS_URL": line.url, "REGIONAL_SNAPSHOTS_HOME": home})
        job = definitions(settings).resolve_job_def("refresh")
        seconds: dict[tuple[str, float], list[float]] = defaultdict(list)

        def run(delay: float) -> float:
            line.delay_s = delay
            done = job.execute_in_process(CONFIG, instance=instance, tags=range_tags(REGION_IDS))
            line.delay_s = 0.0
            step_s, commits_s = durations(done)
            seconds[STEP, delay].append(step_s)
            seconds[COMMITS, delay].append(commits_s)
            return step_s

        run(0.0)  # imports, and the first snapshots
        seconds.clear()
        take_turns({"without delay": lambda: run(0.0), "with delay": lambda: run(delay_s)}, rounds, tick)
    for what, target in TARGETS.items():
        trips = [(slow - min(seconds[what, 0.0])) / delay_s for slow in seconds[what, delay_s]]
        yield figure(GROUP, f"{what}, {delay_s * 1000:g} ms", "round trips", trips, "" if quick else target)


def durations(done: dg.ExecuteInProcessResult) -> tuple[float, float]:
    """Seconds that the step took, and of these its commits."""
    (step,) = [
        event.step_success_data.duration_ms
        for event in done.all_events
        if event.is_step_success and event.step_key == "regional_snapshot"
    ]
    shown = done.get_asset_materialization_events()[0].materialization.metadata
    return step / 1000, float(shown["commit_milliseconds"].value) / 1000
