"""The deployment of deploy/compose.yaml: it refreshes every region on its workers, and a lost worker loses nothing."""

from __future__ import annotations

import os
from typing import Any

import pytest

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.deploy.deployment import Deployment, Service
from regional_snapshots_tests.support.faults import Break

BUCKET_MS = 15 * 60_000
ROUNDS = int(os.environ.get("REGIONAL_SNAPSHOTS_TEST_ROUNDS", "1"))
BACKFILL = """
mutation Backfill($partitions: [String!]!) {
  launchPartitionBackfill(backfillParams: {
    assetSelection: [{path: ["regional_snapshot"]}], partitionNames: $partitions
  }) { __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } }
}"""
STATUS = """
query Status { assetNodeOrError(assetKey: {path: ["regional_snapshot"]}) { ... on AssetNode {
  partitionStats { numMaterialized numFailed numMaterializing }
  latestMaterializationByPartition { partition timestamp } } } }"""
STARTED = "{ runsOrError(filter: {statuses: [STARTED]}) { ... on Runs { results { tags { key value } } } } }"


def materialized(deployment: Deployment) -> dict[str, float]:
    """Region -> time of its newest materialization, as the UI shows it."""
    node = deployment.ask(STATUS)["assetNodeOrError"]
    found: list[dict[str, Any]] = [event for event in node["latestMaterializationByPartition"] if event]
    return {event["partition"]: float(event["timestamp"]) for event in found}


def backfill(deployment: Deployment, *regions: str) -> None:
    answer = deployment.ask(BACKFILL, partitions=list(regions))["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer


def worker_of(deployment: Deployment, region: str) -> Service:
    """The worker that is refreshing a region at the moment."""
    for run in deployment.ask(STARTED)["runsOrError"]["results"]:
        tags = {tag["key"]: tag["value"] for tag in run["tags"]}
        if region in tags.values():
            [worker] = [worker for worker in deployment.workers if tags["dagster-celery/task_id"] in worker.log]
            return worker
    raise AssertionError(f"no run refreshes {region}")


def test_a_backfill_of_all_regions_runs_on_both_workers(deployment: Deployment) -> None:
    backfill(deployment, *REGION_IDS)
    deployment.until(lambda: set(materialized(deployment)) == set(REGION_IDS), "eight regions are green", 300)
    with SnapshotStore(deployment.snapshots.url) as store:
        assert set(store.latest_all(REGION_IDS)) == set(REGION_IDS)
        assert store.reconcile(REGION_IDS, repair=False, deep=True).healthy
    assert all("execute_job" in worker.log for worker in deployment.workers)


@pytest.mark.parametrize("attempt", range(ROUNDS))
def test_the_region_of_a_lost_worker_is_green_again_and_written_once(deployment: Deployment, attempt: int) -> None:
    region = REGION_IDS[attempt % len(REGION_IDS)]
    client = deployment.snapshots.client()
    for key in client.scan_iter(match=f"*{{{region}}}*"):  # as if nothing had been published yet: something will be
        client.delete(key)
    before = materialized(deployment).get(region, 0.0)
    payload = f"snapshot:id:{{{region}}}:".encode()
    held = deployment.proxy.arm(
        Break.HOLD_REQUEST, lambda it: it.name == "SET" and it.args[0].startswith(payload), hold_s=600
    )
    backfill(deployment, region)
    deployment.until(held.struck.is_set, "a worker is in the middle of a commit", 120)
    busy = worker_of(deployment, region)
    busy.kill()
    deployment.proxy.reset()
    try:
        deployment.until(lambda: materialized(deployment).get(region, 0.0) > before, f"{region} is green again", 180)
    finally:
        busy.start()
    written = client.zrange(f"snapshot:index:{{{region}}}", 0, -1, withscores=True)
    buckets = [int(score) // BUCKET_MS for _, score in written]  # the held commit may arrive, too: in its own bucket
    assert len(set(buckets)) == len(buckets) >= 1
    with SnapshotStore(deployment.snapshots.url) as store:
        assert store.reconcile([region], repair=False, deep=True).healthy
