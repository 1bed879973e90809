"""All feeds are read at one instant; what cannot be read is named, and costs the others nothing."""

from __future__ import annotations

import pytest

from regional_snapshots.model.feeds import DATA_KEYS, META_KEYS, Feeds
from regional_snapshots.store.errors import AccessRefusedError
from regional_snapshots.store.records.feeds import read_feeds
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.relay import Relay
from regional_snapshots_tests.support.server_faults import without_permission

FIRST, SECOND, THIRD, *_ = DATA_KEYS
FILL = {
    "hash": lambda client: client.hset(FIRST, "a", "1"),
    "list": lambda client: client.rpush(FIRST, "a"),
    "zset": lambda client: client.zadd(FIRST, {"a": 1}),
    "stream": lambda client: client.xadd(FIRST, {"a": "1"}),
}


def refusing(proxy, *, more_than):
    """The server behind the proxy hands out so many bytes at a time, as some providers do."""

    def retells(reply):
        return b"-ERR max response size exceeded\r\n" if len(reply) > more_than else reply

    proxy.retells = retells


@pytest.mark.parametrize("kind", FILL)
def test_a_key_of_another_type_says_what_it_holds(server, client, kind):
    FILL[kind](client)
    client.set(SECOND, "{}")
    with SnapshotStore(server.url) as store:
        values = store.read_feeds((*DATA_KEYS, *META_KEYS))
    assert (values[FIRST], values[SECOND], values[THIRD]) == (None, b"{}", None)
    assert values.problems == {FIRST: f"the key holds a {kind}, and not a document"}
    [report] = [each for each in Feeds.from_raw(values, 0, problems=values.problems).report if each.key == FIRST]
    assert (report.status, report.notes) == ("missing", (f"the key holds a {kind}, and not a document",))


def test_a_provider_that_refuses_all_at_once_is_asked_one_by_one(client, proxy):
    client.mset({FIRST: "x" * 400, SECOND: "y" * 400})
    refusing(proxy, more_than=600)
    with SnapshotStore(proxy.url) as store:
        values = store.read_feeds(DATA_KEYS)
    assert (len(values[FIRST]), len(values[SECOND]), values.problems) == (400, 400, {})


def test_the_one_feed_that_a_provider_does_not_hand_out_is_named(client, proxy):
    client.mset({FIRST: "x" * 4000, SECOND: "y" * 40})
    refusing(proxy, more_than=1000)
    with SnapshotStore(proxy.url) as store:
        values = store.read_feeds(DATA_KEYS)
    assert (values[FIRST], values[SECOND]) == (None, b"y" * 40)
    assert values.problems == {FIRST: "the server does not hand it out (max response size exceeded)"}


@pytest.mark.parametrize("rules", ["-mget", "-get -mget", "resetkeys"])
def test_a_user_who_may_not_read_them_is_told_and_no_feed_counts_as_missing(server, client, rules):
    client.set(FIRST, "{}")
    with (
        without_permission(server, *rules.split()),
        SnapshotStore(server.url) as store,
        pytest.raises(AccessRefusedError),
    ):
        store.read_feeds(DATA_KEYS)


def test_a_user_who_may_read_and_nothing_else_reads(server, client):
    client.set(FIRST, "{}")
    with without_permission(server, "-@all", "+mget"), SnapshotStore(server.url) as store:
        values = store.read_feeds(DATA_KEYS)
    assert (values[FIRST], values[SECOND], values.problems) == (b"{}", None, {})


def test_a_feed_that_is_too_large_is_not_read_and_named_with_its_size(client, proxy):
    client.mset({FIRST: "x" * 3_000_000, SECOND: "{}"})
    with SnapshotStore(proxy.url, feed_megabytes=2) as store:
        values = store.read_feeds(DATA_KEYS)
    assert (values[FIRST], values[SECOND]) == (None, b"{}")
    assert values.problems == {FIRST: "it weighs 2.9 MB, and a feed may weigh 2: see REGIONAL_SNAPSHOTS_FEED_MEGABYTES"}


def test_feeds_that_are_too_large_together_leave_out_the_largest(server, client):
    client.mset({key: "x" * (700_000 + number) for number, key in enumerate(DATA_KEYS[:8])})
    with SnapshotStore(server.url, feed_megabytes=1) as store:
        values = store.read_feeds(DATA_KEYS)
    assert set(values.problems) == set(DATA_KEYS[5:8])
    assert all("all feeds together more than 4" in problem for problem in values.problems.values())
    assert all(len(values[key] or b"") >= 700_000 for key in DATA_KEYS[:5])


def test_sizes_and_values_cost_one_round_trip(client, proxy):
    client.set(FIRST, "{}")
    with SnapshotStore(proxy.url) as store:
        store.run(read_feeds(store.feed_connections, (*DATA_KEYS, *META_KEYS)))
    assert sum(proxy.turnarounds.values()) == 1


def test_what_is_too_much_is_not_read_to_its_end_and_ends_no_other_connection(client, server):
    client.mset(dict.fromkeys(DATA_KEYS[:5], "x" * 9000000))
    with Relay(server.url) as relay, SnapshotStore(relay.url, feed_megabytes=1) as store:
        store.run(store.connections.warm(3))
        values = store.read_feeds((*DATA_KEYS, *META_KEYS))
        assert set(values.problems) == set(DATA_KEYS[:5])
        assert relay.accepted == 3
        assert client.info("stats")["total_net_output_bytes"] < 45_000_000


def test_values_of_one_instant_are_read_by_one_command(client, proxy):
    client.mset({FIRST: "{}", SECOND: "{}"})
    with SnapshotStore(proxy.url) as store:
        store.read_feeds(DATA_KEYS)
    assert [request.args[:2] for request in proxy.requests if request.name == "MGET"] == [
        (FIRST.encode(), SECOND.encode())
    ]
    assert "GET" not in {request.name for request in proxy.requests}
