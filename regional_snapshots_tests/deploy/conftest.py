"""A deployment as deploy/compose.yaml has it: the same commands, environment and files, without containers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from regional_snapshots_tests.deploy.deployment import Deployment, unable
from regional_snapshots_tests.deploy.postgres import Postgres

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--run-deploy``: these tests start a dozen processes and take minutes, so they run only when asked for."""
    parser.addoption("--run-deploy", action="store_true", help="test the recipes of deploy/")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests of this directory that start processes, with the reason, unless asked for and able."""
    reason = unable() if config.getoption("--run-deploy", default=False) else "needs --run-deploy (make test-deploy)"
    for item in items:
        if reason and HERE in item.path.parents and "deployment" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Postgres, two servers, code server, webserver, daemon and two workers, with the sample feeds loaded."""
    with (
        Postgres() as postgres,
        Deployment(tmp_path_factory.mktemp("deployment"), postgres.url) as running,
    ):
        yield running
