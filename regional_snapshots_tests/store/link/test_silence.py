"""Time-outs count time in which nothing moves; and what broke one connection costs the others nothing."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

import pytest

from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import UnreachableError
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.link.waiting import Patience
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import fresh, wait_until
from regional_snapshots_tests.support.relay import Relay

IDLE = 8


@pytest.fixture
def relay(server):
    with Relay(server.url) as made:
        yield made


@pytest.mark.parametrize("first", ["a read", "a commit"])
def test_eight_connections_that_went_silent_cost_one_time_out(server, relay, client, first):
    made = fresh(client)
    with SnapshotStore(relay.url, timeout_s=0.3) as store:
        store.run(store.connections.warm(IDLE))
        assert relay.open == IDLE
        relay.freeze()
        if first == "a read":
            assert set(store.latest_all(["latam", "mena"])) == {"latam", "mena"}
            assert relay.accepted == IDLE + 1
            wait_until(lambda: relay.open == 1)
        answer = store.commit(made)
        assert (answer.outcome, answer.attempts) == (Outcome.COMMITTED, 1 if first == "a read" else 2)
        assert relay.accepted == IDLE + 1


def test_a_connection_that_was_idle_for_long_is_checked_before_it_is_used(server, relay, client):
    """So a commit does not find out by its own time-out, after which it would have to look once more."""
    with SnapshotStore(f"{relay.url}?health_check_interval=0.05", timeout_s=0.3) as store:
        store.run(store.connections.warm(IDLE))
        relay.freeze()
        store.run(asyncio.sleep(0.06))
        answer = store.commit(fresh(client))
        assert (answer.outcome, answer.attempts) == (Outcome.COMMITTED, 1)


def test_a_reply_that_comes_slowly_but_steadily_is_read(server, relay, client):
    client.set("risk:scores:sebuf:stale:v8", b"x" * 6_000_000)
    relay.bytes_per_s = 6_000_000
    with SnapshotStore(relay.url, timeout_s=0.3) as store:
        values = store.read_feeds(["risk:scores:sebuf:stale:v8"])
    assert len(values["risk:scores:sebuf:stale:v8"] or b"") == 6_000_000


def test_a_request_that_leaves_slowly_but_steadily_is_sent(server, relay, client):
    document = b"x" * 30_000_000  # of which the kernels on the way take some millions at once
    relay.uploaded_per_s = 30_000_000
    with SnapshotStore(relay.url, timeout_s=0.3) as store:
        store.write_feeds({"risk:scores:sebuf:stale:v8": document})
    assert client.strlen("risk:scores:sebuf:stale:v8") == len(document)


def test_a_reply_that_never_ends_is_given_up_after_the_total_time(server, relay, client):
    client.set("big", b"x" * 6_000_000)
    relay.bytes_per_s = 500_000

    async def ask():
        connections = Connections(relay.url, timeout_s=0.3, total_s=0.6, patience=Patience(attempts=1))
        return await connections.ask([("GET", "big")])

    with pytest.raises(UnreachableError, match=r"not answered in whole within 0.6 s"):
        asyncio.run(ask())


def test_a_reply_that_stops_half_way_is_given_up_after_one_silence(server, relay, client):
    client.set("big", b"x" * 6_000_000)
    relay.bytes_per_s = 2_000_000

    async def ask():
        connections = Connections(relay.url, timeout_s=0.3, patience=Patience(attempts=1))
        asked = asyncio.ensure_future(connections.ask([("GET", "big")]))
        while not relay.open:  # noqa: ASYNC110 - another thread accepts it
            await asyncio.sleep(0.001)
        relay.freeze()
        return await asked

    with pytest.raises(UnreachableError, match=r"no answer within 0.3 s"):
        asyncio.run(ask())


@pytest.fixture
def two_addresses(server, monkeypatch):
    """A name that the resolver gives two addresses, with a relay to the server on the second one."""
    with Relay(server.url, host="127.0.0.2") as answering:
        resolve = socket.getaddrinfo

        def resolved(host, port, *args, **named):
            if host != "two.example":
                return resolve(host, port, *args, **named)
            return [found for ip in ("127.0.0.1", "127.0.0.2") for found in resolve(ip, port, *args, **named)]

        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        yield answering


def commit(relay, client):
    with SnapshotStore(f"redis://two.example:{relay.port}/0", policy=Policy(attempts=1)) as store:
        answers = store.commit_all([fresh(client), fresh(client, region="mena")])
        assert {answer.outcome for answer in answers} == {Outcome.COMMITTED}


def test_of_two_addresses_the_one_that_answers_is_taken(server, client, two_addresses):
    """The kernel connects to a server that hangs, so that a connection alone proves nothing."""
    with Relay(server.url, port=two_addresses.port) as hung:
        hung.hangs = True
        commit(two_addresses, client)
        assert (hung.accepted, two_addresses.accepted) == (2, 2)


def test_of_two_addresses_the_one_that_drops_what_is_sent_to_it_is_left(client, two_addresses):
    with socket.socket() as deaf, ExitStack() as knocking:
        deaf.bind(("127.0.0.1", two_addresses.port))
        deaf.listen(0)
        for _ in range(4):  # from then on nobody who knocks hears anything
            one = knocking.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", two_addresses.port))
        commit(two_addresses, client)


def test_of_two_addresses_the_second_is_taken_at_once_when_the_first_refuses(client, two_addresses):
    commit(two_addresses, client)
    assert two_addresses.accepted == 2
