"""Nothing of a store is ever markup, an order to the terminal, or a line of its own: in commands, logs and metadata."""

from __future__ import annotations

import json
import re
from pathlib import Path

import dagster as dg
import redis

from regional_snapshots.model.values import UNWANTED
from regional_snapshots_tests.defs.conftest import Project, failure, publish_feeds
from regional_snapshots_tests.report.stories import HOSTILE, event, hostile_document
from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.shell import Shell

BAD = "\x1b[31m[/foo][bold]\u202eevil\x07\x9b2J\r\nForged: line\u200b ![x](http://evil.example)"
LIFE_S = 7_776_000
ORDERS = re.compile(f"[{UNWANTED}]")
"""Characters that a terminal obeys, or that nobody sees."""


def spoil(client: redis.Redis) -> None:
    """Three regions whose every text is hostile: what snapshots say, what pointers say, what streams say."""
    now_ms = client.time()[0] * 1000
    made = hostile_document("mena") | {"generated_at": now_ms - 60_000, "narrative": {"situation": {"text": BAD}}}
    made["meta"] |= {"snapshot_id": f"{now_ms - 60_208:012x}-0123456789ab", "trigger_reason": BAD, "told": BAD}
    made["regime"] |= {"label": BAD, "previous_label": BAD, "transition_driver": BAD}
    identity = made["meta"]["snapshot_id"]
    client.set(f"snapshot:id:{{mena}}:{identity}", json.dumps(made), ex=LIFE_S)
    client.set("snapshot:latest:{mena}", identity, ex=LIFE_S)
    client.zadd("snapshot:index:{mena}", {identity: now_ms - 60_000, BAD: now_ms - 120_000})
    told = event("regime_shift", subject=BAD, before=BAD, after=BAD)
    client.xadd("snapshot:events:{mena}", {"event_id": BAD, "body": json.dumps(told.document())})
    client.xadd(
        "snapshot:regimes:{mena}",
        {"from": BAD, "to": BAD, "at": now_ms, "why": BAD, "method": BAD, "snapshot_id": BAD},
    )
    client.xadd("snapshot:deliveries", {"body": json.dumps({"to": BAD, "text": BAD, "event_id": BAD, "problem": BAD})})
    client.set("snapshot:latest:{latam}", BAD)
    client.set(f"snapshot:id:{{latam}}:{BAD}", BAD)
    client.rpush("snapshot:index:{europe}", BAD)
    client.set("snapshot:pin:{mena}", BAD)


def hostile_feeds(client: redis.Redis) -> None:
    """Feeds that say hostile things wherever they say anything."""
    publish_feeds_of = {"intelligence:cross-source-signals:v1": "signals", "forecast:predictions:v2": "predictions"}
    for key, member in publish_feeds_of.items():
        rows = [
            {"id": text, "type": text, "theater": f"Iran {text}", "region": text, "summary": text} for text in HOSTILE
        ]
        client.set(key, json.dumps({member: [*rows, {"id": BAD, "theater": BAD, "type": BAD}]}))
    client.set("economic:macro-signals:v1", json.dumps({"verdict": BAD}))


def orders_in(text: str) -> list[str]:
    """What a terminal would obey, or a person not see; lines that a store has forged."""
    forged = [line for line in text.splitlines() if line.startswith("Forged") and len(line.split()) <= 3]
    return ORDERS.findall(re.sub("[\n\t\u2060]", "", text)) + forged  # a word joiner is our own: it breaks addresses


COMMANDS = (
    ("show",), ("show", "mena", "--why", "--full"), ("show", "latam"), ("show", "--set"), ("history", "mena"),
    ("history", "latam"), ("history", "europe"), ("diff", "mena"), ("events",), ("regimes", "mena"), ("told",),
    ("brief", "mena"), ("report",), ("reconcile", "--check", "--deep"), ("reconcile", "--check"), ("feeds", "status"),
    ("verify", "mena"), ("refresh",), ("reconcile",), ("unpin", "mena"), ("pin", "latam", "2h"), ("calibrate", "mena"),
)  # fmt: skip


def test_no_command_prints_what_a_terminal_obeys_whatever_the_store_holds(tmp_path: Path, server: RedisServer) -> None:
    shell, client = Shell(tmp_path, server.url), server.client()
    publish_feeds(server)
    hostile_feeds(client)
    spoil(client)
    for command in COMMANDS:
        done = shell(*command)
        assert "Traceback" not in done.stderr, (command, done.stderr[-2000:])
        assert done.returncode in (0, 1, 2), command
        assert not orders_in(done.stdout + done.stderr), (command, done.stdout, done.stderr)
        page = tmp_path / "report.html"
        assert not page.exists() or not orders_in(page.read_text())


def test_no_log_description_or_metadata_holds_it_either(project: Project, server: RedisServer) -> None:
    client = server.client()
    hostile_feeds(client)
    spoil(client)
    for result in (project.refresh(), project.run("overview"), project.reconcile(repair=False, deep=True)):
        shown = [entry.user_message for entry in project.instance.all_logs(result.run_id)]
        marked = [evaluation.description or "" for evaluation in result.get_asset_check_evaluations()]
        for materialized in result.get_asset_materialization_events():
            metadata = materialized.materialization.metadata.values()
            shown += [str(value.value) for value in metadata]
            marked += [str(value.value) for value in metadata if isinstance(value, dg.MarkdownMetadataValue)]
        if not result.success:
            text, about = failure(result)
            shown += [text, *map(str, about.values())]
        assert not [(text, found) for text in [*shown, *marked] if (found := orders_in(text))]
        assert not [text for text in marked if "![x](http://evil" in text]
