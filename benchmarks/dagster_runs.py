"""Runs that take turns: ``python -m benchmarks.dagster_runs ROUNDS`` prints their seconds as one line of JSON.

A process of its own, because Dagster reads its home and the project its settings once.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence

import dagster as dg

from benchmarks.dagster_empty import defs as empty
from benchmarks.measure import take_turns, timed
from regional_snapshots.defs.tags import range_tags
from regional_snapshots.files.feed_files import SAMPLE, read_directory
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.store.snapshots import SnapshotStore

EMPTY, EMPTY_WITH_FEEDS = "empty asset, one run", "empty asset that depends on 17 feeds, one run"
EIGHT, ONE, EACH = "8 regions, one run", "1 region, one run", "8 regions, 8 runs"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
FORCED = {"ops": {"regional_snapshot": {"config": {"force": True}}}}


def main(rounds: int) -> None:
    """Take turns. The first turn warms up and is not counted."""
    from regional_snapshots.definitions import defs as ours

    with SnapshotStore(os.environ["REDIS_URL"]) as store:
        store.write_feeds(read_directory(SAMPLE)[0])
    refresh = ours.resolve_job_def("refresh")
    with dg.DagsterInstance.get() as instance:

        def run(job: dg.JobDefinition, config: dict, *groups: Sequence[str]) -> Callable[[], float]:
            def work() -> None:
                for group in groups:
                    job.execute_in_process(config | QUIET, instance=instance, tags=range_tags(group))

            return lambda: timed(work)

        contenders = {
            EMPTY: run(empty.resolve_job_def("nothing"), {}, REGION_IDS),
            EMPTY_WITH_FEEDS: run(empty.resolve_job_def("nothing_with_feeds"), {}, REGION_IDS),
            EIGHT: run(refresh, FORCED, REGION_IDS),
            ONE: run(refresh, FORCED, REGION_IDS[:1]),
            EACH: run(refresh, FORCED, *([region] for region in REGION_IDS)),
        }
        seconds = take_turns(contenders, rounds + 1, lambda _: None)
    print(json.dumps({name: values[1:] for name, values in seconds.items()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
