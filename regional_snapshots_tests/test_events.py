"""Events as people and programs meet them: in the terminal, as they come, and in the guide's own consumer."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from regional_snapshots.model.events import EVENT_TYPES, HOUR_MS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import fresh
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.shell import Shell

GUIDE = (Path(__file__).parents[1] / "docs" / "events.md").read_text(encoding="utf-8")


@pytest.fixture
def shell(tmp_path: Path, server: RedisServer) -> Shell:
    return Shell(tmp_path, server.url)


@pytest.fixture
def store(server: RedisServer) -> Iterator[SnapshotStore]:
    with SnapshotStore(server.url) as opened:
        yield opened


def publish(store: SnapshotStore, server: RedisServer, *kinds: str, region: str = "mena", plus_ms: int = 0) -> str:
    """Commit a snapshot with these events; its id."""
    made = fresh(server.client(), region=region, plus_ms=plus_ms)
    store.commit(made, news=news(made, *kinds), force=True)
    return made.id


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # tests in the background are started deaf to it
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=heard
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_events_are_listed_oldest_first_and_json_has_one_object_a_line(
    shell: Shell, store: SnapshotStore, server: RedisServer
) -> None:
    older = publish(store, server, "data_loss", "corridor_break", plus_ms=-8 * HOUR_MS)
    newer = publish(store, server, "trigger_activated", region="latam")
    lines = [json.loads(line) for line in shell("events", "--json").stdout.splitlines()]
    assert [(line["type"], line["snapshot_id"]) for line in lines] == [
        ("data_loss", older),
        ("corridor_break", older),
        ("trigger_activated", newer),
    ]
    assert len(shell("events", "mena", "--severity", "critical", "--json").stdout.splitlines()) == 1
    assert len(shell("events", "--since", "1h", "--json").stdout.splitlines()) == 1
    assert len(shell("events", "--limit", "2", "--json").stdout.splitlines()) == 2
    shown = shell("events").stdout
    assert "trigger subject fired" in shown
    assert "3 events" in shown


def test_one_region_that_cannot_be_read_is_said_and_the_others_are_shown(
    shell: Shell, store: SnapshotStore, server: RedisServer
) -> None:
    publish(store, server, "data_loss")
    server.client().set("snapshot:events:{latam}", "not ours")
    done = shell("events", "--json")
    assert done.returncode == 1
    assert "snapshot:events:{latam}" in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_who_follows_is_told_at_once_and_ends_with_ctrl_c(
    shell: Shell, store: SnapshotStore, server: RedisServer
) -> None:
    publish(store, server, "data_loss")
    command = [sys.executable, "-m", "regional_snapshots", "events", "--follow", "--json", "--since", "1d"]
    with running(command, shell.environment) as follower:
        assert follower.stdout is not None
        assert json.loads(follower.stdout.readline())["type"] == "data_loss"
        identity = publish(store, server, "trigger_activated", plus_ms=1)
        assert json.loads(follower.stdout.readline())["snapshot_id"] == identity
        follower.send_signal(signal.SIGINT)
        _, errors = follower.communicate(timeout=20)
        assert (follower.returncode, errors) == (0, "")


def test_regimes_say_from_to_since_how_long_and_why(shell: Shell, store: SnapshotStore, server: RedisServer) -> None:
    publish(store, server, "regime_shift", plus_ms=-30 * HOUR_MS)
    publish(store, server, "regime_shift", plus_ms=-6 * HOUR_MS)
    first, last = shell.json("regimes", "mena")  # type: ignore[misc]
    assert (first["from"], first["to"], first["lasted_ms"], first["is_current"]) == (
        "calm", "stressed_equilibrium", 24 * HOUR_MS, False,
    )  # fmt: skip
    assert last["is_current"]
    assert last["why"] == "why"
    shown = shell("regimes", "mena").stdout
    assert "stressed equilibrium" in shown
    assert "so far" in shown
    assert "No change" in shell("regimes", "latam").stdout


def test_the_guide_lists_every_type_with_its_cool_down() -> None:
    rows = {row[0]: row[3] for row in re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", GUIDE, re.MULTILINE)}
    expected = {name: f"{kind.quiet_ms // HOUR_MS} h" if kind.quiet_ms else "–" for name, kind in EVENT_TYPES.items()}
    assert rows == expected


def test_the_consumer_of_the_guide_misses_nothing_when_it_is_killed(
    store: SnapshotStore, server: RedisServer, tmp_path: Path
) -> None:
    """Killed with -9 while it works on an event, and started again."""
    source = next(code for code in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if "xreadgroup" in code)
    hangs_at = 'if event["event_id"].startswith(os.environ.get("STUCK", "-")): input()\n    print('
    program = tmp_path / "consumer.py"
    program.write_text(source.replace("print(", hangs_at), encoding="utf-8")
    environment = {**os.environ, "REDIS_URL": server.url}
    command = [sys.executable, str(program)]
    first = publish(store, server, "data_loss")
    second = publish(store, server, "trigger_activated", plus_ms=1)
    heard = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**environment, "STUCK": second}
    ) as consumer:
        assert consumer.stdout is not None
        heard.append(consumer.stdout.readline())
        consumer.kill()
    third = publish(store, server, "data_restored", region="europe", plus_ms=2)
    with running(command, environment) as again:
        assert again.stdout is not None
        while len(set(heard)) < 3 and len(heard) < 4:  # the first one comes again if it was killed before it said so
            heard.append(again.stdout.readline())
    assert {line.split(":")[0] for line in heard} == {first, second, third}
