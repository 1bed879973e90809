"""A backup is whole or refused; a restore loses nothing of the file, of the store, or of who writes meanwhile."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path

import pytest
import redis

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.archive import backup as module
from regional_snapshots.store.errors import BackupError, StoreError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.drift import Scene, healthy, picture
from regional_snapshots_tests.support.server import RedisServer

REGIONS = ["latam", "mena"]


@pytest.fixture
def store(server: RedisServer):
    with SnapshotStore(server.url) as opened:
        yield opened


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several pages of a few snapshots."""
    monkeypatch.setattr(module, "PAGE", 2)


def filled(store: SnapshotStore, client: redis.Redis, count: int = 5) -> list[Scene]:
    return [healthy(store, client, region, count=count) for region in REGIONS]


def made_now(client: redis.Redis, region: str) -> Snapshot:
    """A snapshot of this very moment: newer than those of a healthy region."""
    return snapshot(region, client.time()[0] * 1000, reason="regime_shift")


def whole(client: redis.Redis) -> dict:
    """What a store holds but for claims, which have their own short life, and to the second of expiry."""
    found = picture(client)
    return {key: (dump, at // 60_000) for key, (dump, at) in found.items() if not key.startswith(b"dedup:")}


@pytest.mark.usefixtures("small_pages")
def test_what_was_backed_up_is_there_again_byte_for_byte(store, server, tmp_path):
    client = server.client()
    filled(store, client)
    before = whole(client)
    assert store.backup(REGIONS, tmp_path / "b").written == 10
    client.flushall()
    report = store.restore(tmp_path / "b", into_empty=True)
    assert (report.written, report.there, report.problems) == (10, 0, [])
    assert {key: dump for key, (dump, _) in whole(client).items()} == {key: dump for key, (dump, _) in before.items()}
    assert not store.reconcile(REGIONS, deep=True).findings


def test_the_file_can_be_read_without_us(store, server, tmp_path):
    [scene, _] = filled(store, server.client())
    store.backup(REGIONS, tmp_path / "b")
    lines = [json.loads(line) for line in gzip.decompress((tmp_path / "b").read_bytes()).splitlines()]
    assert [line["kind"] for line in lines] == ["header", *["snapshot"] * 10, "end"]
    assert [line["id"] for line in lines[1:6]] == [each.id for each in scene.snapshots]
    assert json.loads(lines[1]["payload"]) == scene.snapshots[0].document


@pytest.mark.usefixtures("small_pages")
def test_an_interrupted_backup_goes_on_where_it_broke_off(store, server, tmp_path):
    client = server.client()
    filled(store, client)

    def stop(_: int) -> None:
        raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        store.backup(REGIONS, tmp_path / "b", stop)
    part = tmp_path / "b.part"
    assert not (tmp_path / "b").exists()
    part.write_bytes(part.read_bytes() + b"\x1f\x8b half a member")  # it was killed while it wrote
    report = store.backup(REGIONS, tmp_path / "b")
    assert (report.there, report.written) == (2, 8)
    client.flushall()
    assert store.restore(tmp_path / "b").written == 10


def test_a_restore_that_is_cut_off_is_simply_run_again(store, server, tmp_path, monkeypatch):
    client = server.client()
    filled(store, client)
    store.backup(REGIONS, tmp_path / "b")
    client.flushall()
    monkeypatch.setattr(module, "PAGE", 2)

    def stop(_: int) -> None:
        raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        store.restore(tmp_path / "b", progress=stop)
    report = store.restore(tmp_path / "b")
    assert (report.written, report.there) == (8, 2)
    assert store.reconcile(REGIONS, repair=False, deep=True).healthy


@pytest.mark.usefixtures("small_pages")
def test_a_restore_among_writers_loses_nothing_and_moves_latest_forward_only(store, server, tmp_path):
    client = server.client()
    scenes = filled(store, client)
    store.backup(REGIONS, tmp_path / "b")
    client.flushall()
    newer = [made_now(client, region) for region in REGIONS]
    done = threading.Event()
    seen: list[str] = []

    def write() -> None:
        store.commit_all(newer, force=True)
        while not done.is_set():
            seen.append(store.latest(REGIONS[0]).id)

    with SnapshotStore(server.url) as other:
        writer = threading.Thread(target=write)
        writer.start()
        other.restore(tmp_path / "b")
        done.set()
        writer.join()
    assert [store.latest(region).id for region in REGIONS] == [each.id for each in newer]
    assert set(seen) == {newer[0].id}
    kept = set(store.history(REGIONS[0])["id"])
    assert kept == {each.id for each in scenes[0].snapshots} | {newer[0].id}


def test_an_old_backup_never_moves_latest_back(store, server, tmp_path):
    client = server.client()
    filled(store, client)
    store.backup(REGIONS, tmp_path / "b")
    newer = made_now(client, "latam")
    store.commit(newer, force=True)
    assert store.restore(tmp_path / "b").there == 10
    assert store.latest("latam").id == newer.id


def test_a_damaged_snapshot_is_left_out_and_named(store, server, tmp_path):
    client = server.client()
    [scene, _] = filled(store, client)
    client.set(scene.payload(scene.snapshots[1]), "{}", keepttl=True)
    client.delete(scene.payload(scene.snapshots[2]))
    report = store.backup(REGIONS, tmp_path / "b")
    assert report.written == 8
    assert [scene.snapshots[1].id in report.problems[0], "is not stored" in report.problems[1]] == [True, True]


def test_a_store_that_holds_something_is_not_empty(store, server, tmp_path):
    client = server.client()
    filled(store, client)
    store.backup(REGIONS, tmp_path / "b")
    before = picture(client)
    with pytest.raises(BackupError, match="holds snapshots of latam, mena"):
        store.restore(tmp_path / "b", into_empty=True)
    assert picture(client) == before


def spoilt(path: Path, how: str) -> None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    texts = {
        "cut": lambda: lines[:-1],
        "changed": lambda: [lines[0], lines[1].replace(b"latam", b"mena", 1), *lines[2:]],
        "another line": lambda: [*lines[:2], *lines[1:]],
        "no JSON": lambda: [b"hello\n"],
        "newer": lambda: [lines[0].replace(b'"format":1', b'"format":2'), *lines[1:]],
        "nothing": list,
    }[how]()
    path.write_bytes(gzip.compress(b"".join(texts)))


@pytest.mark.parametrize("how", ["cut", "changed", "another line", "no JSON", "newer", "nothing"])
def test_a_file_that_is_not_what_was_written_is_refused_before_anything_is_written(store, server, tmp_path, how):
    client = server.client()
    filled(store, client)
    store.backup(REGIONS, tmp_path / "b")
    client.flushall()
    spoilt(tmp_path / "b", how)
    with pytest.raises(BackupError, match="Next: "):
        store.restore(tmp_path / "b")
    assert picture(client) == {}


@pytest.mark.parametrize("size", [0, 10, 400])
def test_a_file_that_is_cut_anywhere_is_refused(store, server, tmp_path, size):
    filled(store, server.client())
    store.backup(REGIONS, tmp_path / "b")
    (tmp_path / "b").write_bytes((tmp_path / "b").read_bytes()[:size])
    with pytest.raises(BackupError):
        store.restore(tmp_path / "b")


def test_a_backup_overwrites_no_file(store, server, tmp_path):
    filled(store, server.client())
    (tmp_path / "b").write_text("precious")
    with pytest.raises(BackupError, match="is there already"):
        store.backup(REGIONS, tmp_path / "b")
    assert (tmp_path / "b").read_text() == "precious"


def test_an_index_of_another_type_is_refused_before_anything_is_written(store, server, tmp_path):
    client = server.client()
    filled(store, client)
    store.backup(REGIONS, tmp_path / "b")
    client.flushall()
    client.set("snapshot:index:{mena}", "x")
    with pytest.raises(StoreError, match=r"snapshot:index:\{mena\}"):
        store.restore(tmp_path / "b")
    assert set(picture(client)) == {b"snapshot:index:{mena}"}
