"""What another program wrote is served, marked and kept: never removed, never renamed, never cut short."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regional_snapshots.model.snapshot import AXES
from regional_snapshots.store.commit import Outcome
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support import script
from regional_snapshots_tests.support.documents import document, snapshot
from regional_snapshots_tests.support.drift import EVERYTHING, Scene, healthy, picture
from regional_snapshots_tests.support.elder import make_old
from regional_snapshots_tests.support.oracle import DAY_MS

REGIONS = ("latam", "mena", "east-asia")
COUNT = 4
APART_MS = 6 * 3_600_000
SPOT, INDEX, PAYLOAD = (
    "intelligence:snapshot:v1:mena:", "intelligence:snapshot-index:v1:mena", "intelligence:snapshot-by-id:v1:",
)  # fmt: skip


@pytest.fixture
def store(server):
    with SnapshotStore(server.url, layout="worldmonitor") as opened:
        yield opened


@pytest.fixture
def now_ms(client):
    return client.time()[0] * 1000


@pytest.fixture
def filled(client, now_ms):
    """Four snapshots of each region as the former script left them, the newest two hours old."""
    script.fill(client, REGIONS, COUNT, apart_ms=APART_MS, newest_ms=now_ms - 7_200_000)
    return picture(client)


def instants(now_ms):
    return [now_ms - 7_200_000 - back * APART_MS for back in range(COUNT)]


def ids(now_ms):
    return [script.unsealed("mena", instant)["meta"]["snapshot_id"] for instant in instants(now_ms)]


def lost(before, after):
    """Keys that are gone, hold another value, or expire earlier than before."""
    return {
        key: after.get(key)
        for key, (value, at) in before.items()
        if key not in after or after[key][0] != value or (after[key][1] != -1 and (at == -1 or after[key][1] < at))
    }


@pytest.mark.parametrize("deep", [False, True])
def test_a_store_of_the_former_script_needs_no_repair(store, client, filled, deep):
    report = store.reconcile(REGIONS, deep=deep, fix_types=True)
    assert (report.findings, dict(report.errors), report.snapshots_checked) == ((), {}, COUNT * len(REGIONS))
    assert picture(client) == filled


def test_it_is_read_as_what_it_is(store, client, filled, now_ms):
    head = store.latest("mena")
    assert (head.sealed, head.id, head.generated_at) == (False, ids(now_ms)[0], instants(now_ms)[0])
    assert head.document == script.read(client, "mena")
    assert store.get("mena", ids(now_ms)[2]).generated_at == instants(now_ms)[2]
    assert store.as_of("mena", instants(now_ms)[1]).id == ids(now_ms)[1]
    assert store.as_of("mena", instants(now_ms)[1] - 1).id == ids(now_ms)[2]
    store.commit(snapshot("mena", now_ms))
    frame = store.history("mena")
    assert list(frame.sealed) == [True, *[False] * COUNT]
    assert [time.value // 1_000_000 for time in frame.time] == [now_ms, *instants(now_ms)]
    assert list(frame.problem) == [""] * (COUNT + 1)


def test_a_commit_goes_on_top_of_it_and_takes_nothing_away(store, client, filled, now_ms):
    assert store.commit(snapshot("mena", now_ms)).outcome is Outcome.COMMITTED
    mine = {f"{SPOT}latest".encode(), INDEX.encode()}
    assert set(lost(filled, picture(client))) <= mine
    assert [member.decode() for member in client.zrevrange(INDEX, 0, -1)[1:]] == ids(now_ms)
    assert client.ttl(INDEX) == -1
    assert store.reconcile(REGIONS, deep=True).findings == ()


def test_a_late_commit_stays_below_it(store, client, filled, now_ms):
    late = snapshot("mena", instants(now_ms)[0] - 1, reason="regime_shift")
    assert store.commit(late).outcome is Outcome.LATE
    assert set(lost(filled, picture(client))) == {INDEX.encode()}
    assert store.reconcile(REGIONS, deep=True).findings == ()


def test_the_script_beside_us_and_we_are_one_anothers_duplicates(store, client, now_ms):
    theirs, ours = script.unsealed("mena", now_ms), snapshot("mena", now_ms + 1)
    assert script.claim(client, theirs)
    script.write(client, theirs, now_ms=now_ms)
    assert store.commit(ours).owner == theirs["meta"]["snapshot_id"]
    client.flushall()
    store.commit(ours)
    assert not script.claim(client, theirs)


@pytest.mark.parametrize("version", ["7.0.15", "5.0.14"])
def test_a_view_that_names_another_snapshot_is_mended_and_lives_no_longer(client, proxy, filled, now_ms, version):
    """Its life is its program's: what was left of it stays, also where a server knows no KEEPTTL (before 6.0)."""
    make_old(proxy, version)
    view, left_ms = f"{SPOT}{instants(now_ms)[1]}", 5_000_000
    client.set(view, ids(now_ms)[2], px=left_ms)
    with SnapshotStore(proxy.url, layout="worldmonitor") as old:
        report = old.reconcile(REGIONS)
    assert [(finding.kind, finding.key) for finding in report.findings] == [("view_wrong", view)]
    assert report.left == ()
    assert client.get(view).decode() == ids(now_ms)[1]
    assert left_ms - 600_000 < client.pttl(view) <= left_ms


def test_a_view_for_ever_stays_for_ever(store, client, filled, now_ms):
    view = f"{SPOT}{instants(now_ms)[1]}"
    client.set(view, ids(now_ms)[2])
    assert store.reconcile(REGIONS).left == ()
    assert (client.get(view).decode(), client.pttl(view)) == (ids(now_ms)[1], -1)


REPAIRS = {
    "latest gone": (lambda client, gone: client.delete(f"{SPOT}latest"), ["latest_missing"]),
    "latest behind": (lambda client, gone: client.set(f"{SPOT}latest", gone, keepttl=True), ["latest_behind"]),
    "latest of nothing": (
        lambda client, gone: client.set(f"{SPOT}latest", gone.replace("-", "-0")[:25], keepttl=True),
        ["latest_without_payload"],
    ),
    "payload gone": (lambda client, gone: client.delete(PAYLOAD + gone), ["entry_without_payload"]),
    "entry gone": (lambda client, gone: client.zrem(INDEX, gone), ["payload_orphaned"]),
    "entry with another score": (lambda client, gone: client.zadd(INDEX, {gone: 7}), ["entry_wrong_score"]),
    "entry with the time of its id": (
        lambda client, gone: client.zincrby(INDEX, -script.LEAD_MS, gone), ["entry_wrong_score"],
    ),
    "index with an expiry": (lambda client, gone: client.expire(INDEX, 1000), ["expires_early"]),
    "payload for ever": (lambda client, gone: client.persist(PAYLOAD + gone), []),
    "payload that expires soon": (lambda client, gone: client.expire(PAYLOAD + gone, 1000), []),
    "latest for ever": (lambda client, gone: client.persist(f"{SPOT}latest"), []),
}  # fmt: skip
"""What contradicts itself in a store of the script -> what it is called; the last ones are its own business."""


@pytest.mark.parametrize("name", REPAIRS)
def test_only_what_contradicts_itself_is_repaired(store, client, filled, now_ms, name):
    harm, kinds = REPAIRS[name]
    gone = ids(now_ms)[1]
    harm(client, gone)
    damaged = picture(client)
    assert [finding.kind for finding in store.reconcile(REGIONS, repair=False, deep=True).findings] == kinds
    assert picture(client) == damaged
    assert store.reconcile(REGIONS, deep=True).left == ()
    after = picture(client)
    touched = {key for key in lost(damaged, after) if b"snapshot-by-id" in key or key[-13:].isdigit()}
    assert touched == set()
    assert script.read(client, "mena")["meta"]["snapshot_id"] == ids(now_ms)[0]
    assert store.reconcile(REGIONS, deep=True).findings == ()
    assert picture(client) == after


def test_a_payload_without_view_and_a_view_without_payload_are_left(store, client, filled, now_ms):
    client.delete(f"{SPOT}{instants(now_ms)[1]}")
    lone = instants(now_ms)[2]
    client.delete(PAYLOAD + ids(now_ms)[2])
    client.zrem(INDEX, ids(now_ms)[2])
    before = picture(client)
    assert store.reconcile(REGIONS, deep=True).findings == ()
    assert picture(client) == before
    assert json.loads(client.get(f"{SPOT}{lone}"))["generated_at"] == lone


def test_what_is_past_the_retention_is_left_to_expire(store, client, now_ms):
    old = script.unsealed("mena", now_ms - 91 * DAY_MS)
    script.write(client, old, now_ms=now_ms)
    client.zadd(INDEX, {old["meta"]["snapshot_id"]: old["generated_at"]})
    before = picture(client)
    assert store.reconcile(REGIONS, deep=True).findings == ()
    assert picture(client) == before
    client.zrem(INDEX, old["meta"]["snapshot_id"])
    client.delete(f"{SPOT}latest")
    before = picture(client)
    assert store.reconcile(REGIONS, deep=True).findings == ()
    assert picture(client) == before


def test_where_both_wrote_at_one_instant_either_view_is_right(store, client, filled, now_ms):
    instant = instants(now_ms)[1]
    store.commit(snapshot("mena", instant))
    assert store.reconcile(["mena"], deep=True).findings == ()
    script.write(client, script.unsealed("mena", instant), now_ms=now_ms)
    client.set(f"{SPOT}latest", ids(now_ms)[0])
    assert store.reconcile(["mena"], deep=True).findings == ()


def test_a_document_of_the_script_that_does_not_parse_is_quarantined_and_kept_for_a_week(store, client, filled, now_ms):
    cut = PAYLOAD + ids(now_ms)[0]
    client.set(cut, client.get(cut)[:-9], keepttl=True)
    assert [finding.kind for finding in store.reconcile(["mena"]).findings] == ["payload_damaged"]
    assert store.latest("mena").id == ids(now_ms)[1]
    [kept] = client.scan_iter("snapshot:quarantine:v1:mena:*by-id*")
    assert client.ttl(kept) > 6 * 86_400


def test_an_unsealed_snapshot_of_any_shape_is_listed_and_spoils_nothing(store, client, now_ms):
    bare = {"region_id": "mena", "generated_at": now_ms, "meta": {"snapshot_id": f"{now_ms:012x}-0123456789ab"}}
    script.write(client, bare, now_ms=now_ms)
    assert not store.latest("mena").sealed
    [row] = store.history("mena").itertuples()
    assert "shape" in row.problem
    assert store.reconcile(["mena"], deep=True).findings == ()


TAGGED = st.lists(st.tuples(st.sampled_from([*EVERYTHING]), st.integers(0, COUNT - 1)), max_size=6)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=TAGGED)
def test_whatever_befalls_ours_in_a_mixed_store_theirs_is_untouched_and_ours_is_mended(store, client, plan):
    client.flushall()
    now_ms = client.time()[0] * 1000
    scene = healthy(store, client, "mena", count=COUNT)
    for mine in scene.snapshots:
        script.write(client, script.unsealed("mena", mine.generated_at - 60_000), now_ms=now_ms)
    client.set(scene.names.latest, scene.head.id, pxat=scene.head.generated_at + 90 * DAY_MS)
    theirs = [script.unsealed("mena", mine.generated_at - 60_000)["meta"]["snapshot_id"] for mine in scene.snapshots]
    before = {key: held for key, held in picture(client).items() if _is_theirs(key, scene, theirs)}
    for name, place in plan:
        EVERYTHING[name].does(scene, scene.snapshots[place])
    store.reconcile(["mena"], deep=True, fix_types=True)
    after = picture(client)
    assert lost(before, after) == {}
    indexed = [member.decode() for member in client.zrange(scene.names.index, 0, -1)]
    assert set(theirs) <= set(indexed)
    assert client.get(scene.names.latest).decode() == indexed[-1]
    assert store.reconcile(["mena"], deep=True, fix_types=True).findings == ()
    assert picture(client) == after


def _is_theirs(key: bytes, scene: Scene, theirs: list[str]) -> bool:
    views = {f"{scene.names.views}{mine.generated_at - 60_000}" for mine in scene.snapshots}
    return key.decode() in views | {scene.names.payloads + identity for identity in theirs}


@pytest.mark.parametrize("deep", [False, True])
def test_in_our_own_layout_they_are_kept_too(server, client, now_ms, deep):
    made = script.unsealed("mena", now_ms - 3_600_000)
    identity, instant = made["meta"]["snapshot_id"], made["generated_at"]
    client.set(f"snapshot:id:{{mena}}:{identity}", json.dumps(made), ex=script.LIFE_S)
    client.set(f"snapshot:ts:{{mena}}:{instant}", json.dumps(made), ex=script.LIFE_S)
    client.set("snapshot:latest:{mena}", identity, ex=script.LIFE_S)
    client.zadd("snapshot:index:{mena}", {identity: instant})
    before = picture(client)
    with SnapshotStore(server.url) as store:
        assert store.reconcile(["mena"], deep=deep).findings == ()
        assert picture(client) == before
        assert store.latest("mena").id == identity


def test_what_is_shown_of_one_says_unsealed(capsys):
    from regional_snapshots import console
    from regional_snapshots.model.snapshot import Snapshot

    console.card(Snapshot.open(json.dumps(script.unsealed("mena", 1_787_400_000_208))))
    console.card(Snapshot.open(json.dumps({**script.unsealed("mena", 1_787_400_000_208), "balance": None})))
    console.card(Snapshot.seal(document("mena", 1_787_400_000_208)))
    printed = capsys.readouterr().out
    assert printed.count("unsealed") == 2
    assert all(axis.replace("_", " ") in printed for axis in AXES)
