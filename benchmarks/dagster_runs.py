"""Runs that take turns: ``python -m benchmarks.dagster_runs ROUNDS`` prints their seconds as one line of JSON.

A process of its own, because Dagster reads its home and the project its settings once. ``defs`` holds the empty asset.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence

import dagster as dg

from benchmarks.measure import take_turns, timed
from regional_snapshots.defs.partitions import range_tags, region_partitions
from regional_snapshots.feed_files import SAMPLE, read_directory
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.store.snapshots import SnapshotStore

EMPTY, EIGHT, ONE, EACH = "empty asset, one run", "8 regions, one run", "1 region, one run", "8 regions, 8 runs"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
FORCED = {"ops": {"regional_snapshot": {"config": {"force": True}}}}


@dg.asset(partitions_def=region_partitions, backfill_policy=dg.BackfillPolicy.single_run())
def empty(context: dg.AssetExecutionContext) -> None:
    """Nothing, for each of eight regions."""


defs = dg.Definitions([empty], jobs=[dg.define_asset_job("nothing", [empty])], executor=dg.in_process_executor)


def main(rounds: int) -> None:
    """Take turns. The first turn warms up and is not counted."""
    from regional_snapshots.definitions import defs as ours

    with SnapshotStore(os.environ["REDIS_URL"]) as store:
        store.write_feeds(read_directory(SAMPLE)[0])
    refresh, nothing = ours.resolve_job_def("refresh"), defs.resolve_job_def("nothing")
    with dg.DagsterInstance.get() as instance:

        def run(job: dg.JobDefinition, config: dict, *groups: Sequence[str]) -> Callable[[], float]:
            def work() -> None:
                for group in groups:
                    job.execute_in_process(config | QUIET, instance=instance, tags=range_tags(group))

            return lambda: timed(work)

        contenders = {
            EMPTY: run(nothing, {}, REGION_IDS),
            EIGHT: run(refresh, FORCED, REGION_IDS),
            ONE: run(refresh, FORCED, REGION_IDS[:1]),
            EACH: run(refresh, FORCED, *([region] for region in REGION_IDS)),
        }
        seconds = take_turns(contenders, rounds + 1, lambda _: None)
    print(json.dumps({name: values[1:] for name, values in seconds.items()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
