"""Retention in tiers: what is dropped, what never is, and what it saves."""

from __future__ import annotations

import pytest

from benchmarks.history import EACH, fill
from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import ConfigurationError, MissingSnapshotError, WrongTypeError
from regional_snapshots.store.records.inputs import SLACK_MS, RunInputs
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots.store.tiers.tiers import Tiers
from regional_snapshots_tests.support.clock import CAN_SET_CLOCKS, SettableClock, clocked_server
from regional_snapshots_tests.support.commits import REGION, Started, fresh
from regional_snapshots_tests.support.documents import document
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.oracle import BUCKET_MS, DAY_MS, names_of, violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.tiers import (
    HOUR_MS,
    MOST,
    SHIFT,
    Timeline,
    entries_of,
    listed,
    overdue,
    slot_of,
)

AGES = ((2 * DAY_MS, 6 * HOUR_MS), (5 * DAY_MS, DAY_MS))
POLICY = Policy(tiers=Tiers.parse("2d:6h,5d:1d"))
NAMES = names_of("tagged", REGION)
clocked = pytest.mark.skipif(not CAN_SET_CLOCKS, reason="needs a C compiler and Linux")


@pytest.fixture
def timeline(tmp_path):
    clock = SettableClock(tmp_path)
    with clocked_server(clock) as server, server.client() as client:
        made = Timeline(clock, client)
        made.begin(30)
        made.url = server.url
        yield made


@pytest.fixture
def store(timeline):
    with SnapshotStore(timeline.url, policy=POLICY) as opened:
        yield opened


def lives(timeline, store, hours, every_ms=HOUR_MS, reason=lambda at: "corridor_break"):
    """A commit each hour, or each ``every_ms``; answers everything that was committed, by id."""
    made = {}
    for _ in range(hours * HOUR_MS // every_ms):
        timeline.wait(every_ms)
        one = timeline.made(reason(timeline.now_ms))
        assert store.commit(one, news=news(one)).outcome is Outcome.COMMITTED
        made[one.id] = one
    return made


def left_of(made, now_ms):
    """What must be left of a history without changes of regime."""
    ids = {name: one.generated_at for name, one in made.items()}
    return set(ids) - set(overdue(ids, ids, (), now_ms, AGES))


@clocked
def test_a_long_history_is_thinned_by_its_commits_and_by_nothing_else(timeline, store):
    made = lives(timeline, store, 8 * 24)
    left = left_of(made, timeline.now_ms)
    assert entries_of(timeline.client).keys() == left
    assert len(left) < 80 < len(made)
    ages = sorted((timeline.now_ms - made[name].generated_at) // HOUR_MS for name in left)
    assert ages[:48] == list(range(48)), "everything is kept for two days"
    assert violations(timeline.client, "tagged", REGION) == []
    before = picture(timeline.client)
    assert store.reconcile([REGION], deep=True, news=True).findings == ()
    assert picture(timeline.client).keys() == before.keys()


@clocked
def test_as_of_an_instant_answers_the_newest_that_is_kept_and_the_series_keeps_its_rows(timeline, store):
    made = lives(timeline, store, 8 * 24)
    left = sorted(left_of(made, timeline.now_ms))
    for one in made.values():
        wanted = [name for name in left if name <= one.id]
        if wanted:
            assert store.as_of(REGION, one.generated_at).id == wanted[-1]
    assert list(store.history(REGION, limit=1000).id) == left[::-1]
    assert not store.history(REGION, limit=1000).problem.any()
    starts = {one.generated_at // (6 * HOUR_MS) for one in made.values()}
    assert len(store.series([REGION])[REGION]) == len(starts)


@clocked
def test_a_change_of_regime_is_always_kept(timeline, store):
    made = lives(timeline, store, 7 * 24, reason=lambda at: SHIFT if at // HOUR_MS % 5 == 0 else "corridor_break")
    kept = entries_of(timeline.client)
    shifts = {name for name, one in made.items() if one.reason == SHIFT}
    assert len(shifts) > 30
    assert shifts <= kept.keys()
    ordinary = {name: one for name, one in made.items() if one.reason != SHIFT}
    assert kept.keys() - shifts == left_of(ordinary, timeline.now_ms)
    assert store.reconcile([REGION], deep=True, news=False).findings == ()


@clocked
def test_a_change_of_regime_is_known_by_its_news_and_by_its_regime_too(timeline, store):
    timeline.wait(HOUR_MS)
    plain = timeline.made()
    told = timeline.made(note="told")
    store.commit(told, news=news(told, "regime_shift"))
    body = document(REGION, plain.generated_at + 1, reason="corridor_break")
    body["regime"] |= {
        "previous_label": "calm",
        "label": "escalation_ladder",
        "transitioned_at": plain.generated_at + 1,
    }
    says = type(plain).seal(body)
    store.commit(says, force=True)
    assert listed(timeline.client) == set()
    other = timeline.made(note="other", back=1)
    store.commit(other)
    assert listed(timeline.client) == {other.id}


@clocked
def test_a_pinned_snapshot_is_kept_for_as_long_as_it_is_pinned(timeline, store):
    made = lives(timeline, store, 6)
    pinned = sorted(made)[1]
    store.run(store.pins.pin(REGION, pinned, None))
    for _ in range(9 * 4):
        timeline.wait(6 * HOUR_MS)
        assert store.commit(timeline.made()).outcome is Outcome.PINNED
    assert pinned in entries_of(timeline.client)
    assert store.latest(REGION).id == pinned
    assert [f.kind for f in store.reconcile([REGION], deep=True).findings] == []
    store.run(store.pins.unpin(REGION))
    timeline.wait(BUCKET_MS)
    store.commit(timeline.made())
    assert pinned not in entries_of(timeline.client)
    assert violations(timeline.client, "tagged", REGION) == []


@clocked
def test_latest_and_head_are_kept_however_old(timeline, store):
    made = lives(timeline, store, 3)
    timeline.wait(20 * DAY_MS)
    late = timeline.made(back=96 * 20 + 1)  # nothing newer than the head, which is past both tiers
    assert store.commit(late, force=True).outcome is Outcome.LATE
    report = store.reconcile([REGION], deep=True)
    assert {f.kind for f in report.findings} <= {"past_its_tier"}
    assert max(made) in entries_of(timeline.client)
    assert store.latest(REGION).id == max(made)


@clocked
def test_two_of_one_instant_share_a_view_and_are_both_kept(timeline, store):
    timeline.wait(HOUR_MS)
    one, other = timeline.made(note=1), timeline.made(note=2)
    store.commit(one)
    store.commit(other, force=True)
    made = lives(timeline, store, 60)
    assert {one.id, other.id} <= entries_of(timeline.client).keys() != made.keys()
    assert violations(timeline.client, "tagged", REGION) == []
    assert store.reconcile([REGION], deep=True).findings == ()


@clocked
def test_a_lost_list_costs_memory_until_reconciliation_and_never_history(timeline, store):
    made = lives(timeline, store, 40)
    timeline.client.delete(NAMES.beside["spare"])
    made |= lives(timeline, store, 80)
    more = entries_of(timeline.client).keys() - left_of(made, timeline.now_ms)
    assert len(more) > 20, "nothing is dropped that is not known to be dispensable"
    checked = store.reconcile([REGION], repair=False)
    assert [(f.kind, f.severity, f.repaired) for f in checked.findings] == [("past_its_tier", "info", False)]
    assert checked.healthy
    assert checked.findings[0].detail.startswith(f"{len(more)} snapshots from ")
    report = store.reconcile([REGION])
    assert [(f.kind, f.repaired) for f in report.findings] == [("past_its_tier", True)]
    assert entries_of(timeline.client).keys() == left_of(made, timeline.now_ms)
    assert report.states[REGION].snapshots == len(entries_of(timeline.client))
    assert violations(timeline.client, "tagged", REGION) == []
    assert store.reconcile([REGION], deep=True).findings == ()


@clocked
def test_what_is_listed_and_not_stored_costs_nothing_that_is(timeline, store):
    """A name on the list without an entry would otherwise be taken for the one that its slot keeps."""
    made = {}
    for _ in range(8):
        made |= lives(timeline, store, 6)
        ghost = timeline.made(note="ghost", back=1)  # it would be the last of its slot
        timeline.client.zadd(NAMES.beside["spare"], {ghost.id: ghost.generated_at})
    made |= lives(timeline, store, 80)
    kept = {slot_of(at, timeline.now_ms, AGES) for at in entries_of(timeline.client).values()}
    assert {slot_of(one.generated_at, timeline.now_ms, AGES) for one in made.values()} <= kept


@clocked
def test_what_reconciliation_removes_is_taken_off_the_list(timeline, store):
    made = lives(timeline, store, 4)
    lost = sorted(made)[1]
    timeline.client.delete(NAMES.payloads + lost)
    assert store.reconcile([REGION]).findings
    assert listed(timeline.client) == made.keys() - {lost}
    assert violations(timeline.client, "tagged", REGION) == []


@clocked
def test_a_late_snapshot_that_owns_a_bucket_is_not_dropped_before_its_claim(timeline, store):
    lives(timeline, store, 2)
    timeline.wait(6 * DAY_MS)
    late = timeline.made(back=96 * 6 + 1)
    assert store.commit(late).outcome is Outcome.LATE
    for _ in range(2):
        assert {f.kind for f in store.reconcile([REGION], deep=True).findings} <= {"past_its_tier"}
    assert late.id in entries_of(timeline.client)
    timeline.wait(BUCKET_MS)
    assert [f.kind for f in store.reconcile([REGION], deep=True).findings] == ["past_its_tier"]
    assert late.id not in entries_of(timeline.client)


@clocked
def test_a_listed_snapshot_that_is_written_anew_late_is_listed_no_longer(timeline, store):
    made = lives(timeline, store, 3)
    again = made[min(made)]
    timeline.wait(3 * DAY_MS)
    timeline.client.delete(NAMES.payloads + again.id)
    assert store.commit(again).outcome is Outcome.LATE
    assert listed(timeline.client) == made.keys() - {again.id}
    store.commit(timeline.made())
    assert again.id in entries_of(timeline.client), "its claim names it"
    assert violations(timeline.client, "tagged", REGION) == []


@clocked
def test_what_is_past_the_retention_leaves_the_list_too(timeline):
    with SnapshotStore(timeline.url, policy=Policy(retention_ms=5 * DAY_MS, tiers=Tiers.parse("2d:6h"))) as store:
        lives(timeline, store, 7 * 24)
        assert listed(timeline.client) == entries_of(timeline.client).keys()
        assert violations(timeline.client, "tagged", REGION, retention_ms=5 * DAY_MS) == []


@clocked
def test_one_commit_drops_no_more_than_so_many_in_as_many_round_trips(timeline, store):
    made = lives(timeline, store, 60, every_ms=BUCKET_MS * 2)
    assert entries_of(timeline.client).keys() == left_of(made, timeline.now_ms)
    timeline.wait(9 * DAY_MS)  # all that was made in the last two days is due at once
    sizes, left = [len(entries_of(timeline.client))], None
    while left != entries_of(timeline.client):
        left = entries_of(timeline.client)
        with Proxy(timeline.url) as proxy, SnapshotStore(proxy.url, policy=POLICY) as other:
            timeline.wait(BUCKET_MS)
            one = timeline.made()
            made[one.id] = one
            other.commit(one)
            assert [request.name for request in proxy.requests].count("EXEC") == 1
            assert [request.name for request in proxy.requests].count("WATCH") == 1
        sizes.append(len(entries_of(timeline.client)))
        if len(sizes) > 10:
            break
        left = None if sizes[-1] < sizes[-2] else entries_of(timeline.client)
    assert sizes[1] == sizes[0] + 1 - MOST
    assert entries_of(timeline.client).keys() == left_of(made, timeline.now_ms)


@clocked
def test_without_tiers_everything_is_kept_and_nothing_is_listed(timeline):
    with SnapshotStore(timeline.url) as store:
        made = lives(timeline, store, 5 * 24)
        store.reconcile([REGION], deep=True)
    assert entries_of(timeline.client).keys() == made.keys()
    assert not timeline.client.exists(NAMES.beside["spare"])


def test_ninety_days_in_tiers_cost_less_than_a_tenth(server, client):
    """The same history twice, by the server's own count of bytes; the second time in tiers. Real ones are longer."""
    empty = client.info("memory")["used_memory"]
    fill(client, REGION, EACH, reason="corridor_break", text="x" * 4000)
    whole = client.info("memory")["used_memory"] - empty
    with SnapshotStore(server.url, policy=Policy(tiers=Tiers.parse("2d:6h,30d:1d"))) as store:
        report = store.reconcile([REGION])
        assert [f.kind for f in report.findings] == ["past_its_tier"]
        assert store.reconcile([REGION], deep=True).findings == ()
    thinned = client.info("memory")["used_memory"] - empty
    print(f"{EACH:,} snapshots cost {whole:,} bytes, {report.states[REGION].snapshots} of them {thinned:,}")
    assert thinned < whole / 10
    assert client.zcard(NAMES.index) < EACH / 20


def test_inputs_are_kept_for_as_long_as_every_snapshot_is(server, client):
    run = RunInputs.of({"a": b"document"}, {}, (REGION,))
    with SnapshotStore(server.url, policy=POLICY) as store:
        store.keep(run, client.time()[0] * 1000)
    lasts_ms = [client.pttl(key) for key in client.scan_iter("snapshot:inputs:*")]
    assert len(lasts_ms) == 2
    assert all(2 * DAY_MS < left <= 2 * DAY_MS + 6 * HOUR_MS + SLACK_MS for left in lasts_ms)


def test_in_a_layout_that_others_share_tiers_are_refused(server):
    with pytest.raises(ConfigurationError, match=r"worldmonitor.*leave REGIONAL_SNAPSHOTS_RETENTION_TIERS empty"):
        SnapshotStore(server.url, layout="worldmonitor", policy=POLICY)


def test_a_list_of_the_wrong_type_is_refused_before_any_write(server, client):
    client.set(NAMES.beside["spare"], "not ours")
    before = picture(client)
    with SnapshotStore(server.url, policy=POLICY) as store:
        with pytest.raises(WrongTypeError) as refused:
            store.commit(fresh(client))
        assert refused.value.key == NAMES.beside["spare"]
        assert picture(client) == before
        assert [f.kind for f in store.reconcile([REGION], fix_types=True).findings] == ["wrong_type"]
        assert store.commit(fresh(client)).outcome is Outcome.COMMITTED


def test_a_snapshot_that_is_dropped_while_it_is_read_is_no_damage(server, client, tmp_path):
    with Proxy(server.url) as proxy, SnapshotStore(server.url) as writer, SnapshotStore(proxy.url) as reader:
        made = [fresh(client, back=back) for back in (2, 1, 0)]
        for one in made:
            writer.commit(one)

        def drop(name):
            client.zrem(NAMES.index, name)
            client.delete(NAMES.payloads + name, f"{NAMES.views}{int(name.split('-')[0], 16)}")

        def read_while_dropped(read, name):
            held = proxy.arm(Break.HOLD_REQUEST, "GET")
            reading = Started(read)
            held.wait()
            drop(name)
            held.release()
            return reading.answer()

        assert read_while_dropped(lambda: reader.as_of(REGION, made[1].generated_at), made[1].id).id == made[0].id
        assert list(read_while_dropped(lambda: reader.history(REGION), made[0].id).id) == [made[2].id]
        report = read_while_dropped(lambda: reader.backup([REGION], tmp_path / "backup"), made[2].id)
        assert (report.written, report.problems) == (0, [])
        with pytest.raises(MissingSnapshotError):
            reader.get(REGION, made[1].id)
