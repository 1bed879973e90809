"""What tests of the store share: ways to the shared server."""

from __future__ import annotations

import pytest

from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.proxy import Proxy


@pytest.fixture
def client(server):
    with server.client() as made:
        made.config_resetstat()
        yield made


@pytest.fixture
def proxy(server):
    with Proxy(server.url) as made:
        yield made


@pytest.fixture
def direct(server):
    with SnapshotStore(server.url) as store:
        yield store
