"""A server that fails over, loads or goes away for a while is waited for, by reads as by commits."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import DemotedError, UnreachableError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.cluster import NODES, Cluster
from regional_snapshots_tests.support.commits import REGION, Started, fresh, wait_until
from regional_snapshots_tests.support.oracle import names_of, violations
from regional_snapshots_tests.support.relay import Relay
from regional_snapshots_tests.support.replicated import Replicated, Sentinels
from regional_snapshots_tests.support.server_faults import cut_off, read_only

FEED = "risk:scores:sebuf:stale:v8"


def outcomes(answers):
    return {getattr(answer, "outcome", answer) for answer in answers}


@pytest.fixture
def replicated():
    with Replicated() as made:
        yield made


def test_when_the_address_moves_to_the_promoted_server_commits_and_reads_follow(replicated):
    """Old connections stay where they lead, and answer READONLY: the address is asked anew."""
    first, second = replicated.servers
    with Relay(first.tcp_url) as address, SnapshotStore(address.url) as store, second.client() as client:
        store.commit_all([fresh(client, region=region, back=1) for region in REGION_IDS])
        replicated.promote()
        address.upstream_url = second.tcp_url
        made = [fresh(client, region=region) for region in REGION_IDS]
        assert outcomes(store.commit_all(made)) == {Outcome.COMMITTED}
        assert {found.id for found in store.latest_all(REGION_IDS).values()} == {each.id for each in made}
        assert violations(client, "tagged", REGION) == []
        with first.client() as old:
            assert old.info("errorstats")["errorstat_READONLY"]["count"] > 0


def test_a_reader_that_never_writes_finds_the_promoted_server_too(replicated):
    """A connection that led to a replica is dropped when it is checked, so that nobody reads old snapshots for ever."""
    first, second = replicated.servers
    with ExitStack() as opened:
        address = opened.enter_context(Relay(first.tcp_url))
        reader = opened.enter_context(SnapshotStore(f"{address.url}?health_check_interval=0.01"))
        before, after = (opened.enter_context(SnapshotStore(each.url)) for each in (first, second))
        old, client = (opened.enter_context(each.client()) for each in (first, second))
        before.commit(fresh(client, back=1))
        reader.latest(REGION)
        replicated.promote()
        address.upstream_url = second.tcp_url
        old.execute_command("REPLICAOF", "127.0.0.1", 1)  # it hears of nothing new
        made = fresh(client)
        after.commit(made)
        wait_until(lambda: reader.latest(REGION).id == made.id)


def test_a_server_that_stays_a_replica_is_named_as_one(server):
    with server.client() as client, SnapshotStore(server.url, policy=Policy(attempts=3)) as store:
        made = fresh(client)
        with read_only(server), pytest.raises(DemotedError, match=r"READONLY.*name its sentinels"):
            store.commit(made)


@pytest.mark.parametrize("work", ["commit", "latest", "read_feeds", "read_inputs", "history", "inspect"])
def test_a_server_that_is_away_for_a_while_is_waited_for(own_server, work):
    server = own_server({"appendonly": "yes"})
    with server.client() as client, SnapshotStore(server.url) as store:
        made = [fresh(client, back=1), fresh(client)]
        store.commit(made[0])
        server.kill()
        waiting = Started(lambda: _does(store, work, made[1]))
        server.start()
        waiting.answer()
        assert not isinstance(waiting.answer(), Exception)


@pytest.mark.parametrize("work", ["commit", "latest", "read_feeds"])
def test_a_replica_that_may_not_answer_is_waited_for(server, client, work):
    with SnapshotStore(server.url) as store:
        made = [fresh(client, back=1), fresh(client)]
        store.commit(made[0])
        with cut_off(server):
            waiting = Started(lambda: _does(store, work, made[1]))
            wait_until(lambda: _said(client, "MASTERDOWN") or _said(client, "READONLY"))
        assert not isinstance(waiting.answer(), Exception)


def _said(client, word):
    return client.info("errorstats").get(f"errorstat_{word}")


def _does(store, work, made):
    return {
        "commit": lambda: store.commit(made),
        "latest": lambda: store.latest(REGION),
        "read_feeds": lambda: store.read_feeds([FEED]),
        "read_inputs": lambda: store.read_inputs([FEED], [REGION]),
        "history": lambda: store.history(REGION),
        "inspect": store.inspect,
    }[work]()


def test_what_is_tried_in_vain_is_given_up_after_the_patience_and_names_the_server(own_server):
    server = own_server(tcp=True)
    with SnapshotStore(server.tcp_url, policy=Policy(patience_s=0.05)) as store:
        server.kill()
        with pytest.raises(UnreachableError, match=f"127.0.0.1:{server.port}/0 does not answer"):
            store.latest(REGION)


def test_when_sentinels_promote_another_server_during_refreshes_all_goes_on_by_itself(replicated):
    first, second = replicated.servers
    with Sentinels(replicated) as sentinels, SnapshotStore(sentinels.url) as store, second.client() as client:
        made = [fresh(client, region=region, back=1) for region in REGION_IDS]
        assert outcomes(store.commit_all(made)) == {Outcome.COMMITTED}
        wait_until(lambda: client.exists(names_of("tagged", REGION).latest))
        first.kill()
        newer = [fresh(client, region=region) for region in REGION_IDS]
        refresh = Started(lambda: store.commit_all(newer))
        assert {found.region for found in store.latest_all(REGION_IDS).values()} == set(REGION_IDS)
        assert outcomes(refresh.answer()) == {Outcome.COMMITTED}
        assert client.info("replication")["role"] == "master"
        first.start()
        with first.client() as old, SnapshotStore(sentinels.url) as another:
            old.execute_command("REPLICAOF", "127.0.0.1", second.port)
            last = [fresh(client, region=region, plus_ms=1, reason="corridor_break") for region in REGION_IDS]
            assert outcomes(another.commit_all(last)) == {Outcome.COMMITTED}
            assert old.info("errorstats").get("errorstat_READONLY") is None
        for region in REGION_IDS:
            assert violations(client, "tagged", region) == []


def test_behind_sentinels_a_server_that_waits_for_no_replica_is_a_warning(replicated):
    with Sentinels(replicated) as sentinels:
        with SnapshotStore(sentinels.url) as store:
            assert [warning for warning in store.inspect() if "a failover may lose" in warning]
            replicated.servers[0].configure(min_replicas_to_write=1)
            assert store.inspect() == []
            replicated.servers[0].configure(min_replicas_to_write=0)
        with SnapshotStore(sentinels.url, policy=Policy(min_replicas=1)) as store:
            assert store.inspect() == []
    with SnapshotStore(replicated.servers[0].tcp_url) as store:
        assert store.inspect() == []


def test_sentinels_that_know_no_such_server_are_named(replicated):
    with Sentinels(replicated) as sentinels:
        url = sentinels.url.replace("/snapshots/", "/others/")
        with (
            SnapshotStore(url, policy=Policy(attempts=1)) as store,
            pytest.raises(UnreachableError, match="no sentinel names a server for 'others'"),
        ):
            store.latest(REGION)


@pytest.fixture
def cluster():
    with Cluster(replicated=True, cluster_node_timeout=1000, cluster_require_full_coverage="yes") as made:
        yield made


def test_when_the_node_of_the_url_dies_a_running_client_and_a_new_one_recover(cluster):
    """The new one begins while nobody serves the slots yet; it knows of the others by its URL."""
    asked = cluster.clients[1]
    with SnapshotStore(cluster.url) as running, SnapshotStore(cluster.urls) as new:
        assert outcomes(running.commit_all([fresh(asked, region=it, back=1) for it in REGION_IDS])) == {
            Outcome.COMMITTED
        }
        made = [fresh(asked, region=region) for region in REGION_IDS]
        cluster.nodes[0].kill()
        refresh = Started(lambda: _refresh(new, made))
        assert {found.region for found in running.latest_all(REGION_IDS).values()} == set(REGION_IDS)
        assert outcomes(refresh.answer()) == {Outcome.COMMITTED}
        newer = [fresh(asked, region=region, plus_ms=1, reason="corridor_break") for region in REGION_IDS]
        assert outcomes(running.commit_all(newer)) == {Outcome.COMMITTED}
    for region in REGION_IDS:
        place = cluster.place(names_of("tagged", region).index, asked=1)
        assert place != 0
        assert violations(cluster.clients[place], "tagged", region) == []
    assert NODES in {cluster.place(names_of("tagged", region).index, asked=1) for region in REGION_IDS}


def _refresh(store, made):
    inputs = store.read_inputs([FEED], REGION_IDS)
    assert not any(isinstance(found, Exception) for found in inputs.latest.values())
    return store.commit_all(made)
