"""A store of the former script is taken over, shared and handed back: nothing of its own is lost at any step.

At each step somebody who knows only the script's two keys reads every region.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
import redis

from regional_snapshots.cli import main
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots_tests.defs.conftest import Project, materialized
from regional_snapshots_tests.support import script
from regional_snapshots_tests.support.drift import picture
from regional_snapshots_tests.support.oracle import DAY_MS
from regional_snapshots_tests.support.server import RedisServer

APART_MS, HOUR_MS = 6 * 3_600_000, 3_600_000
EACH = int(os.environ.get("REGIONAL_SNAPSHOTS_TEST_TAKE_OVER", "24")) // len(REGION_IDS)
"""Snapshots of each region. ``make test-take-over`` sets 5,760 in all: the script every three hours for 90 days."""
SAID = "fragmentation_risk"
"""The label of the script's newest snapshots: one that the sample feeds give no region."""


@pytest.fixture
def beside(project: Project, server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project in the script's layout, on a store that the script has filled."""
    now_ms = server.client().time()[0] * 1000
    apart_ms = min(APART_MS, 89 * DAY_MS // EACH)
    script.fill(server.client(), REGION_IDS, EACH, apart_ms=apart_ms, newest_ms=now_ms - HOUR_MS, label=SAID)
    monkeypatch.setenv("REDIS_URL", server.url)
    monkeypatch.setenv("REGIONAL_SNAPSHOTS_HOME", str(project.settings.home))
    monkeypatch.setenv("REGIONAL_SNAPSHOTS_KEY_LAYOUT", "worldmonitor")
    monkeypatch.setenv("REGIONAL_SNAPSHOTS_BUCKET_MINUTES", str(project.settings.bucket_minutes))
    return Project(replace(project.settings, key_layout="worldmonitor", method="1.2"), project.instance)


class Witness:
    """Whoever looks at the script's keys, and remembers what it has seen."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self.seen = {key: held for key, held in picture(client).items() if _is_of_the_script(key)}

    def agrees(self) -> None:
        """Every region is read; nothing that was there is gone, renamed, changed, or expires earlier."""
        assert [script.read(self.client, region)["region_id"] for region in REGION_IDS] == list(REGION_IDS)
        now = picture(self.client)
        moved = (b":latest", b"snapshot-index:")  # these name what is newest, and must not expire earlier either
        for key, (value, at) in self.seen.items():
            assert key in now, f"{key!r} is gone"
            assert now[key][0] == value or any(word in key for word in moved), f"{key!r} has changed"
            assert now[key][1] == -1 or (at != -1 and now[key][1] >= at), f"{key!r} expires earlier"
        self.seen |= {key: held for key, held in now.items() if key in self.seen}


def _is_of_the_script(key: bytes) -> bool:
    return key.startswith((b"intelligence:snapshot", b"dedup:snapshot"))


def command(capsys: pytest.CaptureFixture[str], *words: str) -> object:
    """What a command that must succeed prints as JSON."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([*words, "--json"])
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.out + printed.err
    return json.loads(printed.out)


def test_moving_over_side_by_side_and_back(
    beside: Project, server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    client = server.client()
    witness = Witness(client)
    before = {region: script.read(client, region) for region in REGION_IDS}
    untouched = picture(client)

    for options in ([], ["--deep"], ["--check", "--deep"]):
        assert command(capsys, "reconcile", *options)["findings"] == []
    shown = command(capsys, "show")
    assert {region: document["generated_at"] for region, document in shown.items()} == {
        region: document["generated_at"] for region, document in before.items()
    }
    rows = command(capsys, "history", "mena", "--limit", "100000")
    assert [row["sealed"] for row in rows] == [False] * EACH
    assert [row["problem"] for row in rows] == [""] * EACH
    assert picture(client) == untouched

    refreshed = beside.refresh()  # it goes on top
    assert refreshed.success
    witness.agrees()
    assert all(SAID.replace("_", " ") in what["what_changed"] for what in materialized(refreshed).values())
    for region in REGION_IDS:
        ours = script.read(client, region)
        assert ours["meta"]["seal"] == "sha256-12"
        assert (ours["regime"]["previous_label"], ours["regime"]["label"] != SAID) == (SAID, True)
        assert ours["regime"]["transitioned_at"] == ours["generated_at"]

    for _ in range(10):  # the hours go by
        assert beside.reconcile().success
        witness.agrees()
    assert command(capsys, "reconcile", "--deep")["findings"] == []

    later_ms = client.time()[0] * 1000 + 1000
    for region in REGION_IDS:  # side by side: the script publishes, too
        script.write(client, script.unsealed(region, later_ms, label="calm"), now_ms=later_ms)
    witness.agrees()
    assert command(capsys, "reconcile", "--deep")["findings"] == []
    assert {row["sealed"] for row in command(capsys, "history", "mena", "--limit", "2")} == {True, False}

    assert all(script.read(client, region)["generated_at"] == later_ms for region in REGION_IDS)  # and back
    assert client.ttl(f"intelligence:snapshot-index:v1:{REGION_IDS[0]}") == -1
    assert not client.keys("snapshot:quarantine:*")


def test_what_the_script_left_is_pruned_in_time(beside: Project, server: RedisServer) -> None:
    client, index = server.client(), "intelligence:snapshot-index:v1:mena"
    now_ms = client.time()[0] * 1000
    old = script.unsealed("mena", now_ms - 90 * DAY_MS + 1500)
    script.write(client, old, now_ms=now_ms - 90 * DAY_MS + 1500)
    client.set("intelligence:snapshot:v1:mena:latest", client.zrange(index, -1, -1)[0])
    payload = f"intelligence:snapshot-by-id:v1:{old['meta']['snapshot_id']}"
    while client.exists(payload):  # its 90 days end within two seconds
        assert beside.reconcile(regions=["mena"]).success
    assert beside.refresh(["mena"]).success
    assert old["meta"]["snapshot_id"].encode() not in client.zrange(index, 0, -1)
    assert client.zcard(index) == EACH + 1
