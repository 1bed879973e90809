"""A server that lacks something is served in another way, or refused before anything is written; never half-written."""

from __future__ import annotations

import pytest

from regional_snapshots.store.commit import Commit, Outcome
from regional_snapshots.store.errors import ConfigurationError, PartialCommitError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, Started, fresh
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.elder import make_old
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import names_of, violations

LAYOUTS = ["tagged", "worldmonitor"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("version", "tells"), [("6.0.16", True), ("5.0.14", True), ("6.0.16", False)])
def test_without_pxat_a_commit_is_whole_and_expires_as_it_should(server, client, proxy, layout, version, tells):
    make_old(proxy, version, tells=tells)
    made = [fresh(client, back=1), fresh(client)]
    with SnapshotStore(proxy.url, layout=layout) as store:
        for each in made:
            assert store.commit(each).outcome is Outcome.COMMITTED
        assert store.commit(made[1]).outcome is Outcome.COMMITTED
        assert store.latest(REGION).id == made[1].id
    assert violations(client, layout, REGION) == []
    assert "PXAT" not in {word.decode(errors="replace") for request in proxy.requests for word in request.args}


def test_a_server_that_knows_pxat_is_asked_once_a_connection_and_sent_no_more_than_before(client, proxy):
    with SnapshotStore(proxy.url, limit=1) as store:
        for back in (2, 1, 0):
            store.commit(fresh(client, back=back))
    names = [request.name for request in proxy.requests]
    assert names.count("INFO") == 1
    assert names.count("PEXPIREAT") == 3


@pytest.mark.parametrize("work", ["commit", "inspect"])
def test_a_server_that_is_too_old_is_refused_before_anything_is_written(client, proxy, work):
    make_old(proxy, "4.0.14")
    made = fresh(client)
    with (
        SnapshotStore(proxy.url) as store,
        pytest.raises(ConfigurationError, match=r"redis 4\.0\.14: it has no streams"),
    ):
        store.commit(made) if work == "commit" else store.inspect()
    assert picture(client) == {}


def test_what_a_server_refuses_within_a_transaction_is_not_blamed_on_permissions(client, proxy, direct):
    """As with PXAT on an old server that nobody has asked: then only the server's own words say what is wrong."""
    made = fresh(client)
    with SnapshotStore(proxy.url) as store:
        store.commit(fresh(client, back=1))  # the server says that it knows PXAT
        make_old(proxy, "6.0.16")
        answer = Started(lambda: store.commit(made)).answer()
    assert isinstance(answer, PartialCommitError)
    assert "syntax error" in str(answer)
    assert "permission" not in str(answer)
    assert direct.commit(made).outcome is Outcome.COMMITTED
    assert violations(client, "tagged", REGION) == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("reason", ["regime_shift", "scheduled_6h"])
def test_a_bucket_whose_owner_is_not_stored_is_taken_over(server, client, layout, reason):
    ghost, made = fresh(client, plus_ms=1, reason=reason), fresh(client, plus_ms=2, reason=reason)
    bucket = made.generated_at // 900_000
    client.set(f"{names_of(layout, REGION).claims}{reason}:{bucket}", ghost.id, px=900_000)
    with SnapshotStore(server.url, layout=layout) as store:
        assert store.commit(made) == Commit(Outcome.COMMITTED, REGION, made.id, made.id, 1, len(made.payload))
        again = store.commit(ghost)
        assert (again.outcome, again.owner) == (Outcome.DUPLICATE, made.id)
    assert violations(client, layout, REGION) == []


def test_a_bucket_whose_head_is_not_stored_is_taken_over_by_one_that_reports_no_change(server, client):
    lost, made = fresh(client, plus_ms=1), fresh(client, plus_ms=2, reason="scheduled_6h")
    with SnapshotStore(server.url) as store:
        store.commit(lost)
        client.delete(f"{names_of('tagged', REGION).payloads}{lost.id}")
        assert store.commit(made).outcome is Outcome.COMMITTED


def test_an_owner_that_is_stored_while_it_is_looked_for_keeps_its_bucket(client, proxy, direct):
    """Between the look for the owner and the transaction the owner commits: its claim is watched."""
    owner, made = fresh(client, plus_ms=1), fresh(client, plus_ms=2)
    client.set(f"{names_of('tagged', REGION).claims}regime_shift:{made.generated_at // 900_000}", owner.id, px=900_000)
    with SnapshotStore(proxy.url) as store:
        held = proxy.arm(Break.HOLD_REQUEST, "MULTI")
        commit = Started(lambda: store.commit(made))
        held.wait()
        assert direct.commit(owner).outcome is Outcome.COMMITTED
        held.release()
        answer = commit.answer()
    assert (answer.outcome, answer.owner) == (Outcome.DUPLICATE, owner.id)
    assert violations(client, "tagged", REGION) == []


@pytest.mark.parametrize("version", ["5.0.14", "6.0.16", "7.0.0"])
def test_a_repair_gives_the_right_expiry_to_any_server(client, proxy, direct, version):
    direct.commit(fresh(client, back=1))
    direct.commit(fresh(client))
    client.delete(names_of("tagged", REGION).latest, *client.scan_iter(f"{names_of('tagged', REGION).views}*"))
    make_old(proxy, version)
    if version == "7.0.0":
        proxy.rewrites = lambda request: request
    with SnapshotStore(proxy.url) as store:
        assert store.reconcile([REGION], deep=True).left == ()
    assert violations(client, "tagged", REGION) == []
