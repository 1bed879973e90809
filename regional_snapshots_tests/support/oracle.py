"""What must hold of a region in Redis, stated once more and without the code under test.

It spells every key itself, derives every id itself, and looks at the whole key space, so it knows nothing of what the
store believes. It is slow, and right only while nobody writes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import redis

NEVER = -1
DAY_MS = 86_400_000
RETENTION_MS = 90 * DAY_MS
BUCKET_MS = 15 * 60_000
REASONS = ("scheduled_6h", "regime_shift", "trigger_activation", "corridor_break", "leverage_shift")


BESIDE = ("events", "regimes", "series", "quiet")


@dataclass(frozen=True)
class Names:
    """Key names of one region. ``payloads``, ``views`` and ``claims`` are prefixes."""

    latest: str
    index: str
    pin: str
    payloads: str
    views: str
    claims: str
    quarantine: str
    shared_payloads: bool
    index_expires: bool
    beside: dict[str, str]


def names_of(layout: str, region: str) -> Names:
    """The names of a region's keys in the layout ``tagged`` or ``worldmonitor``."""
    if layout == "tagged":
        tag = "{" + region + "}"
        return Names(
            f"snapshot:latest:{tag}", f"snapshot:index:{tag}", f"snapshot:pin:{tag}",
            f"snapshot:id:{tag}:", f"snapshot:ts:{tag}:",
            f"dedup:{tag}:", f"snapshot:quarantine:{tag}:", False, True,
            {what: f"snapshot:{what}:{tag}" for what in (*BESIDE, "terms", "spare")},
        )  # fmt: skip
    spot = f"intelligence:snapshot:v1:{region}"
    return Names(
        f"{spot}:latest", f"intelligence:snapshot-index:v1:{region}", f"intelligence:snapshot-pin:v1:{region}",
        "intelligence:snapshot-by-id:v1:", f"{spot}:",
        f"dedup:snapshot:v1:{region}:", f"snapshot:quarantine:v1:{region}:", True, False,
        {what: f"intelligence:snapshot-{what}:v1:{region}" for what in BESIDE}
        | {"terms": "snapshot:terms:{" + region + "}"},
    )  # fmt: skip


def violations(
    client: redis.Redis, layout: str, region: str, *, retention_ms: int = RETENTION_MS, bucket_ms: int = BUCKET_MS
) -> list[str]:
    """Every promise about a region's keys that does not hold, in words; empty when all is well."""
    names = names_of(layout, region)
    seconds, microseconds = client.time()
    now_ms = seconds * 1000 + microseconds // 1000
    if client.type(names.index) not in (b"zset", b"none"):
        return ["the index is no sorted set"]
    index = client.zrange(names.index, 0, -1, withscores=True)
    entries = [(score, member.decode("utf-8", "replace")) for member, score in index]
    problems = _latest(client, names, entries, retention_ms)
    for score, identity in entries:
        problems += _entry(client, names, region, score, identity, entries, now_ms, retention_ms)
    problems += _strays(client, names, region, {identity for _, identity in entries})
    problems += _claims(client, names, bucket_ms)
    if spare := names.beside.get("spare"):
        problems += _spare(client, spare, {identity: score for score, identity in entries})
    return problems


def document_problems(raw: bytes | None, region: str, identity: str) -> list[str]:
    """Why these bytes are not the snapshot of that region and id."""
    try:
        document: dict[str, Any] = json.loads(raw or b"")
        carried = document["meta"].pop("snapshot_id")
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeDecodeError):
        return [f"{identity}: no snapshot document"]
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()[:12]
    derived = f"{document['generated_at']:012x}-{digest}"
    problems = []
    if not identity == carried == derived:
        problems.append(f"{identity}: carries {carried}, derived {derived}")
    if document["region_id"] != region:
        problems.append(f"{identity}: belongs to {document['region_id']}")
    return problems


def _latest(client: redis.Redis, names: Names, entries: list[tuple[float, str]], retention_ms: int) -> list[str]:
    if client.type(names.latest) not in (b"string", b"none"):
        return ["latest is no string"]
    latest = client.get(names.latest)
    if not entries:
        return ["latest names something, and the index is empty"] if latest is not None else []
    score, head = max(entries)
    pin = client.get(names.pin)
    held = head if pin is None else pin.decode("utf-8", "replace")
    problems = [] if latest == held.encode() else [f"latest is {latest!r}, the head is {head}, it is pinned at {pin!r}"]
    if held not in {identity for _, identity in entries}:
        problems.append(f"it is pinned at {held}, which is not indexed")
        return problems
    due = int(score) + retention_ms
    pointed = int({identity: when for when, identity in entries}[held]) + retention_ms
    wanted = {names.latest: pointed, names.index: due if names.index_expires else NEVER}
    problems += [
        f"{key} expires at {at}, not {expected}"
        for key, expected in wanted.items()
        if (at := _expiry(client, key)) != expected
    ]
    return problems


def _entry(
    client: redis.Redis, names: Names, region: str, score: float, identity: str, entries: list[tuple[float, str]],
    now_ms: int, retention_ms: int,
) -> list[str]:  # fmt: skip
    problems = []
    instant = int(score)
    if instant != score or not identity.startswith(f"{instant:012x}-"):
        problems.append(f"{identity} has the score {score}")
    if instant + retention_ms <= now_ms:
        problems.append(f"{identity} is past the retention")
    payload, view = names.payloads + identity, f"{names.views}{instant}"
    if client.type(payload) != b"string":
        return [*problems, f"{payload} is a {client.type(payload).decode()}"]
    problems += document_problems(client.get(payload), region, identity)
    twins = {other for when, other in entries if when == score}
    if client.type(view) != b"string" or client.get(view).decode("utf-8", "replace") not in twins:
        problems.append(f"{view} names none of {sorted(twins)}")
    due = instant + retention_ms
    problems += [f"{key} expires at {at}, not {due}" for key in (payload, view) if (at := _expiry(client, key)) != due]
    return problems


def _strays(client: redis.Redis, names: Names, region: str, indexed: set[str]) -> list[str]:
    """Payloads and views that no index entry names."""
    problems = []
    for key in _keys(client, names.payloads):
        identity = key.removeprefix(names.payloads)
        if identity not in indexed and (not names.shared_payloads or _belongs(client, key, region)):
            problems.append(f"{key} is not indexed")
    instants = {str(int(identity.split("-")[0], 16)) for identity in indexed if "-" in identity}
    for key in _keys(client, names.views):
        instant = key.removeprefix(names.views)
        if instant.isdigit() and instant not in instants:
            problems.append(f"{key} is the view of nothing")
    return problems


def _belongs(client: redis.Redis, key: str, region: str) -> bool:
    try:
        return json.loads(client.get(key))["region_id"] == region
    except (ValueError, KeyError, TypeError, redis.ResponseError):
        return False


def _spare(client: redis.Redis, key: str, entries: dict[str, float]) -> list[str]:
    """What the tiers may drop is indexed, at the same instant."""
    if client.type(key) not in (b"zset", b"none"):
        return [f"{key} is a {client.type(key).decode()}"]
    listed = {member.decode("utf-8", "replace"): score for member, score in client.zrange(key, 0, -1, withscores=True)}
    problems = [f"{key} names {name} at {at}" for name, at in listed.items() if entries.get(name) != at]
    if listed and client.pttl(key) < 0:
        problems.append(f"{key} never expires")
    return problems


def _claims(client: redis.Redis, names: Names, bucket_ms: int) -> list[str]:
    problems = []
    for key in _keys(client, names.claims):
        if client.type(key) != b"string":
            problems.append(f"{key} is no string")
            continue
        owner = client.get(key).decode("utf-8", "replace")
        if not client.exists(names.payloads + owner):
            problems.append(f"{key} names {owner}, which is not stored")
        if not 0 < client.pttl(key) <= bucket_ms:
            problems.append(f"{key} expires in {client.pttl(key)} ms")
    return problems


def _keys(client: redis.Redis, prefix: str) -> list[str]:
    return sorted(key.decode("utf-8", "replace") for key in client.scan_iter(f"{prefix}*", count=1000))


def _expiry(client: redis.Redis, key: str) -> int:
    return client.execute_command("PEXPIRETIME", key)
