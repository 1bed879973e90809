"""Stores in different namespaces of one database do not know of each other, whatever happens in either."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from regional_snapshots.settings import PREFIX, SettingError, Settings
from regional_snapshots.store.errors import ConfigurationError, MissingSnapshotError, StoreError
from regional_snapshots.store.keys import LAYOUTS, RegionKeys
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.access import ACL_WORDS, WRITTEN, allow
from regional_snapshots_tests.support.commits import REGION, fresh
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.server import RedisServer

BAD = ("Staging", "a:b", "a*b", "{mena}", "-a", "a b", "x" * 33, "é")


def within(client: redis.Redis, namespace: str) -> dict:
    """Everything that is stored under a namespace."""
    return {key: value for key, value in picture(client).items() if key.startswith(f"{namespace}:".encode())}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_store_in_a_namespace_writes_reads_and_repairs_its_own_keys_only(server: RedisServer, layout: str) -> None:
    client = server.client()
    with SnapshotStore(server.url, layout=layout) as production:
        production.commit(fresh(client))
        before = picture(client)
        with SnapshotStore(server.url, layout=layout, namespace="staging") as staging:
            with pytest.raises(MissingSnapshotError):
                staging.latest(REGION)
            mine = fresh(client, plus_ms=1)
            staging.commit(mine)
            assert staging.latest(REGION).id == mine.id
            client.delete(RegionKeys(REGION, LAYOUTS[layout].within("staging")).index)
            report = staging.reconcile([REGION], deep=True, fix_types=True)
            assert report.findings
            assert report.healthy
        after = picture(client)
        assert {key: value for key, value in after.items() if key not in within(client, "staging")} == before
        assert not production.reconcile([REGION], repair=False, deep=True).findings


def test_all_keys_of_a_region_stay_in_one_slot() -> None:
    from redis.crc import key_slot

    plain, ours = (RegionKeys(REGION, LAYOUTS["tagged"].within(name)) for name in ("", "staging"))
    assert key_slot(plain.latest.encode()) == key_slot(ours.latest.encode()) == key_slot(ours.claim("x", 1).encode())


def test_the_documented_permissions_keep_staging_out_of_production(server: RedisServer) -> None:
    client = server.client()
    words = [word for word in ACL_WORDS if word not in WRITTEN] + [f"~staging:{word[1:]}" for word in WRITTEN]
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    assert " ".join(f"~staging:{word[1:]}" for word in WRITTEN) in page
    allow(client, tuple(words))
    url = server.url.replace("unix://", "unix://writer:s3cret@")
    with SnapshotStore(url, namespace="staging") as staging, SnapshotStore(url) as production:
        staging.commit(fresh(client))
        with pytest.raises(StoreError, match=r"NOPERM|permissions"):
            production.commit(fresh(client))


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_could_mean_other_keys_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no namespace"):
        SnapshotStore("redis://localhost:1/0", namespace=name)
    with pytest.raises(SettingError, match=PREFIX + "NAMESPACE"):
        Settings.load({PREFIX + "NAMESPACE": name})
