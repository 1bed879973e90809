"""Reconciliation names exactly what was damaged, mends it, and then has nothing left to do."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timezone

import pytest

from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import AccessRefusedError, UnreachableError
from regional_snapshots.store.reconcile import findings
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.drift import EVERYTHING, SINGLE, TO_A_CLAIM, healthy, picture
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.oracle import BUCKET_MS, RETENTION_MS, names_of, violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server_faults import out_of_memory, read_only, without_permission

REGIONS = ("latam", "mena", "east-asia")
LAYOUTS = ("tagged", "worldmonitor")


@pytest.fixture(params=LAYOUTS)
def store(request, server):
    with SnapshotStore(server.url, layout=request.param) as opened:
        yield opened


def kinds(report):
    return Counter((finding.region, finding.kind) for finding in report.findings)


def every_violation(client, layout):
    return [problem for region in REGIONS for problem in violations(client, layout, region)]


@pytest.mark.parametrize("deep", [False, True])
def test_a_healthy_store_has_no_findings_and_is_not_written(store, server, deep):
    client = server.client()
    for region in REGIONS[:2]:
        healthy(store, client, region)
    before = picture(client)
    report = store.reconcile(REGIONS, deep=deep)
    assert (report.findings, dict(report.errors), report.healthy) == ((), {}, True)
    assert (report.regions_checked, report.snapshots_checked) == (3, 8)
    assert picture(client) == before
    assert every_violation(client, store.layout.name) == []


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_damage_is_named_and_mended_and_mended_only_once(store, server, name):
    client, damage = server.client(), EVERYTHING[name]
    scenes = [healthy(store, client, region) for region in REGIONS]
    whole = picture(client)
    scene = scenes[1]
    victim = scene.snapshots[-2]
    damage.does(scene, victim)
    damaged = picture(client)
    kinds_here = damage.named(store.layout.name)
    assert (damaged != whole) == bool(kinds_here)

    checked = store.reconcile(REGIONS, repair=False, deep=True)
    assert kinds(checked) == Counter(("mena", kind) for kind in kinds_here)
    assert picture(client) == damaged
    assert checked.left == checked.findings

    mended = store.reconcile(REGIONS, deep=True, fix_types=damage.on_request)
    assert kinds(mended) == kinds(checked)
    assert mended.left == ()
    assert every_violation(client, scene.layout) == []
    after = picture(client)
    if not damage.lossy:
        assert {key: held for key, held in after.items() if b"quarantine" not in key} == whole
    untouched = {key for key in whole if b"mena" not in key and victim.id.encode() not in key}
    assert {key: after[key] for key in untouched} == {key: whole[key] for key in untouched}

    again = store.reconcile(REGIONS, deep=True, fix_types=True)
    assert again.findings == ()
    assert picture(client) == after


@pytest.mark.parametrize("name", [name for name, damage in SINGLE.items() if not damage.deep and damage.kinds])
def test_what_is_not_deep_is_seen_without_reading_payloads(store, server, name):
    client, damage = server.client(), SINGLE[name]
    scene = healthy(store, client, "mena")
    damage.does(scene, scene.head if name in TO_A_CLAIM else scene.snapshots[-2])  # old claims can block no bucket
    mended = store.reconcile(["mena"], fix_types=damage.on_request)
    kinds_here = set(damage.named(store.layout.name))
    assert {finding.kind for finding in mended.findings} <= kinds_here
    assert kinds_here - {finding.kind for finding in mended.findings} <= {"claim_dangling"}
    assert mended.left == ()
    assert store.reconcile(["mena"]).findings == ()


@pytest.mark.parametrize("name", [name for name in SINGLE if name not in ("nothing",)])
def test_damage_to_the_head_is_mended_too(store, server, name):
    client, damage = server.client(), SINGLE[name]
    scene = healthy(store, client, "mena")
    damage.does(scene, scene.head)
    before = picture(client)
    checked = store.reconcile(["mena"], repair=False, deep=True)
    assert bool(checked.findings) == bool(damage.named(store.layout.name))
    assert picture(client) == before
    mended = store.reconcile(["mena"], deep=True, fix_types=damage.on_request)
    assert kinds(mended) == kinds(checked)
    assert violations(client, scene.layout, "mena") == []
    assert store.latest("mena").id == (scene.head if survives(name, damage) else scene.snapshots[-2]).id
    assert store.reconcile(["mena"], deep=True).findings == ()


def survives(name, damage):
    return not damage.lossy or name.startswith("claim")


def test_a_claim_that_names_what_happened_goes_with_its_snapshot(server, client):
    """Only a search finds it: nobody else knows its name."""
    with SnapshotStore(server.url) as store:
        for loss in ("deleted", "damaged"):
            made = snapshot("mena", client.time()[0] * 1000, note=loss)
            told = news(made, "trigger_activated", what="trigger_activation-a")
            assert store.commit(made, news=told, force=True).outcome is Outcome.COMMITTED
            payload = names_of("tagged", "mena").payloads + made.id
            client.delete(payload) if loss == "deleted" else client.set(payload, "x", keepttl=True)
            assert ("mena", "claim_dangling") in kinds(store.reconcile(["mena"]))
            assert store.reconcile(["mena"], repair=False, deep=True).findings == ()


def test_a_text_of_any_length_is_shown_in_part(store, client):
    scene = healthy(store, client, "mena")
    for long in ("x" * 100_000, "x" * 100_001):
        client.zadd(scene.names.index, {long: scene.head.generated_at})
    found = store.reconcile(["mena"]).findings
    assert [len(each.detail) < 400 for each in found] == [True, True]
    assert store.reconcile(["mena"]).findings == ()


def test_latest_never_moves_back_from_a_snapshot_that_verifies(store, server):
    client = server.client()
    scene = healthy(store, client, "mena")
    client.zrem(scene.names.index, *(each.id for each in scene.snapshots))
    report = store.reconcile(["mena"])
    assert store.latest("mena").id == scene.head.id
    assert kinds(report) == {("mena", "latest_not_indexed"): 1, ("mena", "payload_orphaned"): 3}


@pytest.mark.parametrize("becomes", ["nothing", "a string", "a string, and latest is lost", "one old entry"])
def test_an_index_that_was_lost_is_made_anew_in_the_same_run(store, server, becomes):
    client = server.client()
    scene, other = healthy(store, client, "mena"), healthy(store, client, "latam")
    client.zrem(other.names.index, other.snapshots[0].id)  # found by deep ones only
    before = client.zrange(scene.names.index, 0, -1, withscores=True)
    client.delete(scene.names.index)
    if becomes.startswith("a string"):
        client.set(scene.names.index, "x")
        if becomes != "a string":
            client.delete(scene.names.latest)
        assert {finding.kind for finding in store.reconcile(["mena", "latam"]).left} == {"wrong_type"}
    elif becomes == "one old entry":
        client.zadd(scene.names.index, {scene.snapshots[0].id: scene.snapshots[0].generated_at})
    checked = store.reconcile(["mena", "latam"], repair=False)
    report = store.reconcile(["mena", "latam"], fix_types=True)
    if not becomes.startswith("a string"):
        assert kinds(checked) == kinds(report)
    assert client.zrange(scene.names.index, 0, -1, withscores=True) == before
    assert violations(client, scene.layout, "mena") == []
    assert {finding.region for finding in report.findings} == {"mena"}


def test_latest_takes_on_the_expiry_of_what_it_names_when_the_head_is_lost(store, server):
    client = server.client()
    scene = healthy(store, client, "mena")
    client.set(scene.names.latest, scene.snapshots[-2].id, keepttl=True)
    client.delete(scene.payload(scene.head))
    report = store.reconcile(["mena"])
    found = Counter(finding.kind for finding in report.findings)
    assert found == Counter(("expires_late", "entry_without_payload", "claim_dangling"))
    assert violations(client, scene.layout, "mena") == []
    assert store.reconcile(["mena"], deep=True).findings == ()


def test_wrong_types_are_left_alone_unless_asked_for(store, server):
    client = server.client()
    scene = healthy(store, client, "mena")
    for key in (scene.names.latest, scene.names.index, scene.view(scene.head), scene.claim(scene.head)):
        client.delete(key)
        client.hset(key, "a", "b")
    before = picture(client)
    report = store.reconcile(["mena"], deep=True)
    assert {finding.kind for finding in report.left} == {"wrong_type"}
    assert {finding.key for finding in report.left} == {scene.names.latest, scene.names.index, scene.claim(scene.head)}
    assert not report.healthy
    assert picture(client) == before
    assert store.reconcile(["mena"], deep=True, fix_types=True).left == ()
    assert violations(client, scene.layout, "mena") == []


def test_quarantine_keeps_the_bytes_and_expires_and_is_never_written_over(store, server):
    client = server.client()
    scene = healthy(store, client, "mena")
    for rubbish in (b"first", b"second"):
        client.set(scene.payload(scene.head), rubbish)
        client.zadd(scene.names.index, {scene.head.id: scene.head.generated_at})
        assert store.reconcile(["mena"], deep=True).left == ()
    kept = list(client.scan_iter(f"{scene.names.quarantine}*{scene.head.id}*"))
    assert sorted(client.get(key) for key in kept) == [b"first", b"second"]
    assert all(0 < client.ttl(key) <= 7 * 86_400 for key in kept)


def test_what_another_program_may_be_writing_is_left_alone(store, server):
    client = server.client()
    scene = healthy(store, client, "mena")
    fresh = snapshot("mena", client.time()[0] * 1000 - 1000)
    client.set(scene.payload(fresh), fresh.payload, ex=1000)
    client.set(scene.view(fresh), fresh.id, ex=1000)
    before = picture(client)
    report = store.reconcile(["mena"], deep=True)
    [waiting] = report.findings
    assert (waiting.kind, waiting.key, waiting.repaired) == ("too_young", scene.payload(fresh), False)
    assert (
        waiting.detail
        == f"judged after {datetime.fromtimestamp(fresh.generated_at / 1000 + 60, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    )
    assert report.healthy
    assert picture(client) == before


def test_a_view_alone_is_waited_for_too(store, server):
    client = server.client()
    scene = healthy(store, client, "mena")
    fresh = snapshot("mena", client.time()[0] * 1000 - 1000)
    client.set(scene.view(fresh), fresh.id, ex=1000)
    before = picture(client)
    report = store.reconcile(["mena"], deep=True)
    assert [(found.kind, found.key) for found in report.findings] == [("too_young", scene.view(fresh))]
    assert picture(client) == before


def test_another_regions_payload_is_not_quarantined_for_a_wrong_entry(server):
    client = server.client()
    with SnapshotStore(server.url, layout="worldmonitor") as store:
        mine, theirs = healthy(store, client, "mena"), healthy(store, client, "latam")
        client.zadd(mine.names.index, {theirs.head.id: theirs.head.generated_at})
        report = store.reconcile(["mena", "latam"], deep=True)
        assert kinds(report) == {("mena", "entry_without_payload"): 1}
        assert every_violation(client, "worldmonitor") == []


@pytest.mark.parametrize("reconciled", [False, True])
def test_a_claim_left_behind_frees_its_bucket_at_once(store, server, reconciled):
    client = server.client()
    now_ms = client.time()[0] * 1000 - 61_000
    lost, next_try = (snapshot("mena", now_ms, reason="regime_shift", take=take) for take in (1, 2))
    claims = names_of(store.layout.name, "mena").claims
    client.set(f"{claims}regime_shift:{now_ms // 900_000}", lost.id, ex=900)
    if reconciled:
        assert [finding.kind for finding in store.reconcile(["mena"]).findings] == ["claim_dangling"]
    assert store.commit(next_try).outcome is Outcome.COMMITTED
    assert violations(client, store.layout.name, "mena") == []


def test_a_claim_of_a_program_that_writes_after_claiming_is_left_to_it_for_a_minute(server):
    client = server.client()
    now_ms = client.time()[0] * 1000
    young, old = snapshot("mena", now_ms), snapshot("mena", now_ms - 61_000, reason="regime_shift")
    claims = names_of("worldmonitor", "mena").claims
    for each in (young, old):
        client.set(f"{claims}{each.reason}:{each.generated_at // BUCKET_MS}", each.id, px=BUCKET_MS)
    with SnapshotStore(server.url, layout="worldmonitor") as store:
        assert [finding.before for finding in store.reconcile(["mena"]).findings] == [old.id]
    assert client.get(f"{claims}{young.reason}:{now_ms // BUCKET_MS}") == young.id.encode()


@pytest.mark.parametrize(("written_ms_ago", "kind"), [(0, "too_young"), (61_000, "payload_orphaned")])
def test_a_payload_without_a_time_is_left_to_its_writer_for_a_minute(server, written_ms_ago, kind):
    """Of what says no time of its own, only its expiry tells when it was written."""
    client = server.client()
    client.set("snapshot:id:{mena}:half", "written", px=RETENTION_MS - written_ms_ago)
    with SnapshotStore(server.url) as store:
        healthy(store, client, "mena")
        assert [finding.kind for finding in store.reconcile(["mena"], deep=True).findings] == [kind]
    assert client.exists("snapshot:id:{mena}:half") == (kind == "too_young")


@pytest.mark.parametrize("stopped_after", range(7))
def test_a_pipeline_of_six_commands_stopped_anywhere_is_mended(server, stopped_after):
    """Source: the pipeline specification, section 17: the claim, then six commands that are no transaction."""
    client = server.client()
    with SnapshotStore(server.url, layout="worldmonitor") as store:
        scene = healthy(store, client, "mena")
        made = snapshot("mena", client.time()[0] * 1000 - 61_000, reason="trigger_activation")
        client.set(scene.claim(made), made.id, ex=900, nx=True)
        steps = [
            lambda: client.set(scene.view(made), made.payload, ex=7_776_000),
            lambda: client.set(scene.payload(made), made.payload, ex=7_776_000),
            lambda: client.set(scene.names.latest, made.id, ex=7_776_000),
            lambda: client.zadd(scene.names.index, {made.id: made.generated_at}),
            lambda: client.zremrangebyscore(scene.names.index, "-inf", f"({made.generated_at - 7_776_000_000}"),
            lambda: client.delete("intelligence:snapshot:v1:mena:live"),
        ]
        for step in steps[:stopped_after]:
            step()
        store.reconcile(["mena"], deep=True)
        arrived = stopped_after >= 2
        assert store.latest("mena").id == (made if arrived else scene.head).id
        late = [problem for problem in violations(client, "worldmonitor", "mena") if "expires at" not in problem]
        assert late == []
        assert store.reconcile(["mena"], deep=True).findings == ()
        if not arrived:
            assert store.commit(made).outcome is Outcome.COMMITTED


def test_an_unreadable_region_holds_up_nobody(store, server):
    client = server.client()
    scene = healthy(store, client, "mena")
    client.delete(scene.names.latest)
    with without_permission(server, "resetkeys", "~*mena*", "~intelligence:snapshot-by-id:*"):
        report = store.reconcile(["mena", "latam"])
    assert isinstance(report.errors["latam"], AccessRefusedError)
    assert [finding.kind for finding in report.findings] == ["latest_missing"]
    assert (report.left, report.healthy) == ((), False)
    assert list(report.frame().region) == ["mena", "latam"]


def test_a_server_that_refuses_writes_leaves_findings_and_an_error(store, server):
    client = server.client()
    scene = healthy(store, client, "mena")
    client.delete(scene.names.latest)
    impatient = SnapshotStore(server.url, layout=store.layout.name, policy=Policy(attempts=3))
    with read_only(server), impatient:
        report = impatient.reconcile(["mena"])
    assert [finding.kind for finding in report.left] == ["latest_missing"]
    assert list(report.errors) == ["mena"]


def test_a_server_whose_memory_is_full_is_looked_at_all_the_same(store, server):
    """It refuses even reads within a transaction."""
    client = server.client()
    scene = healthy(store, client, "mena")
    client.delete(scene.names.latest)
    with out_of_memory(server):
        report = store.reconcile(["mena"], repair=False, deep=True)
    assert dict(report.errors) == {}
    assert {finding.kind for finding in report.findings} == {"latest_missing"}


def test_without_a_server_every_region_has_its_error(own_server):
    server = own_server()
    with SnapshotStore(server.url, policy=Policy(attempts=2)) as store:
        server.kill()
        report = store.reconcile(REGIONS)
    assert {type(error) for error in report.errors.values()} == {UnreachableError}
    assert list(report.errors) == list(REGIONS)


def test_a_hundred_healthy_regions_take_at_most_six_round_trips(server):
    client = server.client()
    regions = [f"r{number}" for number in range(100)]
    with SnapshotStore(server.url) as store:
        for region in regions:
            healthy(store, client, region, count=3)
    with Proxy(server.url) as proxy, SnapshotStore(proxy.url) as store:
        assert store.reconcile(regions).findings == ()
        assert sum(proxy.turnarounds.values()) <= 6


def test_history_longer_than_a_page_is_checked_to_its_end(store, server, monkeypatch):
    monkeypatch.setattr("regional_snapshots.store.reconcile.reconciler.ENTRIES", 4)
    monkeypatch.setattr("regional_snapshots.store.reconcile.reconciler.SMALLEST_PAGE", 4)
    client = server.client()
    scene = healthy(store, client, "mena", count=21)
    gone = scene.snapshots[:9]
    client.delete(*(scene.view(each) for each in gone))
    report = store.reconcile(["mena"])
    assert report.snapshots_checked == 21
    assert {finding.key for finding in report.findings} == {scene.view(each) for each in gone}
    assert violations(client, scene.layout, "mena") == []


def test_every_repair_is_logged_and_shown(store, server, caplog):
    client = server.client()
    scene = healthy(store, client, "mena")
    client.set(scene.names.latest, scene.snapshots[0].id, keepttl=True)
    with caplog.at_level(logging.WARNING):
        report = store.reconcile(["mena", "latam"])
    [record] = caplog.records
    assert all(part in record.getMessage() for part in (scene.names.latest, scene.snapshots[0].id, scene.head.id))
    [finding] = report.findings
    assert (finding.before, finding.after, finding.repaired) == (scene.snapshots[0].id, scene.head.id, True)
    row = report.frame().iloc[0].to_dict()
    assert row == {
        "region": "mena", "latest": scene.head.id, "head": scene.head.id, "snapshots": 4, "findings": 1, "repaired": 1,
        "left": 0,
    }  # fmt: skip
    assert list(report.findings_frame().kind) == ["latest_behind"]
    assert store.reconcile(["latam"]).findings_frame().empty


def test_the_ordinary_course_of_time_is_no_ill_health(store, server):
    client = server.client()
    scene = healthy(store, client, "mena")
    old_ms = scene.head.generated_at - 91 * 86_400_000
    client.zadd(scene.names.index, {snapshot("mena", old_ms).id: old_ms})
    report = store.reconcile(["mena"], repair=False)
    assert [finding.severity for finding in report.left] == [findings.INFO]
    assert report.healthy
