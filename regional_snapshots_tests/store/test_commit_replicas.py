"""How many replicas have acknowledged a commit is said beside its outcome; a lack of them is no failure."""

from __future__ import annotations

import pytest

from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.protocol import replicas
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, fresh
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import names_of, violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.replicated import Replicated
from regional_snapshots_tests.support.server_faults import without_permission


@pytest.fixture(scope="module")
def replicated():
    with Replicated(replicas=2) as made:
        yield made


@pytest.fixture
def primary(replicated, monkeypatch):
    monkeypatch.setattr(replicas, "WAIT_MS", 100)
    with replicated.primary.client() as client:
        client.flushall()
        yield client


def store(server, wanted):
    return SnapshotStore(server.url, policy=Policy(min_replicas=wanted))


def test_what_enough_replicas_have_is_committed_without_a_word(replicated, primary):
    made = fresh(primary)
    with store(replicated.primary, 2) as opened:
        answer = opened.commit(made)
    assert (answer.outcome, answer.warnings) == (Outcome.COMMITTED, ())
    for replica in replicated.servers[1:]:
        with replica.client() as client:
            assert client.get(names_of("tagged", REGION).latest) == made.id.encode()


def test_a_replica_that_is_paused_is_missed_and_the_commit_stands(replicated, primary):
    replicated.servers[2].pause()
    try:
        with store(replicated.primary, 2) as opened:
            answers = opened.commit_all([fresh(primary), fresh(primary, region="mena")])
    finally:
        replicated.servers[2].resume()
    assert {answer.outcome for answer in answers} == {Outcome.COMMITTED}
    assert {answer.warnings for answer in answers} == {("acknowledged by 1 of 2 replicas",)}
    assert violations(primary, "tagged", REGION) == []


def test_nobody_is_waited_for_unless_asked(replicated, primary):
    with Proxy(replicated.primary.url) as proxy, SnapshotStore(proxy.url) as opened:
        assert opened.commit(fresh(primary)).warnings == ()
        assert "WAIT" not in {request.name for request in proxy.requests}


def test_what_was_already_there_waits_for_nobody(replicated, primary):
    made = fresh(primary)
    with Proxy(replicated.primary.url) as proxy, store(proxy, 2) as opened:
        opened.commit(made)
        proxy.reset()
        assert opened.commit(made).warnings == ()
        assert "WAIT" not in {request.name for request in proxy.requests}


@pytest.mark.parametrize("where", [Break.BEFORE_REQUEST, Break.BEFORE_REPLY, Break.WITHIN_REPLY])
def test_an_answer_of_the_replicas_that_is_lost_leaves_the_commit_as_it_is(replicated, primary, where):
    with Proxy(replicated.primary.url) as proxy, store(proxy, 2) as opened:
        proxy.arm(where, "WAIT")
        answer = opened.commit(fresh(primary))
    assert (answer.outcome, answer.attempts) == (Outcome.COMMITTED, 1)
    assert answer.warnings == ("acknowledged by an unknown number of replicas: the answer was lost",)
    assert violations(primary, "tagged", REGION) == []


def test_a_user_who_may_not_ask_is_told_so(replicated, primary):
    with without_permission(replicated.primary, "-wait"), store(replicated.primary, 1) as opened:
        answer = opened.commit(fresh(primary))
    assert answer.outcome is Outcome.COMMITTED
    assert "nobody could be asked how many replicas acknowledged it (NOPERM" in answer.warnings[0]
