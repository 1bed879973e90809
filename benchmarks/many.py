"""What many regions cost: ``python -m benchmarks.many 1000`` refreshes a table of so many and prints one figure a line.

The runs are in a process of its own, because a process has one table of regions.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from benchmarks.regions import table_of
from regional_snapshots_tests.support.server import RedisServer

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
FORCED = {"ops": {"regional_snapshot": {"config": {"force": True}}}}


def main(regions: int) -> None:
    """Start a server and an instance, measure in another process, and say what the server saw."""
    with RedisServer() as server, tempfile.TemporaryDirectory(prefix="rs-bench-") as home:
        (Path(home) / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        table = Path(home) / "regions.csv"
        table.write_text(table_of(regions))
        settings = {"REDIS_URL": server.url, "REGIONAL_SNAPSHOTS_HOME": home, "DAGSTER_HOME": home}
        settings["REGIONAL_SNAPSHOTS_REGIONS"] = str(table)
        subprocess.run([sys.executable, "-m", "benchmarks.many", "measure"], env=os.environ | settings, check=True)


def measure() -> None:
    """The runs. Each is told with the seconds by the clock and of this process alone, which others do not slow down."""
    started = time.process_time()
    from regional_snapshots.definitions import defs as ours
    from regional_snapshots.files.feed_files import SAMPLE, read_directory
    from regional_snapshots.model.regions import REGION_IDS
    from regional_snapshots.store.snapshots import SnapshotStore

    say("import of the definitions, s of this process", time.process_time() - started)
    say("regions", len(REGION_IDS))
    with SnapshotStore(os.environ["REDIS_URL"]) as store:
        store.write_feeds(read_directory(SAMPLE)[0])
    tags = {
        "dagster/asset_partition_range_start": REGION_IDS[0],
        "dagster/asset_partition_range_end": REGION_IDS[-1],
    }
    import redis

    client = redis.from_url(os.environ["REDIS_URL"])
    with dg.DagsterInstance.get() as instance:

        def run(job: dg.JobDefinition, config: dict, told: dict[str, str]) -> None:
            before = client.info()
            took(job.name, lambda: job.execute_in_process(config | QUIET, instance=instance, tags=told))
            after = client.info()
            for name in ("total_commands_processed", "total_net_input_bytes", "total_net_output_bytes"):
                say(f"{job.name}: {name}", after[name] - before[name])
            say(f"{job.name}: server's memory, bytes", after["used_memory"])

        run(_empty(REGION_IDS), {}, tags)
        run(ours.resolve_job_def("refresh"), FORCED, tags)
        run(ours.resolve_job_def("refresh"), FORCED, tags)
        run(ours.resolve_job_def("overview"), {}, {})
        for record in reversed(instance.get_run_records()):
            events = [dg.serialize_value(entry) for entry in instance.all_logs(record.dagster_run.run_id)]
            sizes = f"{len(events)} rows, {sum(map(len, events))} bytes, largest {max(map(len, events))}"
            print(f"events of {record.dagster_run.job_name}: {sizes}", flush=True)
    page = Path(os.environ["REGIONAL_SNAPSHOTS_HOME"], "report.html")
    say("page, bytes", page.stat().st_size)
    say("memory of this process at most, MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def took(name: str, work: Callable[[], object]) -> None:
    """Do it, and say how long it took."""
    clock, ours = time.perf_counter(), time.process_time()
    work()
    say(f"{name}: s by the clock", time.perf_counter() - clock)
    say(f"{name}: s of this process", time.process_time() - ours)


def say(name: str, value: float) -> None:
    """One line."""
    print(json.dumps({name: round(value, 2)}), flush=True)


def _empty(regions: tuple[str, ...]) -> dg.JobDefinition:
    partitions = dg.StaticPartitionsDefinition(list(regions))

    @dg.asset(partitions_def=partitions, backfill_policy=dg.BackfillPolicy.single_run())
    def empty() -> None:
        """Nothing, for each region."""

    job = dg.define_asset_job("empty_asset", [empty])
    return dg.Definitions(assets=[empty], jobs=[job]).resolve_job_def("empty_asset")


if __name__ == "__main__":
    measure() if sys.argv[1] == "measure" else main(int(sys.argv[1]))
