"""On a cluster every region is committed, read and reconciled on its own node, wherever that is at the moment."""

from __future__ import annotations

import pytest

from regional_snapshots.files.feed_files import SAMPLE, read_directory
from regional_snapshots.model.feeds import DATA_KEYS, META_KEYS
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import ConfigurationError, StoreError, UnreachableError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.cluster import Cluster
from regional_snapshots_tests.support.commits import REGION, Started, executions, fresh
from regional_snapshots_tests.support.drift import EVERYTHING, healthy
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import names_of, violations
from regional_snapshots_tests.support.proxy import Proxy


@pytest.fixture(scope="module")
def _shared_cluster():
    with Cluster() as made:
        yield made


@pytest.fixture
def cluster(_shared_cluster):
    for client in _shared_cluster.clients:
        client.flushall()
        client.config_resetstat()
    return _shared_cluster


@pytest.fixture
def own_cluster():
    with Cluster() as made:
        yield made


@pytest.fixture
def store(cluster):
    with SnapshotStore(cluster.url) as opened:
        yield opened


def index_of(region):
    return names_of("tagged", region).index


def snapshots(cluster, **named):
    return [fresh(cluster.clients[0], region=region, **named) for region in REGION_IDS]


def refusals(cluster):
    """How many times a node has sent somebody elsewhere."""
    return sum(client.info("errorstats").get("errorstat_MOVED", {"count": 0})["count"] for client in cluster.clients)


def test_every_region_is_committed_and_read_on_its_own_node(cluster, store):
    older, newer = snapshots(cluster, back=1), snapshots(cluster)
    assert {cluster.place(index_of(region)) for region in REGION_IDS} == {0, 1, 2}
    for made in (older, newer):
        assert {answer.outcome for answer in store.commit_all(made)} == {Outcome.COMMITTED}
    assert {region: found.id for region, found in store.latest_all(REGION_IDS).items()} == {
        made.region: made.id for made in newer
    }
    assert {found.id for found in store.as_of_all(REGION_IDS, older[0].generated_at).values()} == {
        made.id for made in older
    }
    assert len(store.history("mena")) == 2
    for region in REGION_IDS:
        assert violations(cluster.client(index_of(region)), "tagged", region) == []


def test_once_a_node_is_known_nobody_is_sent_elsewhere_again(cluster, store):
    store.latest_all(REGION_IDS)
    before = refusals(cluster)
    store.commit_all(snapshots(cluster))
    store.latest_all(REGION_IDS)
    assert store.reconcile(REGION_IDS, deep=True).healthy
    assert refusals(cluster) == before


@pytest.mark.parametrize("name", ["latest behind", "index gone", "lone rubbish", "claim of a ghost", "view gone"])
def test_drift_on_every_node_is_named_and_mended(cluster, store, name):
    damage, regions = EVERYTHING[name], [region for region in REGION_IDS if region != "global"]
    for region in regions:
        scene = healthy(store, cluster.client(index_of(region)), region)
        damage.does(scene, scene.snapshots[-2])
    found = store.reconcile(REGION_IDS, deep=True)
    assert sorted((each.region, each.kind) for each in found.findings) == sorted(
        (region, kind) for region in regions for kind in damage.kinds
    )
    assert found.left == ()
    assert store.reconcile(REGION_IDS, deep=True).findings == ()
    for region in regions:
        assert violations(cluster.client(index_of(region)), "tagged", region) == []


def test_feeds_and_summary_may_lie_on_any_node(cluster, store):
    documents, _ = read_directory(SAMPLE)
    store.write_feeds(documents)
    store.commit_all(snapshots(cluster, triggers={"active": []}))
    inputs = store.read_inputs((*DATA_KEYS, *META_KEYS), REGION_IDS)
    assert {key for key, value in inputs.feeds.items() if value is not None} == set(documents)
    assert inputs.warnings == []
    store.publish_summary(inputs.latest, list(inputs.latest), 1)
    assert cluster.client(store.layout.summary).exists(store.layout.summary, store.layout.summary_meta) == 2


def test_a_region_follows_its_slot_to_another_node(cluster, store):
    older, newer = fresh(cluster.clients[0], back=1), fresh(cluster.clients[0])
    store.commit(older)
    there = (cluster.place(index_of(REGION)) + 1) % 3
    cluster.move(index_of(REGION), there)
    assert store.latest(REGION).id == older.id
    assert store.commit(newer).outcome is Outcome.COMMITTED
    assert [store.latest(REGION).id, store.get(REGION, older.id).id] == [newer.id, older.id]
    assert cluster.clients[there].get(names_of("tagged", REGION).latest) == newer.id.encode()
    assert store.reconcile([REGION], deep=True).findings == ()


@pytest.mark.parametrize("step", ["WATCH", "MULTI", "EXEC"])
def test_a_slot_that_moves_under_way_costs_no_write_and_makes_no_second(cluster, step):
    made, here = fresh(cluster.clients[0]), cluster.place(index_of(REGION))
    there = (here + 1) % 3
    with Proxy(cluster.nodes[here].tcp_url) as proxy, SnapshotStore(proxy.url) as store:
        held = proxy.arm(Break.HOLD_REQUEST, step)
        commit = Started(lambda: store.commit(made))
        held.wait()
        cluster.assign(index_of(REGION), there)
        held.release()
        assert commit.answer().outcome is Outcome.COMMITTED
    assert (executions(cluster.clients[here]), executions(cluster.clients[there])) == (0, 1)
    assert violations(cluster.clients[there], "tagged", REGION) == []


def test_a_dead_node_holds_up_only_its_own_regions_until_its_slots_are_taken_over(own_cluster):
    cluster, regions = own_cluster, list(REGION_IDS)
    lost = {region for region in regions if cluster.place(index_of(region)) == 2}
    with SnapshotStore(cluster.url, policy=Policy(attempts=3)) as store:
        store.commit_all(snapshots(cluster, back=1))
        cluster.nodes[2].kill()
        answers = dict(zip(regions, store.commit_all(snapshots(cluster)), strict=True))
        latest, report = store.latest_all(regions), store.reconcile(regions, deep=True)
        for failed in (answers, latest):
            assert {region for region, answer in failed.items() if isinstance(answer, StoreError)} == lost
        assert set(report.errors) == lost
        assert {type(each[region]) for each in (answers, latest, report.errors) for region in lost} == {
            UnreachableError
        }
        for region in lost:
            cluster.assign(index_of(region), 0)
        retried = store.commit_all(snapshots(cluster))
    assert {answer.outcome for answer in retried} == {Outcome.COMMITTED}
    for region in regions:
        assert violations(cluster.client(index_of(region)), "tagged", region) == []


def test_a_node_that_cannot_be_searched_leaves_the_deep_reconciliation_of_the_others_whole(cluster, store):
    lone = EVERYTHING["lone rubbish"]
    for region in REGION_IDS:
        scene = healthy(store, cluster.client(index_of(region)), region)
        lone.does(scene, scene.head)
    shut = {region for region in REGION_IDS if cluster.place(index_of(region)) == 2}
    cluster.clients[2].execute_command("ACL", "SETUSER", "default", "-scan")
    try:
        report = store.reconcile(REGION_IDS, deep=True)
    finally:
        cluster.clients[2].execute_command("ACL", "SETUSER", "default", "+scan")
    assert set(report.errors) == shut
    assert {finding.region for finding in report.findings} == set(REGION_IDS) - shut


def test_the_layout_whose_keys_do_not_share_a_slot_is_refused(cluster):
    with SnapshotStore(cluster.url, layout="worldmonitor") as store, pytest.raises(ConfigurationError, match="tagged"):
        store.inspect()
