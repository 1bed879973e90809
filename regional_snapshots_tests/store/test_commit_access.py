"""Over TLS, as a user who may do only what the project needs, everything works; with anything less, something fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from regional_snapshots.store.errors import ConfigurationError, StoreError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.access import ACL_WORDS, COMMANDS, READ, WRITTEN, allow, troubles
from regional_snapshots_tests.support.drift import EVERYTHING, healthy, picture
from regional_snapshots_tests.support.oracle import violations
from regional_snapshots_tests.support.server import ServerFailedError
from regional_snapshots_tests.support.server_faults import without_permission

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture
def tls_server(own_server):
    try:
        return own_server(tls=True)
    except ServerFailedError as error:
        pytest.skip(str(error).splitlines()[0])


def test_everything_works_over_tls_with_the_documented_permissions(tls_server):
    client = tls_server.client()
    allow(client, ACL_WORDS)
    url = tls_server.tls_url.replace("rediss://", "rediss://writer:s3cret@")
    assert troubles(url, client) == []


def test_in_the_layout_of_the_former_script_everything_works_with_its_documented_permissions(server):
    paragraph = OPERATIONS.read_text().split("The user of the layout needs", 1)[1].split("\n\n", 1)[0]
    words = re.findall(r"[~+][a-z:*-]+", paragraph)
    client = server.client()
    allow(client, (*words, *READ, *COMMANDS))
    with SnapshotStore(server.url.replace("unix://", "unix://writer:s3cret@"), layout="worldmonitor") as store:
        for name in ("payload gone", "payload cut short", "entry removed", "latest gone", "index expires early"):
            client.flushall()
            scene = healthy(store, client, "mena")
            EVERYTHING[name].does(scene, scene.snapshots[-2])
            report = store.reconcile(["mena"], deep=True)
            assert (report.left, dict(report.errors)) == ((), {})
            assert violations(client, "worldmonitor", "mena") == []


def test_a_server_of_another_authority_is_not_trusted(tls_server):
    url = tls_server.tls_url.split("?")[0]
    with SnapshotStore(url) as store, pytest.raises(ConfigurationError, match="certificate is not trusted"):
        store.inspect()


def test_the_documented_permissions_are_those_that_are_tested():
    line = OPERATIONS.read_text().split("ACL SETUSER", 1)[1].split("```", 1)[0]
    assert sorted(word for word in line.split() if word.startswith(("+", "~", "%"))) == sorted(ACL_WORDS)


def test_a_server_that_keeps_nothing_on_disk_is_a_warning(server, direct):
    assert direct.inspect() == []
    server.configure(save="")
    assert [warning.partition(",")[0] for warning in direct.inspect()] == ["the server keeps nothing on disk"]
    with without_permission(server, "-config"):
        assert direct.inspect() == []
    server.configure(appendonly="yes")
    assert direct.inspect() == []


@pytest.mark.parametrize("rules", ["-multi", "-set", "-info", "-exec"])
def test_permissions_are_tried_without_writing_anything(server, rules):
    client = server.client()
    with without_permission(server, rules), SnapshotStore(server.url) as store:
        warnings = store.inspect()
    assert bool(warnings) == (rules in ("-set", "-info"))
    assert picture(client) == {}


@pytest.mark.parametrize("word", [*COMMANDS, *WRITTEN, *READ])
def test_without_any_one_of_the_permissions_something_fails_and_no_secret_is_told(server, word):
    client = server.client()
    allow(client, tuple(other for other in ACL_WORDS if other != word))
    url = server.url.replace("unix://", "unix://writer:s3cret@")
    try:
        found = troubles(url, client)
    except StoreError as error:
        found = [error]
    assert found
    assert "s3cret" not in str(found)
