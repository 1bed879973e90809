"""Writers of one store agree on its terms, or are refused before anything is written; readers are never refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import NewerFormatError, OtherTermsError, WrongTypeError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots.store.terms import FORMAT, Terms, change_terms, stored_terms
from regional_snapshots_tests.support.commits import REGION, Started, fresh
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import violations

KEY = "snapshot:terms:{latam}"
DAY_MS, MINUTE_MS = 86_400_000, 60_000
HALF_AN_HOUR = Policy(bucket_ms=30 * MINUTE_MS)
LAYOUTS = ["tagged", "worldmonitor"]


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return request.param


@pytest.fixture
def store(server, layout):
    with SnapshotStore(server.url, layout=layout, method="2", regions="aaa") as opened:
        yield opened


def held(client):
    return json.loads(client.get(KEY))


def works(store, made, tmp_path):
    """Everything that writes snapshots, or moves latest."""
    return {
        "commit": lambda: store.commit(made),
        "forced": lambda: store.commit(made, force=True),
        "pin": lambda: store.run(store.pins.pin(REGION, made.id)),
        "unpin": lambda: store.run(store.pins.unpin(REGION)),
        "restore": lambda: store.restore(tmp_path / "backup"),
    }


def test_the_first_commit_writes_down_the_terms_and_no_other_one_does(store, client, layout):
    assert store.commit(fresh(client, back=1)).warnings == ()
    assert held(client) == {
        "format": FORMAT, "layout": layout, "bucket_ms": 15 * MINUTE_MS, "retention_ms": 90 * DAY_MS,
        "method": "2", "regions": "aaa",
    }  # fmt: skip
    assert client.ttl(KEY) == -1
    client.config_resetstat()
    store.commit(fresh(client))
    assert client.info("commandstats")["cmdstat_set"]["calls"] == 4  # claim, payload, view, latest
    assert violations(client, layout, REGION) == []


def test_a_store_without_terms_gets_them_with_its_next_commit(store, client):
    store.commit(fresh(client, back=1))
    client.delete(KEY)
    assert store.reconcile([REGION]).findings == ()
    assert store.commit(fresh(client)).warnings == ()
    assert held(client)["method"] == "2"


@pytest.mark.parametrize("work", ["commit", "forced", "pin", "unpin", "restore"])
@pytest.mark.parametrize("other", ["bucket", "layout"])
def test_a_writer_on_other_terms_is_refused_before_anything_is_written(store, server, client, tmp_path, work, other):
    made, next_one = fresh(client, back=1), fresh(client)
    store.commit(made)
    store.backup([REGION], tmp_path / "backup")
    [elsewhere] = set(LAYOUTS) - {store.layout.name}
    given = {"bucket": {"policy": HALF_AN_HOUR, "layout": store.layout.name}, "layout": {"layout": elsewhere}}[other]
    says = {
        "bucket": "bucket in minutes of this store is 15, and this writer has 30",
        "layout": f"layout of this store is {store.layout.name}",
    }
    before = picture(client)
    with SnapshotStore(server.url, **given) as stranger, pytest.raises(OtherTermsError, match=says[other]) as refused:
        works(stranger, next_one, tmp_path)[work]()
    assert "terms --change" in refused.value.next_step
    assert picture(client) == before


@pytest.mark.parametrize("repair", [True, False])
def test_a_reconciliation_does_not_judge_a_store_by_other_terms(store, server, client, repair):
    store.commit(fresh(client))
    client.delete(f"snapshot:latest:{{{REGION}}}", f"intelligence:snapshot:v1:{REGION}:latest")
    before = picture(client)
    with SnapshotStore(server.url, layout=store.layout.name, policy=HALF_AN_HOUR) as stranger:
        report = stranger.reconcile([REGION], repair=repair, deep=True, news=True)
    assert isinstance(report.errors[REGION], OtherTermsError)
    assert not report.healthy
    assert picture(client) == before


@pytest.mark.parametrize("rubbish", ["[" * 100_000, '{"format": 1e999}', "{", "\\xff", "[]", '{"format": {}}'])
def test_terms_that_are_none_are_written_anew(store, client, rubbish):
    store.commit(fresh(client, back=1))
    client.set(KEY, rubbish)
    assert store.reconcile([REGION], deep=True).findings == ()
    assert store.run(stored_terms(store.connections, store.layout, [REGION])) == {REGION: None}
    assert store.commit(fresh(client)).outcome is Outcome.COMMITTED
    assert held(client)["format"] == FORMAT


def test_a_newer_version_is_known_by_its_format_alone(store, client):
    client.set(KEY, json.dumps({"format": FORMAT + 1}))
    before = picture(client)
    with pytest.raises(NewerFormatError):
        store.commit(fresh(client))
    assert picture(client) == before


def test_a_store_of_a_newer_version_is_read_and_not_written(store, client, tmp_path):
    made = fresh(client, back=1)
    store.commit(made)
    store.backup([REGION], tmp_path / "backup")
    client.set(KEY, json.dumps(held(client) | {"format": FORMAT + 1, "shards": 3}))
    before = picture(client)
    for work in works(store, fresh(client), tmp_path).values():
        with pytest.raises(NewerFormatError, match="a newer version writes this store"):
            work()
    with pytest.raises(NewerFormatError):
        store.run(change_terms(store.connections, store.layout, store.terms, [REGION]))
    assert isinstance(store.reconcile([REGION]).errors[REGION], NewerFormatError)
    assert picture(client) == before
    assert store.latest(REGION).payload == made.payload
    assert list(store.history(REGION).id) == [made.id]


CHANGES = {
    "retention": ({"policy": Policy(retention_ms=30 * DAY_MS)}, "retention in days 90 so far, 30 here"),
    "method": ({"method": "1.2"}, "method 2 so far, 1.2 here"),
    "regions": ({"regions": "bbb"}, "table of regions aaa so far, bbb here"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_may_change_is_said_by_the_commit_that_changes_it_and_never_again(store, server, client, what):
    given, said = CHANGES[what]
    store.commit(fresh(client, back=2))
    with SnapshotStore(server.url, layout=store.layout.name, **({"method": "2", "regions": "aaa"} | given)) as other:
        [warning] = other.commit(fresh(client, back=1)).warnings
        assert other.commit(fresh(client)).warnings == ()
    assert re.search(said, warning)


@pytest.mark.parametrize("what", ["method", "regions"])
def test_reconciliation_says_it_too_and_writes_it_down_when_it_repairs(store, server, client, what):
    given, _ = CHANGES[what]
    store.commit(fresh(client))
    before = picture(client)
    with SnapshotStore(server.url, layout=store.layout.name, **({"method": "2", "regions": "aaa"} | given)) as other:
        [seen] = other.reconcile([REGION], repair=False).findings
        assert (seen.kind, seen.key, seen.repaired) == ("terms_changed", KEY, False)
        assert picture(client) == before
        [mended] = other.reconcile([REGION]).findings
        assert mended.repaired
        assert other.reconcile([REGION]).findings == ()


def test_who_does_not_know_its_method_leaves_what_is_known(store, server, client):
    store.commit(fresh(client, back=1))
    with SnapshotStore(server.url, layout=store.layout.name) as other:
        assert other.commit(fresh(client)).warnings == ()
        assert other.reconcile([REGION]).findings == ()
    assert (held(client)["method"], held(client)["regions"]) == ("2", "aaa")


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"format": "one"}', "null"])
def test_terms_that_cannot_be_read_are_written_anew(store, client, text):
    client.set(KEY, text)
    assert store.commit(fresh(client)).outcome is Outcome.COMMITTED
    assert held(client)["layout"] == store.layout.name


def test_terms_of_the_wrong_type_refuse_a_commit_before_it_writes(store, client):
    client.rpush(KEY, "x")
    before = picture(client)
    with pytest.raises(WrongTypeError, match=r"snapshot:terms:\{latam\}"):
        store.commit(fresh(client))
    assert picture(client) == before


def test_told_to_change_a_store_its_next_writer_is_welcome_and_the_former_one_is_not(store, server, client):
    first = fresh(client, back=4)
    store.commit(first)
    with SnapshotStore(server.url, layout=store.layout.name, policy=HALF_AN_HOUR, method="2") as other:
        other.run(change_terms(other.connections, other.layout, other.terms, [REGION]))
        assert other.run(stored_terms(other.connections, other.layout, [REGION, "mena"])) == {
            REGION: other.terms, "mena": None,
        }  # fmt: skip
        assert other.commit(fresh(client)).outcome is Outcome.COMMITTED
        assert len(other.history(REGION)) == 2
    with pytest.raises(OtherTermsError):
        store.commit(fresh(client, plus_ms=1), force=True)


def test_terms_that_change_under_a_commit_refuse_it(client, proxy, direct):
    """It has looked, and agreed; before its transaction somebody changes the store: it looks again."""
    held_back = proxy.arm(Break.HOLD_REQUEST, "MULTI")
    with SnapshotStore(proxy.url) as store:
        commit = Started(lambda: store.commit(fresh(client)))
        held_back.wait()
        changed = replace(direct.terms, bucket_ms=HALF_AN_HOUR.bucket_ms)
        direct.run(change_terms(direct.connections, direct.layout, changed, [REGION]))
        held_back.release()
        assert isinstance(commit.answer(), OtherTermsError)
    assert client.keys() == [KEY.encode()]


def test_terms_are_read_as_they_were_written():
    mine = Terms("tagged", 1, 2, "x", "y")
    assert Terms.decode(mine.encode()) == mine
