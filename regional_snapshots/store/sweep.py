"""The deep part of reconciliation: walk the whole key space for payloads, views and claims that no index names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

from redis.exceptions import ResponseError

from regional_snapshots.model.snapshot import DamagedSnapshotError, Snapshot
from regional_snapshots.store.connection import Connections
from regional_snapshots.store.diagnosis import Rules
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.observation import Suspects, packed, text

STEP = 1000
"""Keys that the server looks at per exchange."""
CHUNK = 64
"""Payloads of unknown owner that are read per exchange."""
FIELDS = {"region": "[^{}:]+", "id": ".*", "instant": r"\d{1,16}", "reason": "[^:]+", "bucket": r"\d+"}
"""Field of a key template -> what it may hold."""


async def sweep(
    connections: Connections, layout: KeyLayout, regions: Sequence[str], rules: Rules
) -> AsyncIterator[dict[str, Suspects]]:
    """Suspects by region, a portion at a time. Raises :class:`StoreError`."""
    known = set(regions)
    for template, note in ((layout.payload, _payloads), (layout.view, _views), (layout.claim, _claims)):
        async for keys in scan(connections, template):
            found = [match for key in keys if (match := pattern(template).fullmatch(key))]
            yield await note(connections, layout, [match.groupdict() for match in found], known)


async def scan(connections: Connections, template: str) -> AsyncIterator[list[str]]:
    """All keys that may fit a template, a few hundred at a time."""
    glob, cursor = template.format(**dict.fromkeys(FIELDS, "*")), 0
    while True:
        [(position, keys)] = await connections.ask([("SCAN", cursor, "MATCH", glob, "COUNT", STEP)])
        if keys:
            yield [text(key) for key in keys]
        cursor = int(position)
        if cursor == 0:
            return


def pattern(template: str) -> re.Pattern[str]:
    """A key template as a pattern with one group a field."""
    marked = template.format(**{name: f"\0{name}\0" for name in FIELDS})
    parts = re.split("\0(\\w+)\0", marked)
    return re.compile(
        "".join(f"(?P<{part}>{FIELDS[part]})" if place % 2 else re.escape(part) for place, part in enumerate(parts)),
        re.DOTALL,
    )


async def _payloads(
    connections: Connections, layout: KeyLayout, found: list[dict[str, str]], known: set[str]
) -> dict[str, Suspects]:
    suspects: dict[str, Suspects] = defaultdict(Suspects)
    if layout.one_slot_per_region:
        for region, ids in _grouped(found, "id", known).items():
            suspects[region].ids |= set(await _unindexed(connections, layout, [region], ids))
        return suspects
    for identity in await _unindexed(connections, layout, sorted(known), [fields["id"] for fields in found]):
        owner = await _owner(connections, layout, identity)
        if owner in known:
            suspects[owner].ids.add(identity)
    return suspects


async def _unindexed(connections: Connections, layout: KeyLayout, regions: list[str], ids: list[str]) -> list[str]:
    if not ids:
        return []
    asked = [("ZMSCORE", RegionKeys(region, layout).index, *ids) for region in regions]
    scores = await connections.ask(packed(asked), answer_errors=True)
    columns = [[None] * len(ids) if isinstance(reply, ResponseError) else reply for reply in scores]
    return [identity for identity, *held in zip(ids, *columns, strict=True) if all(score is None for score in held)]


async def _owner(connections: Connections, layout: KeyLayout, identity: str) -> str:
    """The region that a payload says it belongs to; "" when it does not parse."""
    [raw] = await connections.ask(packed([("GET", RegionKeys("", layout).payload(identity))]), answer_errors=True)
    try:
        return Snapshot.open(raw).region if isinstance(raw, bytes) else ""
    except DamagedSnapshotError:
        return ""


async def _views(
    connections: Connections, layout: KeyLayout, found: list[dict[str, str]], known: set[str]
) -> dict[str, Suspects]:
    suspects: dict[str, Suspects] = defaultdict(Suspects)
    for region, instants in _grouped(found, "instant", known).items():
        index = RegionKeys(region, layout).index
        asked = [("ZRANGEBYSCORE", index, instant, instant, "LIMIT", 0, 1) for instant in instants]
        replies = await connections.ask(asked, answer_errors=True)
        suspects[region].views |= {int(instant) for instant, reply in zip(instants, replies, strict=True) if not reply}
    return suspects


async def _claims(
    connections: Connections, layout: KeyLayout, found: list[dict[str, str]], known: set[str]
) -> dict[str, Suspects]:
    suspects: dict[str, Suspects] = defaultdict(Suspects)
    for fields in found:
        if fields["region"] in known:
            suspects[fields["region"]].claims.add(
                RegionKeys(fields["region"], layout).claim(fields["reason"], fields["bucket"])
            )
    return suspects


def _grouped(found: list[dict[str, str]], name: str, known: set[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for fields in found:
        if fields["region"] in known:
            groups[fields["region"]].append(fields[name])
    return groups
