"""A store that went back, by an old backup or a failover, is noticed: a finding, an event, and once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis

from regional_snapshots.defs.instance.acknowledged import gone
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.defs.conftest import Project, materialized
from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.shell import Shell
from regional_snapshots_tests.support.slow import slow


def backup_of(client: redis.Redis) -> dict[bytes, tuple[bytes, int]]:
    """Every key as the server would write it to a file, with the instant it expires (ms; 0: never)."""
    ends = {key: client.pexpiretime(key) for key in client.scan_iter()}
    return {key: (client.dump(key), max(end, 0)) for key, end in ends.items()}


def put_back(client: redis.Redis, backup: dict[bytes, tuple[bytes, int]]) -> None:
    client.flushall()
    for key, (value, end_ms) in backup.items():
        client.restore(key, end_ms, value, absttl=True)


def ids(project: Project, **config: Any) -> dict[str, str]:
    return {region: shown["snapshot_id"] for region, shown in materialized(project.refresh(**config)).items()}


def rewound(server: RedisServer) -> list[tuple[str, object, object]]:
    with SnapshotStore(server.url) as store:
        told = store.events(REGION_IDS, since_ms=0)
    return [(event.region, event.before, event.after) for found in told.values() for event in found
            if event.type == "rewound"]  # fmt: skip


def findings(project: Project) -> list[tuple[str, str, str]]:
    result = project.reconcile()
    assert result.success
    table = materialized(result, "snapshot_reconciliation")[""].get("findings_in_full")
    return [(row.data["region"], row.data["before"], row.data["after"]) for row in table.records] if table else []


def test_an_old_backup_is_a_finding_until_the_next_refresh_tells_of_it_once(
    project: Project, server: RedisServer
) -> None:
    client = server.client()
    first = ids(project)
    backup = backup_of(client)
    second = ids(project, force=True)
    assert (findings(project), rewound(server)) == ([], [])
    put_back(client, backup)
    went_back = [(region, second[region], first[region]) for region in REGION_IDS]
    assert sorted(findings(project)) == sorted(went_back)
    assert sorted(findings(project)) == sorted(went_back)
    client.delete("intelligence:cross-source-signals:v1")
    result = project.refresh(force=True)
    with SnapshotStore(server.url) as store:
        assert {"rewound", "data_loss"} <= {event.type for event in store.events(["mena"], since_ms=0)["mena"]}
    assert sorted(rewound(server)) == sorted(went_back)
    said = [entry.user_message for entry in project.instance.all_logs(result.run_id)]
    assert any(line.startswith("mena: latest went back from") and "restore" in line for line in said)
    assert findings(project) == []
    ids(project, force=True)
    assert len(rewound(server)) == len(REGION_IDS)


@pytest.mark.parametrize("how", ["another store", "a pin that ended", "a damaged head"])
def test_what_has_not_gone_back_is_not_said_to(project: Project, server: RedisServer, how: str) -> None:
    client = server.client()
    first = ids(project)
    feeds = {key: value for key, value in backup_of(client).items() if not key.startswith((b"snapshot:", b"dedup:"))}
    ids(project, force=True)
    if how == "another store":
        put_back(client, feeds)
        assert findings(project) == []
    elif how == "a pin that ended":  # nobody has moved latest since
        client.set("snapshot:latest:{mena}", first["mena"])
    else:
        client.set(f"snapshot:id:{{mena}}:{client.get('snapshot:latest:{mena}').decode()}", "{}", keepttl=True)
    project.refresh(force=True)
    assert rewound(server) == []


def test_what_was_ahead_of_time_was_moved_away_and_has_not_gone_back(server: RedisServer) -> None:
    with SnapshotStore(server.url) as store:
        known, newest = {"mena": "ffffffffff00-0123456789ab"}, {"mena": "019a185c5000-0123456789ab"}
        assert gone(store, known, newest) == {}
        assert gone(store, {"mena": "019a185c5001-0123456789ab"}, newest) != {}


@slow
def test_the_command_line_compares_with_what_dagster_has_on_record(tmp_path: Path, server: RedisServer) -> None:
    shell, client = Shell(tmp_path, server.url), server.client()
    done = shell("reconcile", "mena", "--check")
    assert (done.stderr, "rewound" in done.stdout) == ("", False)
    shell("feeds", "load", "--sample")
    assert shell("refresh", "mena").returncode == 0
    backup = backup_of(client)
    assert shell("refresh", "mena", "--force").returncode == 0
    put_back(client, backup)
    done = shell("reconcile", "mena", "--check")
    assert (done.returncode, "rewound" in done.stdout, "restore a backup" in done.stdout) == (0, True, True), (
        done.stdout
    )
    shell("refresh", "mena", "--force")
    assert "latest had gone back" in shell("events", "mena").stdout
