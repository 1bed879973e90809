"""The project's own definitions on a real server, with sample feeds in it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from regional_snapshots.definitions import definitions
from regional_snapshots.defs.tags import range_tags
from regional_snapshots.files.feed_files import SAMPLE, brought_up_to, read_directory
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings
from regional_snapshots_tests.support.server import RedisServer

A_DAY_IN_MINUTES = 24 * 60


class Project:
    """Runs the project's jobs in this process, on an instance of its own."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.settings = settings
        self.instance = instance
        self.definitions = definitions(settings)

    def run(
        self,
        job: str,
        *,
        tags: Mapping[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> dg.ExecuteInProcessResult:
        """Run a job to its end, successful or not."""
        loggers = {"console": {"config": {"log_level": "CRITICAL"}}}
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            tags=dict(tags or {}),
            run_config={"loggers": loggers, **({"ops": config} if config else {})},
            raise_on_error=False,
            **options,
        )

    def refresh(self, regions: Sequence[str] = REGION_IDS, **config: Any) -> dg.ExecuteInProcessResult:
        """Run one refresh of neighbouring regions; keywords are the launchpad's options."""
        ops = {"regional_snapshot": {"config": config}} if config else None
        return self.run("refresh", tags=range_tags(regions), config=ops)

    def reconcile(self, **config: Any) -> dg.ExecuteInProcessResult:
        """Run one reconciliation; keywords are the launchpad's options."""
        return self.run("reconcile", config={"snapshot_reconciliation": {"config": config}} if config else None)


@pytest.fixture
def settings(server: RedisServer, tmp_path: Path) -> Settings:
    """Settings whose buckets last a day, so that no bucket turns in the middle of a test."""
    return Settings.load(
        {
            "REDIS_URL": server.url,
            "REGIONAL_SNAPSHOTS_HOME": str(tmp_path),
            "REGIONAL_SNAPSHOTS_BUCKET_MINUTES": str(A_DAY_IN_MINUTES),
            "REGIONAL_SNAPSHOTS_PATIENCE_SECONDS": "0.5",
        }
    )


@pytest.fixture
def bare_project(settings: Settings) -> Iterator[Project]:
    """The project, before any feed was published."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Project(settings, instance)


@pytest.fixture
def project(bare_project: Project, server: RedisServer) -> Project:
    """The project, with the sample feeds."""
    publish_feeds(server)
    return bare_project


def publish_feeds(server: RedisServer) -> None:
    """Put the sample feeds where their producers would, as if made now."""
    documents, _ = read_directory(SAMPLE)
    now_ms = time.time_ns() // 1_000_000
    with server.client() as client:
        client.mset({key: brought_up_to(now_ms, document) for key, document in documents.items()})


def materialized(result: dg.ExecuteInProcessResult, asset: str = "regional_snapshot") -> dict[str, dict[str, Any]]:
    """``{partition: {label: value}}`` of the materializations of a run; no partition twice."""
    shown: dict[str, dict[str, Any]] = {}
    for event in result.get_asset_materialization_events():
        if event.asset_key == dg.AssetKey(asset):
            assert event.partition not in shown, f"{event.partition} is shown twice"
            metadata = event.materialization.metadata
            shown[event.partition or ""] = {label: entry.value for label, entry in metadata.items()}
    return shown


def failure(result: dg.ExecuteInProcessResult) -> tuple[str, dict[str, Any]]:
    """Description and metadata of the ``dagster.Failure`` that ended a run."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    failed = event.step_failure_data.user_failure_data
    return failed.description, {label: entry.value for label, entry in failed.metadata.items()}
