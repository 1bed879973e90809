"""A server that lets nobody in any more: its places are shared, and its words are told."""

from __future__ import annotations

import asyncio

import pytest

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import StoreError, UnreachableError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, fresh, wait_until
from regional_snapshots_tests.support.relay import Relay

MOST_KNOCKS = 12
"""Eleven that would like a connection for the reads, and one that has it closed under its hands."""
FEED = "risk:scores:sebuf:stale:v8"


@pytest.mark.parametrize("user", ["", ":any@"])
@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("places", [8, 3, 2])
def test_eight_regions_share_the_places_that_there_are(own_server, places, tcp, user):
    """One of the places is the test's own. Whoever is turned away waits in line, and does not knock again."""
    server = own_server({"maxclients": places}, tcp=True)
    url = (server.tcp_url if tcp else server.url).replace("://", f"://{user}", 1)
    with server.client(single_connection_client=True) as client, SnapshotStore(url) as store:
        if user:
            client.execute_command("ACL", "SETUSER", "default", "resetpass", ">any")
        made = [fresh(client, region=region) for region in REGION_IDS]
        assert store.read_inputs([FEED], REGION_IDS).warnings == []
        assert {getattr(answer, "outcome", answer) for answer in store.commit_all(made)} == {Outcome.COMMITTED}
        assert 0 < client.info("stats")["rejected_connections"] <= MOST_KNOCKS


@pytest.mark.parametrize("tcp", [False, True])
def test_a_server_without_a_place_is_quoted(own_server, tcp):
    server = own_server({"maxclients": 1}, tcp=True)
    url = server.tcp_url if tcp else server.url
    with server.client(single_connection_client=True) as client, SnapshotStore(url, policy=Policy(attempts=3)) as store:
        made = fresh(client)
        for work in (lambda: store.latest(REGION), lambda: store.commit(made)):
            with pytest.raises(UnreachableError, match="max number of clients reached"):
                work()


def test_a_place_that_becomes_free_is_taken_within_the_patience(own_server):
    server = own_server({"maxclients": 2})
    with server.client(single_connection_client=True) as client, SnapshotStore(server.url) as store:
        other = server.client(single_connection_client=True)
        made = fresh(client)
        wait_until(lambda: client.info("clients")["connected_clients"] == 2)

        async def both():
            committing = asyncio.ensure_future(store.committer.commit(made))
            while not client.info("stats")["rejected_connections"]:  # noqa: ASYNC110 - the server is asked
                await asyncio.sleep(0.001)
            other.close()
            return await committing

        assert store.run(both()).outcome is Outcome.COMMITTED


@pytest.mark.parametrize("words", ["DENIED Redis is running in protected mode", "ERR go away"])
def test_whatever_a_server_says_instead_of_listening_is_told(server, words):
    with Relay(server.url) as relay, SnapshotStore(relay.url, policy=Policy(attempts=1)) as store:
        relay.refuses = f"-{words}\r\n".encode()
        with pytest.raises(StoreError, match=words.removeprefix("ERR ")):
            store.latest(REGION)
