"""Verification proves what was computed from what was kept, and names what was changed."""

from __future__ import annotations

import dataclasses
import json
import time
import zlib

import pytest

from regional_snapshots.analysis.library import Library, said_by
from regional_snapshots.analysis.replay import publish
from regional_snapshots.analysis.rescoring import COLUMNS, rescored
from regional_snapshots.analysis.verification import DIFFERS, PROVED, UNPROVABLE, differences, verify
from regional_snapshots.analysis.worlds import STEP_MS
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.scoring import methods
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.scoring.parity.blocks import balance
from regional_snapshots.store.records.inputs import Manifest
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import fresh
from regional_snapshots_tests.support.server import RedisServer

SIGNALS = "intelligence:cross-source-signals:v1"


@pytest.fixture(scope="module")
def replayed():
    """A store that holds a replay, on a server of its own. Tests put back what they change."""
    with RedisServer() as server, server.client() as client, SnapshotStore(server.url) as store:
        publish(store, "red-sea", METHODS["1.1"], time.time_ns() // 1_000_000 - STEP_MS)
        yield store, client


@pytest.fixture
def kept(replayed):
    """The store, a client, and what is put back when the test is over: every string and its expiry."""
    store, client = replayed
    before = {key: client.dump(key) for key in client.scan_iter("snapshot:*")}
    yield store, client
    for key in client.scan_iter("snapshot:*"):
        if key not in before:
            client.delete(key)
    for key, value in before.items():
        if client.dump(key) != value:
            client.restore(key, 86_400_000, value, replace=True)


def verdicts(store, regions=REGION_IDS, since_ms=0):
    library = Library(store)
    return list(verify(library, library.ids(regions, since_ms, MAX_INSTANT_MS)))


def last_run(store):
    latest = store.latest("mena")
    digest = latest.document["meta"]["inputs"]
    return latest, digest, Library(store).manifest(digest)


def test_every_snapshot_is_proved_and_progress_is_told(kept):
    store, _ = kept
    library, told = Library(store), []
    names = library.ids(REGION_IDS, 0, MAX_INSTANT_MS)
    found = list(verify(library, names, told.append))
    assert {(verdict.state, verdict.why) for verdict in found} == {(PROVED, "")}
    assert sum(told) == len(found) == len(names)


def test_one_byte_changed_in_a_kept_document_is_named_with_its_feed(kept):
    store, client = kept
    latest, _, manifest = last_run(store)
    key = store.layout.inputs_key(manifest.documents[SIGNALS])
    document = zlib.decompress(client.get(key))
    client.set(key, zlib.compress(document.replace(b"Red Sea", b"red Sea", 1)))
    doubtful = [verdict for verdict in verdicts(store) if verdict.state != PROVED]
    assert {verdict.snapshot_id.split("-")[0] for verdict in doubtful} == {latest.id.split("-")[0]}
    assert {verdict.region for verdict in doubtful} == set(REGION_IDS)
    for verdict in doubtful:
        assert verdict.state == UNPROVABLE
        assert SIGNALS in verdict.why
        assert "changed" in verdict.why


def test_a_document_or_a_manifest_that_is_gone_is_named(kept):
    store, client = kept
    latest, digest, _ = last_run(store)
    key = store.layout.inputs_key(digest)
    client.delete(key)
    [verdict] = verdicts(store, ["mena"], latest.generated_at)
    assert (verdict.state, verdict.snapshot_id) == (UNPROVABLE, latest.id)
    assert key in verdict.why
    assert "gone" in verdict.why


def test_a_rule_that_changed_is_told_by_the_members_it_moved(kept, monkeypatch):
    store, _ = kept
    monkeypatch.setitem(balance.OPENNESS, "high", 0.41)
    doubtful = [verdict for verdict in verdicts(store) if verdict.state != PROVED]
    assert doubtful
    for verdict in doubtful:
        assert verdict.state == DIFFERS
        assert "balance.maritime_access" in verdict.why
        assert "scoring 1.1.0" in verdict.why


def test_a_predecessor_that_is_gone_is_named(kept):
    store, client = kept
    latest, _, manifest = last_run(store)
    keys = [key for key in client.scan_iter("snapshot:id:*") if manifest.previous["mena"].encode() in key]
    client.delete(*keys)
    found = {verdict.snapshot_id: verdict for verdict in verdicts(store, ["mena"])}
    assert found[latest.id].state == UNPROVABLE
    assert manifest.previous["mena"] in found[latest.id].why


def test_what_names_no_inputs_or_another_method_cannot_be_proved(kept):
    store, client = kept
    store.commit(fresh(client, region="mena"))
    assert [verdict.state for verdict in verdicts(store, ["mena"])].count(UNPROVABLE) == 1
    assert "names no inputs" in verdicts(store, ["mena"])[-1].why


def test_a_snapshot_that_is_not_what_was_computed_is_found_out(kept):
    """Sealed by its own id, named by its index, and yet nothing that the rules would say of its inputs."""
    store, client = kept
    latest, _, _ = last_run(store)
    document = json.loads(latest.payload)
    document["balance"]["net_balance"] = 0.999
    forged = Snapshot.seal(document)
    client.set(store_key(latest.id), forged.payload)
    client.zrem("snapshot:index:{mena}", latest.id)
    client.zadd("snapshot:index:{mena}", {forged.id: latest.generated_at})
    client.set(store_key(forged.id), forged.payload)
    verdict = verdicts(store, ["mena"])[-1]
    assert (verdict.state, verdict.snapshot_id) == (DIFFERS, forged.id)
    assert "balance.net_balance: 0.999 is" in verdict.why


def store_key(identity):
    return f"snapshot:id:{{mena}}:{identity}"


def test_differences_are_paths_with_both_values():
    one = {"a": {"b": [1, {"c": "x"}]}, "same": [1], "meta": {"snapshot_id": "p", "inputs": ""}}
    other = {"a": {"b": [1.5, {"c": "y"}]}, "same": [1], "meta": {"snapshot_id": "q"}, "new": []}
    assert list(differences(one, other)) == [
        "a.b[0]: 1 is 1.5",
        "a.b[1].c: 'x' is 'y'",
        "meta.inputs: '' is None",
        "new: None is 0 entries",
    ]


def test_rescoring_by_the_same_method_says_the_same(kept):
    store, client = kept
    before = client.dbsize()
    library = Library(store)
    names = library.ids(REGION_IDS, 0, MAX_INSTANT_MS)
    frame = rescored(library, METHODS["1.1"], names)
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == len(names)
    assert (frame["problem"] == "").all()
    assert (frame["regime"] == frame["stored_regime"]).all()
    assert (frame["net_balance"] == frame["stored_net_balance"]).all()
    assert client.dbsize() == before


def test_another_method_compares_with_what_it_said_itself(kept, monkeypatch):
    store, _ = kept
    heated = dataclasses.replace(METHODS["1.1"], name="9")
    monkeypatch.setitem(methods.METHODS, "9", heated)
    library = Library(store)
    frame = rescored(library, METHODS["1.2"], library.ids(["mena"], 0, MAX_INSTANT_MS))
    assert set(frame["method"]) == {"1.2"}
    assert set(frame["stored_method"]) == {"1.1"}
    shifts = frame["events"].str.count("regime_shift").sum()
    assert shifts == (frame["regime"] != frame["regime"].shift(1)).sum() - 1


def test_a_run_that_cannot_be_rescored_says_why_and_the_others_are(kept):
    store, client = kept
    latest, _, manifest = last_run(store)
    client.delete(store.layout.inputs_key(manifest.documents[SIGNALS]))
    library = Library(store)
    frame = rescored(library, METHODS["1.1"], library.ids(["mena"], 0, MAX_INSTANT_MS))
    [row] = frame[frame["problem"] != ""].to_dict("records")
    assert row["snapshot_id"] == latest.id
    assert SIGNALS in row["problem"]


def test_what_a_method_said_is_read_for_calibration(kept):
    store, _ = kept
    library = Library(store)
    [history] = said_by(library, library.ids(["mena"], 0, MAX_INSTANT_MS), "1.1")
    assert len(history) == 30
    assert all(set(entry.probabilities) == {"24h", "7d", "30d"} for entry in history)
    assert said_by(library, library.ids(["mena"], 0, MAX_INSTANT_MS), "2") == []


def test_a_manifest_names_all_that_a_run_was_computed_from(kept):
    store, _ = kept
    _, _, manifest = last_run(store)
    assert isinstance(manifest, Manifest)
    assert set(manifest.regions) == set(manifest.previous) == set(REGION_IDS)
    assert SIGNALS in manifest.documents
