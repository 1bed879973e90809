"""In the layout it shares with others, a commit tells them what they expect: with its snapshot, once, or not at all."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import redis

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.commit import Outcome
from regional_snapshots.store.errors import StoreError, WrongTypeError
from regional_snapshots.store.protocol.beside import ALERT_LIFE_S, KNOWN_ELSEWHERE, hash_of
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import fresh
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.faults import HOLDS, Break
from regional_snapshots_tests.support.news import event, news
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server import RedisServer

QUEUE, HISTORY, NOTE = "wm:events:queue", "intelligence:regime-history:v1:mena", "wm:notif:scan-dedup:"
KINDS = ("regime_shift", "trigger_activated", "corridor_break", "buffer_failure", "data_loss")
CUTS = [where for where in Break if where not in HOLDS]


def made(client: redis.Redis, **changes: Any) -> Snapshot:
    return fresh(client, region="mena", **changes)


def told(client: redis.Redis) -> list[dict[str, Any]]:
    """What is in the queue, oldest first."""
    return [json.loads(message) for message in reversed(client.lrange(QUEUE, 0, -1))]


def open_(url: str, **options: Any) -> SnapshotStore:
    return SnapshotStore(url, layout="worldmonitor", **options)


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("regional_regime_shift:Middle East & North Africa: regime calm → coercive stalemate", "5t1lun"),
        ("", "0"),
        ("\U0001f30d", "1205t"),
    ],
)
def test_the_hash_is_that_of_the_live_system(text: str, digest: str) -> None:
    """The first is one of its published vectors; a character beyond the basic plane counts as two units."""
    assert hash_of(text) == digest


def test_each_alert_is_queued_with_its_snapshot_as_the_relay_reads_it(server: RedisServer, client: redis.Redis) -> None:
    snapshot = made(client)
    given = news(snapshot, *KINDS, before="calm", after="escalation_ladder")
    with open_(server.url) as store:
        store.commit(snapshot, news=given)
    messages = told(client)
    assert [(it["eventType"], it["severity"]) for it in messages] == [
        ("regional_regime_shift", "critical"),
        ("regional_trigger_activation", "high"),
        ("regional_corridor_break", "critical"),
        ("regional_buffer_failure", "high"),
    ]
    shift = messages[0]
    assert list(shift) == ["eventType", "severity", "payload", "publishedAt"]
    text = "Middle East & North Africa: regime calm → escalation ladder"
    assert shift["payload"] == {
        "title": text,
        "region_id": "mena",
        "snapshot_id": snapshot.id,
        "triggered_at": snapshot.generated_at,
        "details": {"from": "calm", "to": "escalation_ladder"},
        "dedupe_key": text,
    }
    note = f"{NOTE}regional_regime_shift:{hash_of('regional_regime_shift:' + text)}"
    assert client.get(note) == b"1"
    assert ALERT_LIFE_S - 5 <= client.ttl(note) <= ALERT_LIFE_S
    assert client.ttl(QUEUE) == -1


def test_the_list_of_regimes_has_its_entry_and_never_more_than_a_hundred(
    server: RedisServer, client: redis.Redis
) -> None:
    client.rpush(HISTORY, *[f'{{"n": {number}}}' for number in range(100)])
    snapshot = made(client)
    with open_(server.url) as store:
        store.commit(snapshot, news=news(snapshot, "regime_shift"))
    newest, *rest = client.lrange(HISTORY, 0, -1)
    assert list(json.loads(newest)) == [
        "region_id", "label", "previous_label", "transitioned_at", "transition_driver", "snapshot_id"
    ]  # fmt: skip
    assert json.loads(newest)["snapshot_id"] == snapshot.id
    assert [json.loads(entry)["n"] for entry in rest] == list(range(99))


def test_a_snapshot_without_a_shift_leaves_the_list_alone(server: RedisServer, client: redis.Redis) -> None:
    snapshot = made(client)
    with open_(server.url) as store:
        store.commit(snapshot, news=news(snapshot, "trigger_activated"))
    assert not client.exists(HISTORY)


def test_a_queue_that_is_none_refuses_the_commit_and_says_what_to_do(server: RedisServer, client: redis.Redis) -> None:
    client.set(QUEUE, "x")
    snapshot = made(client)
    with open_(server.url) as store, pytest.raises(WrongTypeError, match=QUEUE) as refused:
        store.commit(snapshot, news=news(snapshot, "trigger_activated"))
    assert "REGIONAL_SNAPSHOTS_WM_ALERTS=0" in refused.value.next_step
    assert client.keys() == [QUEUE.encode()]
    with open_(server.url, alerts=False) as store:
        assert store.commit(snapshot, news=news(snapshot, "trigger_activated")).outcome is Outcome.COMMITTED


def test_what_was_alerted_within_six_hours_is_not_alerted_again(server: RedisServer, client: redis.Redis) -> None:
    first, second = made(client), made(client, plus_ms=1)
    with open_(server.url) as store:
        for snapshot in (first, second):
            store.commit(snapshot, news=news(snapshot, *KINDS), force=True)
    assert len(told(client)) == 4
    assert client.llen(HISTORY) == 2


@pytest.mark.parametrize(("trigger", "digest"), KNOWN_ELSEWHERE.items())
def test_what_the_script_beside_us_alerted_is_not_alerted_again_and_the_other_way_round(
    server: RedisServer, client: redis.Redis, trigger: str, digest: str
) -> None:
    note = f"{NOTE}regional_trigger_activation:{digest}"
    with open_(server.url) as store:
        first = made(client)
        given = news(first)
        activation = event(first, "trigger_activated", trigger)
        store.commit(first, news=type(given)(events=(activation,)))
        assert client.get(note) == b"1"
        client.delete(QUEUE)
        client.delete(*client.keys(f"{NOTE}*"))
        client.set(note, "1", ex=ALERT_LIFE_S)
        second = made(client, plus_ms=1)
        store.commit(second, news=type(given)(events=(event(second, "trigger_activated", trigger),)), force=True)
    assert told(client) == []


@pytest.mark.parametrize("where", CUTS)
def test_cut_anywhere_once_every_alert_is_queued_once_and_never_without_its_snapshot(
    server: RedisServer, client: redis.Redis, where: Break
) -> None:
    snapshot = made(client)
    with Proxy(server.url) as proxy, open_(proxy.url) as store:
        store.commit(snapshot, news=news(snapshot, *KINDS))
        requests = len(proxy.requests)
    for number in range(1, requests + 1):
        client.flushall()
        with Proxy(server.url) as proxy, open_(proxy.url) as store:
            proxy.arm(where, number)
            assert store.commit(snapshot, news=news(snapshot, *KINDS)).outcome is Outcome.COMMITTED
        assert (len(told(client)), client.llen(HISTORY)) == (4, 1), number


def test_of_two_writers_that_meet_one_alerts(server: RedisServer, client: redis.Redis) -> None:
    snapshot = made(client)
    with Proxy(server.url) as proxy, open_(proxy.url) as slow, open_(server.url) as quick:
        held = proxy.arm(Break.HOLD_REQUEST, "MULTI")
        rival = made(client, plus_ms=1)

        answers: list[Any] = []
        thread = threading.Thread(
            target=lambda: answers.append(slow.commit(snapshot, news=news(snapshot, *KINDS), force=True))
        )
        thread.start()
        held.struck.wait(20)
        quick.commit(rival, news=news(rival, *KINDS), force=True)
        held.release()
        thread.join()
    assert len(told(client)) == 4


@pytest.mark.parametrize("key", [QUEUE, HISTORY])
def test_a_list_of_another_type_is_refused_before_any_write(server: RedisServer, client: redis.Redis, key: str) -> None:
    client.set(key, "x")
    before = picture(client)
    snapshot = made(client)
    with open_(server.url) as store, pytest.raises(WrongTypeError, match=key):
        store.commit(snapshot, news=news(snapshot, *KINDS))
    assert picture(client) == before


def test_alerts_can_be_turned_off_and_the_list_of_regimes_stays(server: RedisServer, client: redis.Redis) -> None:
    snapshot = made(client)
    with open_(server.url, alerts=False) as store:
        store.commit(snapshot, news=news(snapshot, *KINDS))
    assert not client.keys("wm:*")
    assert client.llen(HISTORY) == 1


def test_the_own_layout_alerts_nobody(server: RedisServer, client: redis.Redis) -> None:
    snapshot = made(client)
    with SnapshotStore(server.url) as store:
        store.commit(snapshot, news=news(snapshot, *KINDS))
    assert not [key for key in client.scan_iter() if key.startswith((b"wm:", b"intelligence:"))]


def test_a_late_snapshot_alerts_nobody(server: RedisServer, client: redis.Redis) -> None:
    newer, older = made(client), made(client, back=1)
    with open_(server.url) as store:
        store.commit(newer)
        assert store.commit(older, news=news(older, *KINDS)).outcome is Outcome.LATE
    assert not client.exists(QUEUE, HISTORY)
    assert issubclass(WrongTypeError, StoreError)
