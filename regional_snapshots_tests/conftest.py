"""Fixtures that give a test a real server."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from regional_snapshots_tests.support import examples as examples  # how Hypothesis draws
from regional_snapshots_tests.support.server import RedisServer

OURS = ("REDIS_URL", "FEEDS_REDIS_URL", "DAGSTER_HOME", "REGIONAL_SNAPSHOTS_")
KEPT = "REGIONAL_SNAPSHOTS_TEST_"


LONGEST = (
    "test_cli.py",
    "test_protocol_model.py",
    "test_first_start.py",
    "test_regions.py",
    "test_reconcile_random.py",
    "test_losses.py",
)
"""They begin first, so that no worker is left alone with one of them at the end."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first; within a file, the order stays."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_collection_finish() -> None:
    """What was imported stays to the end: the collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """No test reaches the server, the home or the settings of the person who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(OURS) and not name.startswith(KEPT)]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def _shared_server() -> Iterator[RedisServer]:
    with RedisServer(tcp=True) as server:
        yield server


@pytest.fixture
def server(_shared_server: RedisServer) -> RedisServer:
    """An empty server with its first settings and users. It is shared: to kill one, take ``own_server``."""
    _shared_server.reset()
    return _shared_server


@pytest.fixture
def own_server() -> Iterator[Callable[..., RedisServer]]:
    """Makes private servers, as ``own_server({"appendonly": "yes"}, tcp=True)``; they end with the test."""
    with ExitStack() as started:

        def start(*args: Any, **named: Any) -> RedisServer:
            return started.enter_context(RedisServer(*args, **named))

        yield start
