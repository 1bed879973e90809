"""Rows and changes of regime that were lost are told again from the snapshots, and nothing is invented."""

from __future__ import annotations

import json

import pytest

from regional_snapshots.model.news import News, shift_of
from regional_snapshots.model.series import SERIES_BUCKET_MS, row_of, series_bucket
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.documents import document
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.witness import Streams

REGION = "mena"
LABELS = ("calm", "calm", "coercive_stalemate", "coercive_stalemate", "escalation_ladder", "calm")


@pytest.fixture(params=["tagged", "worldmonitor"])
def store(request, server):
    with SnapshotStore(server.url, layout=request.param) as opened:
        yield opened


@pytest.fixture
def keys(store):
    return Streams.of(store.layout.name, REGION)


def made(instant_ms: int, label: str, before: str, **notes) -> Snapshot:
    """A snapshot with this regime after that one."""
    changed = label != before
    drawn = document(REGION, instant_ms, reason="regime_shift" if changed else "scheduled_6h", **notes)
    drawn["regime"] = {"label": label, "previous_label": before, "transitioned_at": 0, "transition_driver": ""}
    return Snapshot.seal(drawn)


def publish(store, client) -> list[Snapshot]:
    """Six snapshots, each in six hours of its own but the last two, with their news."""
    newest = series_bucket(client.time()[0] * 1000) - 1000
    instants = [newest - SERIES_BUCKET_MS * back for back in (4, 3, 2, 1, 0)]
    instants.insert(4, newest - 3_600_000)
    published, before = [], ""
    for instant, label in zip(instants, LABELS, strict=True):
        one = made(instant, label, before)
        previous = published[-1].document if published else None
        told = News(shift=shift_of(one.document, previous), row=row_of(one.document, {}))
        store.commit(one, news=told)
        published.append(one)
        before = label
    return published


def rows(client, keys):
    return [(int(score), json.loads(member)) for member, score in client.zrange(keys.series, 0, -1, withscores=True)]


def shifts(client, keys):
    return [
        {name.decode(): value.decode() for name, value in fields.items()} for _, fields in client.xrange(keys.regimes)
    ]


def kinds(report):
    return sorted(finding.kind for finding in report.findings)


def test_a_store_that_lost_nothing_has_no_findings_and_is_not_written(store, client):
    publish(store, client)
    before = picture(client)
    report = store.reconcile([REGION], deep=True, news=True)
    assert (report.findings, dict(report.errors)) == ((), {})
    assert picture(client) == before


@pytest.mark.parametrize("lost", ["all", "first", "last"])
def test_rows_that_were_lost_are_made_again_from_the_newest_snapshot_of_their_six_hours(store, client, keys, lost):
    publish(store, client)
    whole, expiry = rows(client, keys), client.execute_command("PEXPIRETIME", keys.series)
    place = {"all": (0, -1), "first": (0, 0), "last": (-1, -1)}[lost]
    client.zremrangebyrank(keys.series, *place)
    checked = store.reconcile([REGION], repair=False, deep=True, news=True)
    assert set(kinds(checked)) == {"row_missing"}
    assert rows(client, keys) != whole
    assert kinds(store.reconcile([REGION], deep=True, news=True)) == kinds(checked)
    assert rows(client, keys) == whole
    assert client.execute_command("PEXPIRETIME", keys.series) == expiry
    assert not store.reconcile([REGION], deep=True, news=True).findings


@pytest.mark.parametrize("damage", ["rubbish", "doubled"])
def test_of_six_hours_there_is_one_row_and_it_is_one(store, client, keys, damage):
    publish(store, client)
    score, row = rows(client, keys)[1]
    if damage == "rubbish":
        client.zremrangebyscore(keys.series, score, score)
    client.zadd(keys.series, {"rubbish": score})
    assert kinds(store.reconcile([REGION], deep=True, news=True)) == ["row_damaged"]
    assert (score, row) in rows(client, keys)
    assert not store.reconcile([REGION], deep=True, news=True).findings


@pytest.mark.parametrize("score", ["inf", "-inf", "1.5", "1e300"])
def test_a_row_of_no_time_at_all_goes_and_moves_no_expiry(store, client, keys, score):
    publish(store, client)
    whole, expiry = rows(client, keys), client.execute_command("PEXPIRETIME", keys.series)
    client.zremrangebyrank(keys.series, -1, -1)
    client.zadd(keys.series, {"rubbish": score})
    checked = store.reconcile([REGION], repair=False, deep=True, news=True)
    assert kinds(checked) == ["row_damaged", "row_missing"]
    assert kinds(store.reconcile([REGION], deep=True, news=True)) == kinds(checked)
    assert rows(client, keys) == whole
    assert client.execute_command("PEXPIRETIME", keys.series) == expiry
    assert not store.reconcile([REGION], deep=True, news=True).findings


def test_rows_that_outlive_their_snapshots_stay(store, client, keys):
    published = publish(store, client)
    old = row_of(published[0].document | {"generated_at": published[0].generated_at - 100 * 86_400_000}, {})
    client.zadd(keys.series, {old.encode(): old.bucket})
    assert not store.reconcile([REGION], deep=True, news=True).findings
    assert len(rows(client, keys)) == 6


@pytest.mark.parametrize("lost", ["all", "first", "middle"])
def test_changes_of_regime_that_were_lost_are_told_again_in_their_place(store, client, keys, lost):
    publish(store, client)
    whole = shifts(client, keys)
    assert len(whole) == 4
    ids = [name for name, _ in client.xrange(keys.regimes)]
    for name in {"all": ids, "first": ids[:1], "middle": ids[1:3]}[lost]:
        client.xdel(keys.regimes, name)
    assert "regime_untold" in kinds(store.reconcile([REGION], repair=False, deep=True, news=True))
    assert set(kinds(store.reconcile([REGION], deep=True, news=True))) == {"regime_untold"}
    assert shifts(client, keys) == whole
    assert not store.reconcile([REGION], deep=True, news=True).findings


@pytest.mark.parametrize(
    ("after", "label", "before"), [(2, "fragmentation_risk", "coercive_stalemate"), (1, "calm", "fragmentation_risk")]
)
def test_a_late_snapshot_that_shifted_something_of_its_own_is_not_told(store, client, keys, after, label, before):
    """Its neighbours do not agree: the next one knows nothing of it, or the one before is not what it left."""
    published = publish(store, client)
    late = made(published[after].generated_at + 60_000, label, before, note="late")
    store.commit(late)
    told = shifts(client, keys)
    assert "regime_untold" not in kinds(store.reconcile([REGION], deep=True, news=True))
    assert shifts(client, keys) == told


def test_no_event_is_invented(store, client, keys):
    publish(store, client)
    client.delete(keys.series, keys.regimes)
    store.reconcile([REGION], deep=True, news=True)
    assert not client.exists(keys.events)


def test_news_of_a_writer_that_comes_in_between_are_kept(store, client, keys, server):
    """The look is watched: a commit in between makes it begin anew."""
    published = publish(store, client)
    client.delete(keys.series)
    later = made(published[-1].generated_at + 1, "calm", "calm")
    reteller_sends = store.connections.send
    once = []

    async def interrupted(wire, batch):
        if batch.commands[0][0] == "MULTI" and batch.commands[1][0] == "ZADD" and not once:
            once.append(True)
            with SnapshotStore(server.url, layout=store.layout.name) as other:
                other.commit(later, news=News(row=row_of(later.document, {})), force=True)
        await reteller_sends(wire, batch)

    store.connections.send = interrupted
    store.reconcile([REGION], deep=True, news=True)
    assert once
    assert rows(client, keys)[-1][1]["snapshot_id"] == later.id
    assert len(rows(client, keys)) == 5
