"""What must hold of a region's news in Redis, stated once more and without the code under test.

A witness is told what each snapshot brought and which snapshots moved latest. Then everything in the streams has its
snapshot, nothing is there twice, and nothing is lost: what was not told was counted. In the layout ``worldmonitor``
the programs beside us hear of each change of regime once, and of each fact that alarms once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy
import redis

from regional_snapshots.model.news import News
from regional_snapshots_tests.support.oracle import DAY_MS, names_of

SIX_HOURS_MS = 6 * 3_600_000
SEVERITIES = ("critical", "high", "medium", "info")
HOURS_QUIET = {
    "trigger_activated": 6, "trigger_cleared": 6, "corridor_break": 24, "buffer_failure": 24, "axis_anomaly": 24,
    "scenario_jump": 24, "data_loss": 6, "data_restored": 6,
}  # fmt: skip
ALARMS = {
    "regime_shift": ("regional_regime_shift", "{region}: regime before → after"),
    "trigger_activated": ("regional_trigger_activation", "{region}: trigger {subject} is active ({subject})"),
    "corridor_break": ("regional_corridor_break", "{region}: corridor {subject} broke"),
    "buffer_failure": ("regional_buffer_failure", "{region}: {subject} failed"),
}
"""Type of event -> how the relay of the programs beside us knows it, for the events and regions of tests."""


@dataclass(frozen=True)
class Streams:
    """Where the news of one region lie."""

    events: str
    regimes: str
    series: str
    quiet: str

    @classmethod
    def of(cls, layout: str, region: str) -> Streams:
        """Their keys in the layout ``tagged`` or ``worldmonitor``."""
        names = ("events", "regimes", "series", "quiet")
        if layout == "tagged":
            return cls(*("snapshot:" + name + ":{" + region + "}" for name in names))
        return cls(*(f"intelligence:snapshot-{name}:v1:{region}" for name in names))


@dataclass(frozen=True)
class Brought:
    """What a snapshot brings: for each event its id and by what its repeats are known; whether it shifts the regime;
    what alarms of it, as the relay knows it."""

    events: tuple[tuple[str, str], ...]
    shifts: bool
    alarms: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def by(cls, news: News) -> Brought:
        """As a writer is given it."""
        events = tuple((event.id, event.quiet_key) for event in news.events)
        alarming = [event for event in news.events if event.type in ALARMS]
        alarms = frozenset(
            (ALARMS[event.type][0], ALARMS[event.type][1].format(region=event.region, subject=event.subject))
            for event in alarming
        )
        return cls(events, news.shift is not None, alarms)


def contradictions(
    client: redis.Redis, layout: str, region: str, brought: Mapping[str, Brought], moved: Iterable[str]
) -> list[str]:
    """Every promise about the news of a region that does not hold, in words."""
    keys, movers = Streams.of(layout, region), sorted(set(moved))
    stored = {identity.decode() for identity in client.zrange(names_of(layout, region).index, 0, -1)}
    events = [fields for _, fields in client.xrange(keys.events)]
    shifts = [fields[b"snapshot_id"].decode() for _, fields in client.xrange(keys.regimes)]
    quiet = {name.decode(): json.loads(value) for name, value in client.hgetall(keys.quiet).items()}
    problems = _events(events, brought, movers, stored, quiet)
    wanted = [identity for identity in movers if brought[identity].shifts]
    if sorted(shifts) != wanted:
        problems.append(f"shifts of {sorted(shifts)} are told, and there were those of {wanted}")
    if layout == "worldmonitor":
        problems += _beside(client, region, brought, movers, wanted)
    return problems + _rows(client, keys.series, movers)


def _beside(
    client: redis.Redis, region: str, brought: Mapping[str, Brought], movers: list[str], shifted: list[str]
) -> list[str]:
    """What the programs that share the layout are told: each change of regime, and each fact that alarms, once."""
    history = [
        json.loads(entry)["snapshot_id"] for entry in client.lrange(f"intelligence:regime-history:v1:{region}", 0, -1)
    ]
    problems = []
    if sorted(history) != shifted:
        problems.append(f"the list of regimes has those of {sorted(history)}, and there were those of {shifted}")
    messages = [json.loads(entry) for entry in client.lrange("wm:events:queue", 0, -1)]
    mine = [message for message in messages if message["payload"]["region_id"] == region]
    queued = Counter((message["eventType"], message["payload"]["dedupe_key"]) for message in mine)
    happened = {alarm for identity in movers for alarm in brought[identity].alarms}
    if queued != Counter(happened):
        problems.append(f"alerts are queued for {sorted(queued.elements())}, and there were {sorted(happened)}")
    for event_type, fact in sorted(happened):
        note = f"wm:notif:scan-dedup:{event_type}:{_hash(f'{event_type}:{fact}')}"
        if client.get(note) != b"1" or not 0 < client.ttl(note) <= 21_600:
            problems.append(f"{note} does not hold the alert {fact!r} back for six hours")
    for message in mine:
        alarm, identity = (message["eventType"], message["payload"]["dedupe_key"]), message["payload"]["snapshot_id"]
        if identity not in movers or alarm not in brought[identity].alarms:
            problems.append(f"{identity} is alerted, and it moved nothing, or brought no such fact")
    return problems


def _hash(text: str) -> str:
    """As the live system has it: 31-fold over UTF-16 units, modulo 2^32, to the base 36."""
    units = [int.from_bytes(text.encode("utf-16-le")[at : at + 2], "little") for at in range(0, 2 * len(text), 2)]
    value = reduce(lambda so_far, unit: (31 * so_far + unit) % 2**32, units, 0)
    return numpy.base_repr(value, 36).lower()


def _events(
    entries: list[dict[bytes, bytes]],
    brought: Mapping[str, Brought],
    movers: list[str],
    stored: set[str],
    quiet: Mapping[str, Mapping[str, int]],
) -> list[str]:
    problems: list[str] = []
    happened = Counter(key for identity in movers for _, key in brought[identity].events)
    keys = {name: key for identity in movers for name, key in brought[identity].events}
    accounted: Counter[str] = Counter()
    names = [entry[b"event_id"].decode() for entry in entries]
    problems += [f"{name} is told {count} times" for name, count in Counter(names).items() if count > 1]
    for entry, name in zip(entries, names, strict=True):
        body = json.loads(entry[b"body"])
        if name not in keys:
            problems.append(f"{name} is told, and no snapshot that moved latest brought it")
            continue
        if body["snapshot_id"] not in stored or body["event_id"] != name:
            problems.append(f"{name} is told without its snapshot")
        accounted[keys[name]] += 1 + body["suppressed"]
    problems += _too_loud(
        [(keys.get(name, ""), json.loads(entry[b"body"])) for entry, name in zip(entries, names, strict=True)]
    )
    accounted.update({key: held["suppressed"] for key, held in quiet.items()})
    problems += [
        f"{key} happened {happened[key]} times, and {accounted[key]} are told or counted"
        for key in sorted(happened.keys() | accounted.keys())
        if happened[key] != accounted[key]
    ]
    return problems


def _too_loud(told: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Repeats that were told within their cool-down, though they were not more severe."""
    problems = []
    last: dict[str, dict[str, Any]] = {}
    for key, body in told:
        before, quiet_ms = last.get(key), HOURS_QUIET.get(body["type"], 0) * 3_600_000
        again = before and body["generated_at"] < before["generated_at"] + quiet_ms
        if before and again and SEVERITIES.index(body["severity"]) >= SEVERITIES.index(before["severity"]):
            problems.append(f"{body['event_id']} is told in the cool-down of {before['event_id']}")
        last[key] = body
    return problems


def _rows(client: redis.Redis, key: str, movers: list[str]) -> list[str]:
    newest: dict[int, str] = {}
    for identity in movers:
        instant = int(identity[:12], 16)
        newest[instant - instant % SIX_HOURS_MS] = identity
    found = [(int(score), json.loads(member)) for member, score in client.zrange(key, 0, -1, withscores=True)]
    problems = []
    if [(score, row["snapshot_id"]) for score, row in found] != sorted(newest.items()):
        problems.append(f"the rows are {[(s, r['snapshot_id']) for s, r in found]}, not {sorted(newest.items())}")
    expiry = client.execute_command("PEXPIRETIME", key)
    if newest and expiry != max(newest) + 180 * DAY_MS:
        problems.append(f"{key} expires at {expiry}, not {max(newest) + 180 * DAY_MS}")
    return problems
