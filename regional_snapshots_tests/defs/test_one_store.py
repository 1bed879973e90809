"""One store per run: asset, IO manager, checks and the command line around them share one pool of connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import dagster as dg
import pytest

from regional_snapshots.cli import main
from regional_snapshots.defs.partitions import backfill_policy
from regional_snapshots.defs.tags import range_tags
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings
from regional_snapshots.store import snapshots
from regional_snapshots_tests.defs.conftest import Project, failure, materialized, publish_feeds
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server import RedisServer

MOST_CONNECTIONS = 11
"""One for each of eight regions, and one each for feeds, latest snapshots and the look at the server."""


@pytest.fixture
def proxy(project: Project, server: RedisServer) -> Iterator[Proxy]:
    """Between the project and its server, which has the sample feeds; far away, as servers are."""
    with Proxy(server.url, round_trip_s=0.05) as between:
        yield between


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The address of each store that is made, in a list that grows."""
    made: list[str] = []
    first = snapshots.SnapshotStore.__init__

    def counted(self: snapshots.SnapshotStore, url: str, **options: object) -> None:
        made.append(url)
        first(self, url, **options)

    monkeypatch.setattr(snapshots.SnapshotStore, "__init__", counted)
    return made


def one_warm_pool(proxy: Proxy) -> None:
    """At most eleven connections, and each that commits was in use before the first commit began."""
    assert proxy.connections <= MOST_CONNECTIONS
    first_look = next(request.number for request in proxy.requests if request.name == "WATCH")
    used_before = {request.connection for request in proxy.requests if request.number < first_look}
    committing = {request.connection for request in proxy.requests if request.name == "EXEC"}
    assert len(committing) == len(REGION_IDS)
    assert committing <= used_before


def test_a_run_reads_and_commits_over_one_pool(project: Project, proxy: Proxy, opened: list[str]) -> None:
    through = Project(replace(project.settings, redis_url=proxy.url), project.instance)
    assert through.refresh().success
    assert opened == [proxy.url]
    one_warm_pool(proxy)


def test_materialize_reads_and_commits_over_one_pool(project: Project, proxy: Proxy, opened: list[str]) -> None:
    through = Project(replace(project.settings, redis_url=proxy.url), project.instance).definitions
    done = dg.materialize(
        list(through.assets or []),
        selection=["regional_snapshot"],
        resources=dict(through.resources or {}),
        instance=project.instance,
        tags=range_tags(REGION_IDS),
    )
    assert done.success
    assert opened == [proxy.url]
    one_warm_pool(proxy)


def test_the_command_line_and_its_runs_share_one_pool(
    project: Project, proxy: Proxy, opened: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("REDIS_URL", proxy.url)
    monkeypatch.setenv("REGIONAL_SNAPSHOTS_HOME", str(project.settings.home))
    monkeypatch.setenv("DAGSTER_HOME", "")
    with pytest.raises(SystemExit) as ended:
        main(["refresh"])
    assert ended.value.code == 0, capsys.readouterr().err
    assert opened == [proxy.url]
    one_warm_pool(proxy)


def test_a_server_with_room_for_eight_clients_gets_all_eight_regions(
    project: Project, own_server: Callable[..., RedisServer]
) -> None:
    small = own_server()
    publish_feeds(small)
    small.configure(maxclients=8)
    narrow = Project(replace(project.settings, redis_url=small.url), project.instance)
    assert {entry["outcome"] for entry in materialized(narrow.refresh()).values()} == {"COMMITTED"}


def test_two_set_ups_live_side_by_side_in_one_process(
    project: Project, own_server: Callable[..., RedisServer], settings: Settings
) -> None:
    other_server = own_server()
    publish_feeds(other_server)
    other_server.client().delete("economic:spr:v1")
    strict = replace(
        settings, redis_url=other_server.url, regions_per_run=1, min_confidence=1.0, refresh_cron="5 * * * *"
    )
    other = Project(strict, project.instance)
    assert set(materialized(project.refresh())) == set(REGION_IDS)
    _, told = failure(other.refresh())
    assert sorted(told["withheld_regions"]) == sorted(REGION_IDS)
    assert not other_server.client().keys("snapshot:*")
    for one, policy in ((project, backfill_policy(8)), (other, backfill_policy(1))):
        asset = one.definitions.resolve_assets_def("regional_snapshot")
        assert asset.backfill_policy == policy
        schedule = one.definitions.get_repository_def().get_schedule_def("refresh_schedule")
        assert schedule.cron_schedule == one.settings.refresh_cron
