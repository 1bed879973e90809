"""The inputs of a run are kept while its commits look, and nothing is written before they are."""

from __future__ import annotations

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.store.commit import Outcome
from regional_snapshots.store.errors import AccessRefusedError
from regional_snapshots.store.protocol import before
from regional_snapshots.store.records.inputs import RunInputs
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import Started, executions, fresh, wait_until
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.server_faults import without_permission

INPUTS = RunInputs.of({"a": b"document"}, {}, REGION_IDS)


def is_input(request):
    return request.name == "SET" and b"inputs" in request.args[0]


def made(client):
    return [fresh(client, region=region) for region in REGION_IDS]


def test_commits_look_meanwhile_and_write_only_once_the_inputs_are_kept(client, proxy):
    snapshots = made(client)
    with SnapshotStore(proxy.url) as store:
        held = proxy.arm(Break.HOLD_REQUEST, is_input)
        store.keep_meanwhile(INPUTS, snapshots[0].generated_at)
        commits = Started(lambda: store.commit_all(snapshots))
        held.wait()
        wait_until(lambda: [request.name for request in proxy.requests].count("WATCH") == len(REGION_IDS))
        assert "MULTI" not in {request.name for request in proxy.requests}
        held.release()
        assert {answer.outcome for answer in commits.answer()} == {Outcome.COMMITTED}


def test_inputs_that_cannot_be_kept_fail_every_region_once_and_nothing_is_written(server, client):
    snapshots = made(client)
    with without_permission(server, "-pttl"), SnapshotStore(server.url) as store:
        store.keep_meanwhile(INPUTS, snapshots[0].generated_at)
        answers = store.commit_all(snapshots)
        assert {type(answer) for answer in answers} == {AccessRefusedError}
        assert [answer.region for answer in answers] == list(REGION_IDS)
        assert executions(client) == 0
        assert {answer.outcome for answer in store.commit_all(snapshots)} == {Outcome.COMMITTED}


def test_with_a_single_connection_neither_waits_for_the_other_for_ever(client, proxy, monkeypatch):
    """The keeping broke off and would like a connection again, which a commit holds that waits for it."""
    monkeypatch.setattr(before, "LONGEST_S", 0.05)
    snapshots = made(client)
    with SnapshotStore(f"{proxy.url}?max_connections=1") as store:
        proxy.arm(Break.BEFORE_REPLY, is_input, times=3)
        store.keep_meanwhile(INPUTS, snapshots[0].generated_at)
        assert {answer.outcome for answer in store.commit_all(snapshots)} == {Outcome.COMMITTED}
