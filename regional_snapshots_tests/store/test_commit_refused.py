"""A server that refuses, forgets or is at odds with the clock: a typed error with nothing applied, or the truth."""

from __future__ import annotations

import pytest
import redis

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.commit import Commit, Outcome, Policy
from regional_snapshots.store.errors import (
    AccessRefusedError,
    ClockSkewError,
    InvalidSnapshotError,
    OutsideRetentionError,
    PartialCommitError,
    ServerBusyError,
    ServerRefusedError,
    StoreError,
)
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, Started, executions, fresh, held_at_exec, wait_until
from regional_snapshots_tests.support.documents import document, snapshot
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import BUCKET_MS, RETENTION_MS, names_of, violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server_faults import (
    busy,
    cut_off,
    failing_saves,
    out_of_memory,
    read_only,
    without_permission,
    without_replicas,
)

IMPATIENT = Policy(attempts=3)
STATES = [
    (out_of_memory, ServerRefusedError),
    (read_only, ServerRefusedError),
    (without_replicas, ServerRefusedError),
    (failing_saves, ServerRefusedError),
    (cut_off, (ServerBusyError, ServerRefusedError)),  # a replica without its primary: MASTERDOWN or READONLY
    (busy, ServerBusyError),
]
STEPS = ["WATCH", "MULTI", "EXEC"]
"""The refusal begins before the look, between look and transaction, between MULTI and EXEC."""


def test_an_invalid_document_is_refused_before_anything_is_sent_and_holds_up_nobody(client, direct):
    good, broken = fresh(client, region="mena"), document(REGION, fresh(client).generated_at, reason="regime_shift")
    broken["balance"]["net_balance"] = 1.5
    broken["actors"] = 1000 * [{}]
    kept, refused = direct.commit_all([good, Snapshot.seal(broken)])
    assert kept.outcome is Outcome.COMMITTED
    assert isinstance(refused, InvalidSnapshotError)
    assert "latam: the document is not valid: balance.net_balance: Input should be less than" in str(refused)
    assert client.keys("*{latam}*") == []
    with pytest.raises(InvalidSnapshotError, match="and 1 more"):
        direct.commit(Snapshot.seal(broken), force=True)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("state", "error"), STATES, ids=[state.__name__ for state, _ in STATES])
def test_a_server_that_refuses_applies_nothing_and_says_why(server, client, proxy, direct, state, error, step):
    direct.commit(fresh(client, back=1))
    made, before = fresh(client), picture(client)
    with SnapshotStore(proxy.url, policy=IMPATIENT) as store:
        held = proxy.arm(Break.HOLD_REQUEST, step)
        commit = Started(lambda: store.commit(made))
        held.wait()
        with state(server):
            held.release()
            refused = commit.answer()
    assert isinstance(refused, error), refused
    assert refused.region == REGION
    assert picture(client) == before
    assert direct.commit(made).outcome is Outcome.COMMITTED
    assert violations(client, "tagged", REGION) == []


def test_a_loading_server_is_waited_for(own_server):
    server = own_server({"loading-process-events-interval-bytes": 1024, "rdbcompression": "no"})
    client = server.client()
    with SnapshotStore(server.url) as store, Proxy(server.url) as proxy, SnapshotStore(proxy.url) as other:
        store.commit(fresh(client, back=1))
        made = fresh(client)
        client.mset({f"ballast:{number}": b"x" * 2000 for number in range(500)})
        client.config_set("key-load-delay", 10_000)
        loading = Started(lambda: server.client(retry=None).execute_command("DEBUG", "RELOAD"))
        wait_until(lambda: _is_loading(server))
        commit = Started(lambda: other.commit(made))
        wait_until(lambda: len(proxy.requests) > 9)
        client.config_set("key-load-delay", 0)
        assert commit.answer().outcome is Outcome.COMMITTED
        assert commit.answer().attempts > 1
        assert loading.answer()
        assert violations(client, "tagged", REGION) == []


def _is_loading(server):
    try:
        with server.client(retry=None) as client:
            client.get("ballast")
    except redis.exceptions.BusyLoadingError:
        return True
    return False


REVOKED = ["-zadd", "-set", "-pexpireat", "-zremrangebyscore", "-del", "-multi", "resetkeys %R~* ~dedup:*"]


@pytest.mark.parametrize("mended_by", ["the next attempt", "reconciliation"])
@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("rules", REVOKED)
def test_a_permission_revoked_under_way_is_reported_as_a_partial_commit_and_mended(
    server, client, proxy, direct, rules, mended_by, before
):
    for back in range(before):
        direct.commit(fresh(client, back=back + 1))
    made = fresh(client)
    with SnapshotStore(proxy.url) as store:
        held = proxy.arm(Break.HOLD_REQUEST, "MULTI" if rules == "-multi" else "EXEC")
        commit = Started(lambda: store.commit(made))
        held.wait()
        with without_permission(server, *rules.split()):
            held.release()
            answer = commit.answer()
    assert isinstance(answer, PartialCommitError)
    assert (answer.region, made.id in str(answer), "reconcile" in str(answer)) == (REGION, True, True)
    if mended_by == "the next attempt":
        assert direct.commit(made).outcome is Outcome.COMMITTED
        assert direct.latest(REGION).id == made.id
    direct.reconcile([REGION], deep=True)
    assert violations(client, "tagged", REGION) == []


@pytest.mark.parametrize("rules", ["-exec", "-@all +exec", "resetkeys"])
@pytest.mark.parametrize("step", ["WATCH", "EXEC"])
def test_a_permission_that_stops_everything_leaves_nothing_written(server, client, proxy, rules, step):
    with SnapshotStore(proxy.url) as store:
        held = proxy.arm(Break.HOLD_REQUEST, step)
        commit = Started(lambda: store.commit(fresh(client)))
        held.wait()
        with without_permission(server, *rules.split()):
            held.release()
            answer = commit.answer()
    assert isinstance(answer, AccessRefusedError), answer
    assert picture(client) == {}


@pytest.mark.parametrize("reason_of_doubt", ["out of memory", "no permission"])
def test_an_attempt_in_doubt_that_is_then_refused_stays_unknown(server, client, proxy, reason_of_doubt):
    """The first EXEC may still be on its way, so a refusal of the second try is not the truth about the first."""
    state = out_of_memory(server) if reason_of_doubt == "out of memory" else without_permission(server, "-watch")
    with SnapshotStore(proxy.url) as store:
        held = proxy.arm(Break.HOLD_REPLY, "EXEC")
        proxy.arm(Break.BEFORE_REQUEST, "EXEC")
        commit = Started(lambda: store.commit(fresh(client)))
        held.wait()
        client.flushall()
        with state:
            proxy.cut_all()
            assert "may have been committed" in str(commit.answer())


@pytest.mark.parametrize("before", [0, 1])
def test_a_flush_under_way_leaves_the_whole_snapshot_or_none(client, proxy, direct, before):
    for back in range(before):
        direct.commit(fresh(client, back=back + 1))
    made = fresh(client)
    with SnapshotStore(proxy.url) as store:
        with held_at_exec(proxy, lambda: store.commit(made)) as commit:
            client.flushdb()
        assert commit.answer().outcome is Outcome.COMMITTED
    assert direct.latest(REGION).id == made.id
    assert violations(client, "tagged", REGION) == []


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("which", ["latest", "index", "claims", "payloads", "views"])
def test_an_eviction_under_way_never_moves_latest_back(client, proxy, direct, which, step):
    """A commit that is older than latest is late, also where the index was lost; reconciliation mends the rest."""
    newest, middle = fresh(client), fresh(client, back=1)
    for made in (fresh(client, back=2), newest):
        direct.commit(made)
    with SnapshotStore(proxy.url) as store:
        held = proxy.arm(Break.HOLD_REQUEST, step)
        commit = Started(lambda: store.commit(middle))
        held.wait()
        prefix = getattr(names_of("tagged", REGION), which)
        client.delete(*client.scan_iter(prefix.replace("*", "") + "*"))
        held.release()
        assert commit.answer().outcome is Outcome.LATE
    kept = which != "payloads"
    assert client.get(names_of("tagged", REGION).latest) == (None if which == "latest" else newest.id.encode())
    direct.reconcile([REGION], deep=True)
    assert violations(client, "tagged", REGION) == []
    assert direct.latest(REGION).id == (newest if kept else middle).id


def test_eviction_is_warned_of_and_survived(own_server):
    server = own_server({"maxmemory-policy": "allkeys-random"})
    client = server.client()
    regions = [f"region-{number}" for number in range(6)]
    with SnapshotStore(server.url) as store:
        assert any("allkeys-random" in warning for warning in store.inspect())
        for count in range(40):
            if count == 20:
                client.config_set("maxmemory", client.info("memory")["used_memory"] + 20_000)
            batch = [fresh(client, back=40 - count, region=region, text="x" * 2000) for region in regions]
            for answer in store.commit_all(batch):
                assert not isinstance(answer, StoreError) or isinstance(answer, ServerRefusedError)
        assert client.info("stats")["evicted_keys"] > 0
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")
        store.reconcile(regions, deep=True)
        assert [problem for region in regions for problem in violations(client, "tagged", region)] == []


def test_a_snapshot_before_the_retention_horizon_is_refused(client, direct):
    seconds, microseconds = client.time()
    now_ms = seconds * 1000 + microseconds // 1000
    with pytest.raises(OutsideRetentionError, match="REGIONAL_SNAPSHOTS_RETENTION_DAYS"):
        direct.commit(snapshot(REGION, now_ms - RETENTION_MS))
    assert picture(client) == {}
    assert direct.commit(snapshot(REGION, now_ms - RETENTION_MS + 60_000)).outcome is Outcome.COMMITTED
    assert violations(client, "tagged", REGION) == []


def test_a_snapshot_of_the_future_is_refused(client, direct):
    with pytest.raises(ClockSkewError, match="ahead of the server"):
        direct.commit(fresh(client, back=-2))
    assert picture(client) == {}


def test_what_has_left_the_retention_leaves_the_index_with_the_next_commit(client, server):
    with SnapshotStore(server.url, policy=Policy(retention_ms=3 * BUCKET_MS)) as short:
        with SnapshotStore(server.url) as long:
            long.commit(fresh(client, back=5))
        newest = fresh(client)
        short.commit(newest)
    assert client.zrange(names_of("tagged", REGION).index, 0, -1) == [newest.id.encode()]


def test_a_clock_that_went_back_writes_history_and_leaves_latest(client, direct):
    made = [fresh(client, plus_ms=ms, who=ms) for ms in (3, 2, 1)]
    answers = [direct.commit(each, force=True).outcome for each in made]
    assert answers == [Outcome.COMMITTED, Outcome.LATE, Outcome.LATE]
    assert direct.latest(REGION).id == made[0].id
    assert violations(client, "tagged", REGION) == []


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_snapshots_of_one_instant_the_greater_id_is_latest(client, direct, order):
    twins = sorted((fresh(client, reason=reason) for reason in ("regime_shift", "corridor_break")), key=_identity)
    answers = {each.id: direct.commit(each).outcome for each in twins[::order]}
    assert direct.latest(REGION).id == twins[1].id
    assert answers[twins[1].id] is Outcome.COMMITTED
    assert answers[twins[0].id] is (Outcome.COMMITTED if order == 1 else Outcome.LATE)
    assert violations(client, "tagged", REGION) == []
    before = executions(client)
    assert {direct.commit(each).outcome for each in twins} == {Outcome.COMMITTED}
    assert executions(client) == before


def _identity(made: Snapshot) -> str:
    return made.id


@pytest.mark.parametrize("score", ["inf", "-inf", "1e300", "9e18"])
def test_an_entry_whose_score_is_no_instant_fails_no_region_and_leaves_nothing_in_part(client, direct, score):
    client.zadd(names_of("tagged", REGION).index, {"x": score})
    answers = direct.commit_all([fresh(client), fresh(client, region="mena")])
    assert {type(answer) for answer in answers} == {Commit}
    direct.reconcile([REGION, "mena"])
    for answer in answers:
        assert direct.latest(answer.region).id == answer.id
        assert violations(client, "tagged", answer.region) == []
