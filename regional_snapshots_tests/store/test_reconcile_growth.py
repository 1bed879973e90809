"""Reconciliation is linear in what is damaged, in a check and in a repair: counted in commands, not in seconds."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.damage import DAMAGES, KEYS, REGION, each
from benchmarks.history import fill
from regional_snapshots.model.values import MINUTE_MS
from regional_snapshots.store.keys import LAYOUTS, RegionKeys
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support import script
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.proxy import Proxy

FEW, MANY = 150, 600
OLD = 60
"""Entries below those that are damaged."""


def commands(client, server, harm, size, *, repair, deep):
    """The commands that it takes, by name, and how many findings there are."""
    client.flushall()
    fill(client, REGION, size, MINUTE_MS)
    harm(client)
    with SnapshotStore(server.url) as store:
        client.config_resetstat()
        report = store.reconcile([REGION], repair=repair, deep=deep)
        stats = client.info("commandstats")
    return Counter({name: entry["calls"] for name, entry in stats.items()}), len(report.findings)


@pytest.mark.parametrize("repair", [False, True], ids=["check", "repair"])
@pytest.mark.parametrize("what", DAMAGES)
def test_four_times_the_damage_takes_about_four_times_the_commands(server, what, repair):
    harm, deep = DAMAGES[what]
    with server.client() as client:
        few, found = commands(client, server, harm, FEW, repair=repair, deep=deep)
        many, found_in_many = commands(client, server, harm, MANY, repair=repair, deep=deep)
    assert found_in_many >= 4 * (found - 2)
    assert many.total() <= 5 * few.total()
    assert many["cmdstat_zrevrange"] <= few["cmdstat_zrevrange"] + 24  # some for each batch and few for each walk


def lose(client, names):
    client.delete(*(KEYS.payload(name) for name in names))


def newest_first(client):
    return [name.decode() for name in client.zrevrange(KEYS.index, 0, -1)]


@pytest.mark.parametrize("lost", [1, 63, 64, 65, 127, 128, 129, 200])
def test_where_the_newest_are_lost_the_newest_that_is_left_is_found_however_many_there_are(server, client, lost):
    fill(client, REGION, lost + OLD, MINUTE_MS)
    names = newest_first(client)
    lose(client, names[:lost])
    with SnapshotStore(server.url) as store:
        checked = store.reconcile([REGION], repair=False)
        mended = store.reconcile([REGION])
        assert {(each.kind, each.key, each.after) for each in checked.findings} == {
            (each.kind, each.key, each.after) for each in mended.findings
        }
        assert Counter(each.kind for each in checked.findings)["entry_without_payload"] == lost
        assert {each.after for each in checked.findings if each.key == KEYS.latest} == {names[lost]}
        assert store.latest(REGION).id == names[lost]


def test_what_is_repaired_between_two_looks_hides_nothing_from_the_second(server, client):
    """Two payloads that are left as they are stand above and below so many lost ones that it takes several looks."""
    fill(client, REGION, 200 + OLD, MINUTE_MS)
    names = newest_first(client)
    lose(client, names[:200])
    client.rpush(KEYS.payload(names[0]), "x")
    client.set(KEYS.latest, names[150], keepttl=True)
    with SnapshotStore(server.url) as store:
        report = store.reconcile([REGION])
        assert [each.kind for each in report.left] == ["wrong_type"]
        assert store.latest(REGION).id == names[200]


@pytest.mark.parametrize("repair", [False, True], ids=["check", "repair"])
def test_what_a_writer_puts_between_two_looks_is_seen_by_the_second(server, client, repair):
    fill(client, REGION, 200 + OLD, MINUTE_MS)
    names = newest_first(client)
    each(KEYS.payload("*"), lambda pipe, key: pipe.delete(key).rpush(key, "x"))(client)
    client.delete(KEYS.latest)
    lasting_ms = client.pttl(KEYS.index)
    made = snapshot(REGION, int(names[100].partition("-")[0], 16) + 1)

    def late(request):
        second = request.name == "ZREVRANGE" and request.args[1:] == (b"260", b"260")
        if second and not client.exists(KEYS.payload(made.id)):
            client.set(KEYS.payload(made.id), made.payload, px=lasting_ms)
            client.set(KEYS.view(made.generated_at), made.id, px=lasting_ms)
            client.zadd(KEYS.index, {made.id: made.generated_at})
        return False

    with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
        proxy.arm(Break.BEFORE_REQUEST, late)
        report = store.reconcile([REGION], repair=repair)
    assert (KEYS.latest, made.id) in {(each.key, each.after) for each in report.findings}
    assert client.get(KEYS.latest) == (made.id.encode() if repair else None)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_look_reads_a_thing_once(server, client, layout):
    keys = RegionKeys(REGION, LAYOUTS[layout])
    if layout == "tagged":
        fill(client, REGION, 40, MINUTE_MS)
    else:  # whose views are whole documents
        script.fill(client, [REGION], 40, apart_ms=MINUTE_MS, newest_ms=client.time()[0] * 1000 - MINUTE_MS)
    for name, score in client.zrange(keys.index, 0, -1, withscores=True)[::3]:
        client.zadd(keys.index, {name: score - 7})
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url, layout=layout) as store:
        assert store.reconcile([REGION]).left == ()
        requests = proxy.requests
    looks = [place for place, request in enumerate(requests) if request.name == "UNWATCH"][1:]
    assert looks
    for begin, end in zip(looks, [*looks[1:], len(requests)], strict=True):
        read = Counter(
            (request.name, request.args) for request in requests[begin:end] if request.name in ("GET", "MGET", "TYPE")
        )
        assert {asked: times for asked, times in read.items() if times > 1} == {}
        whole = [request.args[0] for request in requests[begin:end] if request.name == "GET"]
        assert [key for key in whole if not key.startswith(keys.payload("").encode())] == []
