"""Events, changes of regime and rows are written with their snapshot or not at all, once, and can be read."""

from __future__ import annotations

import json

import pytest

from regional_snapshots.model.events import EVENT_TYPES, HOUR_MS
from regional_snapshots.model.series import SERIES_BUCKET_MS
from regional_snapshots.model.values import DAY_MS
from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import StoreError, WrongTypeError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, Started, fresh, wait_until
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.faults import HOLDS, Break
from regional_snapshots_tests.support.news import event, news, row
from regional_snapshots_tests.support.oracle import violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.soak import Soak
from regional_snapshots_tests.support.witness import Brought, Streams, contradictions

LAYOUTS = ["tagged", "worldmonitor"]
CUTS = [where for where in Break if where not in HOLDS]
ALL = ("regime_shift", "trigger_activated", "data_loss")


def told(store, region=REGION):
    return [(each.type, each.suppressed) for each in store.events([region])[region]]


def at(client, instant_ms, **named):
    """A snapshot at an instant of the past, by the server's clock."""
    return fresh(client, plus_ms=instant_ms, **named)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_commit_tells_its_news_and_they_can_be_read(server, client, layout):
    with SnapshotStore(server.url, layout=layout) as store:
        made = fresh(client)
        given = news(made, *ALL)
        answer = store.commit(made, news=given)
        assert answer.told == given.events
        assert store.events([REGION]) == {REGION: list(given.events)}
        assert store.regimes([REGION]) == {REGION: [given.shift]}
        frame = store.series([REGION])[REGION]
        assert frame[["snapshot_id", "coercive_pressure", "cii:IR"]].values.tolist() == [[made.id, 0.25, 61.0]]
        assert violations(client, layout, REGION) == []


def test_the_stream_says_the_most_in_fields_of_its_own(direct, client):
    made = fresh(client)
    direct.commit(made, news=news(made, "corridor_break", before=0.9, after=0.5))
    [(_, fields)] = client.xrange("snapshot:events:{latam}")
    assert {name.decode(): value.decode() for name, value in fields.items() if name != b"body"} == {
        "event_id": f"{made.id}:corridor_break:subject",
        "type": "corridor_break",
        "severity": "critical",
        "region": REGION,
        "subject": "subject",
        "from": "0.9",
        "to": "0.5",
    }
    assert json.loads(fields[b"body"])["snapshot_id"] == made.id


@pytest.mark.parametrize("where", CUTS)
def test_cut_anywhere_once_its_news_are_told_once(server, client, where):
    made = fresh(client)
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
        store.commit(made, news=news(made, *ALL))
        requests = len(proxy.requests)
    for number in range(1, requests + 1):
        client.flushall()
        with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
            proxy.arm(where, number)
            answer = store.commit(made, news=news(made, *ALL))
            assert len(proxy.struck) == 1
        assert (answer.outcome, [each.type for each in answer.told]) == (Outcome.COMMITTED, list(ALL)), number
        brought = {made.id: Brought.by(news(made, *ALL))}
        assert contradictions(client, "tagged", REGION, brought, [made.id]) == [], number
        assert violations(client, "tagged", REGION) == []


@pytest.mark.parametrize("family", ["events", "regimes", "series", "quiet"])
def test_a_key_of_the_wrong_type_is_refused_before_any_write(direct, client, family):
    key = f"snapshot:{family}:{{latam}}"
    client.set(key, "not ours")
    made = fresh(client)
    with pytest.raises(WrongTypeError) as refused:
        direct.commit(made, news=news(made, *ALL))
    assert refused.value.key == key
    assert client.keys() == [key.encode()]


def test_a_late_snapshot_tells_nothing(direct, client):
    newer, older = fresh(client, plus_ms=1), fresh(client, back=2)
    direct.commit(newer, news=news(newer, "data_loss"))
    answer = direct.commit(older, news=news(older, *ALL))
    assert (answer.outcome, answer.told) == (Outcome.LATE, ())
    assert told(direct) == [("data_loss", 0)]
    assert direct.regimes([REGION]) == {REGION: []}
    assert direct.series([REGION])[REGION]["snapshot_id"].tolist() == [newer.id]


def test_a_duplicate_tells_nothing(direct, client):
    first, second = fresh(client), fresh(client, plus_ms=1)
    direct.commit(first, news=news(first, "data_loss"))
    answer = direct.commit(second, news=news(second, *ALL))
    assert (answer.outcome, answer.told) == (Outcome.DUPLICATE, ())
    assert told(direct) == [("data_loss", 0)]


def test_two_different_alarms_in_one_bucket_are_two_commits_and_the_same_twice_is_one(direct, client):
    alarms = [("trigger_activation-a", 0), ("trigger_activation-b", 1), ("trigger_activation-a", 2)]
    outcomes = []
    for what, plus in alarms:
        made = fresh(client, plus_ms=plus, reason="trigger_activation")
        outcomes.append(direct.commit(made, news=news(made, "trigger_activated", what=what, subject=what)).outcome)
    assert outcomes == [Outcome.COMMITTED, Outcome.COMMITTED, Outcome.DUPLICATE]
    assert [each.subject for each in direct.events([REGION])[REGION]] == [
        "trigger_activation-a",
        "trigger_activation-b",
    ]


def test_beside_the_former_script_a_claim_is_the_plain_reason(server, client):
    with SnapshotStore(server.url, layout="worldmonitor") as store:
        made = fresh(client, reason="trigger_activation")
        store.commit(made, news=news(made, "trigger_activated", what="trigger_activation-a"))
    [claim] = client.keys("dedup:*")
    assert claim.startswith(b"dedup:snapshot:v1:latam:trigger_activation:")


def test_a_snapshot_without_a_reason_but_with_news_is_no_duplicate_of_the_head(direct, client):
    first, second, third = (fresh(client, plus_ms=plus, reason="scheduled_6h") for plus in range(3))
    assert direct.commit(first, news=news(first, what="scheduled_6h")).outcome is Outcome.COMMITTED
    lost = news(second, "data_loss", what="scheduled_6h-a")
    assert direct.commit(second, news=lost).outcome is Outcome.COMMITTED
    assert direct.commit(third, news=news(third, what="scheduled_6h")).outcome is Outcome.DUPLICATE


def series_of(store, client, *steps):
    """Commit snapshots ``hours`` apart with an event each; what each commit told: severity and count."""
    instant, answers = fresh(client).generated_at - 60 * HOUR_MS, []
    for hours, kind, members in steps:
        instant += round(hours * HOUR_MS)
        made = snapshot(REGION, instant, reason="regime_shift")
        given = news(made, *([kind] if kind else []), **members)
        answers.append([(each.severity, each.suppressed) for each in store.commit(made, news=given, force=True).told])
    return answers


def test_a_repeat_in_its_cool_down_is_counted_and_told_by_the_next(direct, client):
    six = EVENT_TYPES["data_loss"].quiet_ms / HOUR_MS
    steps = [(0, "data_loss", {}), (1, "data_loss", {}), (2, "data_loss", {}), (six - 3, "data_loss", {})]
    assert series_of(direct, client, *steps) == [[("medium", 0)], [], [], [("medium", 2)]]


def test_a_cool_down_ends_on_the_millisecond(direct, client):
    almost = 6 - 1 / HOUR_MS
    steps = [(0, "data_loss", {}), (almost, "data_loss", {}), (1 / HOUR_MS, "data_loss", {})]
    assert series_of(direct, client, *steps) == [[("medium", 0)], [], [("medium", 1)]]


def test_a_higher_severity_breaks_the_cool_down_and_a_lower_one_does_not(direct, client):
    steps = [
        (0, "axis_anomaly", {"severity": "medium"}),
        (1, "axis_anomaly", {"severity": "medium"}),
        (1, "axis_anomaly", {"severity": "high"}),
        (1, "axis_anomaly", {"severity": "medium"}),
        (1, "axis_anomaly", {"severity": "high"}),
    ]
    assert series_of(direct, client, *steps) == [[("medium", 0)], [], [("high", 1)], [], []]


def test_another_subject_or_direction_is_another_event(direct, client):
    steps = [
        (0, "scenario_jump", {"before": 0.1, "after": 0.5}),
        (1, "scenario_jump", {"before": 0.5, "after": 0.1}),
        (1, "scenario_jump", {"before": 0.1, "after": 0.6, "subject": "another"}),
        (1, "scenario_jump", {"before": 0.2, "after": 0.6}),
    ]
    assert [len(each) for each in series_of(direct, client, *steps)] == [1, 1, 1, 0]


def test_a_change_of_regime_is_told_each_time(direct, client):
    assert [len(each) for each in series_of(direct, client, *[(0.5, "regime_shift", {})] * 3)] == [1, 1, 1]
    assert len(direct.regimes([REGION])[REGION]) == 3


def test_what_has_passed_is_removed_by_the_next_commit(direct, client):
    series_of(direct, client, (0, "data_loss", {}), (7, "", {}))
    assert client.hgetall("snapshot:quiet:{latam}") == {}


def test_a_count_nobody_was_told_is_kept_for_one_cool_down_more(direct, client):
    steps = [(0, "data_loss", {}), (1, "data_loss", {}), (6, "", {}), (1, "data_loss", {})]
    assert series_of(direct, client, *steps)[-1] == [("medium", 1)]
    client.flushall()
    series_of(direct, client, *steps[:2], (12, "", {}))
    assert client.hgetall("snapshot:quiet:{latam}") == {}


def test_junk_in_the_hash_is_removed_and_harms_nobody(direct, client):
    client.hset("snapshot:quiet:{latam}", mapping={"data_loss:subject:after": "junk", "x": "{}"})
    made = fresh(client)
    assert len(direct.commit(made, news=news(made, "data_loss")).told) == 1
    assert list(client.hgetall("snapshot:quiet:{latam}")) == [b"data_loss:subject:after"]


def test_the_last_snapshot_of_six_hours_makes_the_row(direct, client):
    start = fresh(client).generated_at
    start -= start % SERIES_BUCKET_MS + SERIES_BUCKET_MS
    made = [snapshot(REGION, start + plus, reason="regime_shift") for plus in (0, HOUR_MS, SERIES_BUCKET_MS)]
    for each in made:
        direct.commit(each, news=news(each))
    assert direct.series([REGION])[REGION]["snapshot_id"].tolist() == [made[1].id, made[2].id]
    scores = client.zrange("snapshot:series:{latam}", 0, -1, withscores=True)
    assert [int(score) for _, score in scores] == [start, start + SERIES_BUCKET_MS]


def test_rows_last_90_days_longer_than_the_snapshots_that_look_back_at_them(server, client):
    with SnapshotStore(server.url, policy=Policy(retention_ms=DAY_MS)) as store:
        made = fresh(client)
        old = {
            json.dumps({"at": 1}): made.generated_at - 92 * DAY_MS,
            json.dumps({"at": 2}): made.generated_at - 90 * DAY_MS,
        }
        client.zadd("snapshot:series:{latam}", old)
        store.commit(made, news=news(made))
    left = client.zrange("snapshot:series:{latam}", 0, -1)
    assert [json.loads(each)["at"] for each in left] == [2, made.generated_at]
    assert client.execute_command("PEXPIRETIME", "snapshot:series:{latam}") == row(made).bucket + 91 * DAY_MS


def test_events_are_read_from_a_time_on_and_from_a_severity_up(direct, client):
    older, newer = at(client, -10 * HOUR_MS), fresh(client)
    direct.commit(older, news=news(older, "data_loss", "trigger_activated"))
    direct.commit(newer, news=news(newer, "data_restored", "corridor_break"))

    def kinds(**asked):
        return [each.type for each in direct.events([REGION], **asked)[REGION]]

    assert kinds() == ["data_loss", "trigger_activated", "data_restored", "corridor_break"]
    assert kinds(since_ms=newer.generated_at) == ["data_restored", "corridor_break"]
    assert kinds(severity="high") == ["trigger_activated", "corridor_break"]
    assert kinds(limit=1) == ["corridor_break"]


def test_what_is_no_entry_of_ours_is_passed_over(direct, client):
    client.xadd("snapshot:events:{latam}", {"body": "junk"})
    client.xadd("snapshot:events:{latam}", {"other": b"\xff"})
    client.xadd("snapshot:regimes:{latam}", {"from": b"\xff"})
    client.zadd("snapshot:series:{latam}", {"junk": 1})
    made = fresh(client)
    direct.commit(made, news=news(made, "data_loss", "regime_shift"))
    assert len(direct.events([REGION])[REGION]) == 2
    assert len(direct.regimes([REGION])[REGION]) == 1
    assert len(direct.series([REGION])[REGION]) == 1


def test_one_region_that_cannot_be_read_holds_up_nobody(direct, client):
    client.set("snapshot:events:{mena}", "not ours")
    made = fresh(client)
    direct.commit(made, news=news(made, "data_loss"))
    found = direct.events(["mena", REGION])
    assert isinstance(found["mena"], StoreError)
    assert len(found[REGION]) == 1


def test_rows_come_with_the_latest_in_no_further_round_trip(server, client, direct):
    made = fresh(client)
    direct.commit(made, news=news(made))
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
        found, rows = store.run(store.reader.newest_with_rows([REGION], 0))
        with_rows = [request.name for request in proxy.requests]
    assert (found[REGION].id, [each.snapshot_id for each in rows[REGION]]) == (made.id, [made.id])
    assert with_rows == ["GET", "GET", "ZREVRANGE", "ZRANGEBYSCORE", "GET"]


def test_a_follower_hears_what_comes_and_misses_nothing_while_the_server_is_away(own_server):
    troubles = []
    server = own_server()
    with SnapshotStore(server.url) as store, server.client() as client:
        before, after, later = (fresh(client, plus_ms=plus, reason="scheduled_6h") for plus in range(3))
        store.commit(before, news=news(before, "data_loss", what="a"))
        follower = store.follow([REGION, "mena"], troubled=troubles.append)
        heard = Started(lambda: [next(follower).snapshot_id, next(follower).snapshot_id])
        wait_until(lambda: "xread" in {each["cmd"] for each in client.client_list()})
        store.commit(after, news=news(after, "data_restored", what="b"))
        server.stop()
        server.start()
        with SnapshotStore(server.url) as other:
            other.commit(later, news=news(later, "trigger_activated", what="c"))
        assert heard.answer() == [after.id, later.id]
        follower.close()


def test_a_follower_can_begin_in_the_past_and_choose_a_severity(direct, client):
    made = fresh(client)
    direct.commit(made, news=news(made, "data_loss", "corridor_break"))
    follower = direct.follow([REGION], since_ms=0, severity="critical")
    assert next(follower).type == "corridor_break"
    follower.close()


def test_an_event_is_of_the_snapshot_that_is_stored_with_it(direct, client):
    made = fresh(client)
    direct.commit(made, news=news(made, "data_loss"))
    [found] = direct.events([REGION])[REGION]
    assert direct.get(REGION, found.snapshot_id).id == made.id
    assert found == event(made, "data_loss")


def test_many_writers_under_faults_lose_no_news_and_tell_none_twice():
    """A round of the soak: see there for what strikes, and who is witness."""
    soak = Soak(7, None)
    try:
        assert soak.round(0) == 200
    finally:
        soak.close()
    assert (dict(soak.promises), soak.details) == ({}, [])


@pytest.mark.parametrize("stream", ["events", "regimes"])
def test_a_stream_that_takes_no_more_entries_refuses_the_commit_before_anything_is_written(direct, client, stream):
    made, key = fresh(client), getattr(Streams.of(direct.layout.name, REGION), stream)
    client.xadd(key, {"a": "b"}, id=f"{2**64 - 1}-{2**64 - 1}")
    before = picture(client)
    with pytest.raises(WrongTypeError, match="takes no more entries") as refused:
        direct.commit(made, news=news(made, "regime_shift"))
    assert "by hand" in refused.value.next_step
    assert picture(client) == before
    client.delete(key)
    assert direct.commit(made, news=news(made, "regime_shift")).outcome is Outcome.COMMITTED
