"""The deep part of reconciliation: walk the whole key space for payloads, views and claims that no index names."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.link.connections import Command, Connections, Reply
from regional_snapshots.store.link.wires.wire import Address
from regional_snapshots.store.reconcile.reading.observation import Suspects, packed, text

STEP = 1000
"""Keys that the server looks at per exchange."""
CHUNK = 64
"""Payloads of unknown owner that are read per exchange."""
Fields = dict[str, str]
FIELDS = {"region": "[^{}:]+", "id": ".*", "instant": r"\d{1,16}", "reason": "[^:]+", "bucket": r"\d+"}
"""Field of a key template -> what it may hold."""


async def sweep(
    connections: Connections, layout: KeyLayout, node: Address, regions: Sequence[str]
) -> AsyncIterator[dict[str, Suspects]]:
    """Suspects by region, of these regions of one node, a portion at a time. Raises :class:`StoreError`.

    In a layout whose payload keys do not name their region, a payload that does not parse is nobody's, and is left
    to expire.
    """
    known = set(regions)
    for template, judge in ((layout.payload, _payloads), (layout.view, _views), (layout.claim, _claims)):
        fits = pattern(template)
        async for keys in scan(connections, node, template):
            found = [match.groupdict() for key in keys if (match := fits.fullmatch(key))]
            ours = [fields for fields in found if fields.get("region") in known or "region" not in fields]
            if ours:
                yield await judge(connections, layout, ours, known)


async def scan(connections: Connections, node: Address, template: str) -> AsyncIterator[list[str]]:
    """All keys of a node that may fit a template, about ``STEP`` at a time."""
    glob = template.format(**dict.fromkeys(FIELDS, "*"))
    cursor = 0
    while True:
        position, keys = await connections.ask_node(node, ("SCAN", cursor, "MATCH", glob, "COUNT", STEP))
        yield [text(key) for key in keys]
        cursor = int(position)
        if cursor == 0:
            return


def pattern(template: str) -> re.Pattern[str]:
    """A key template as a pattern with one group a field."""
    marked = template.format(**{name: f"\0{name}\0" for name in FIELDS})
    parts = re.split("\0(\\w+)\0", marked)
    pieces = [f"(?P<{part}>{FIELDS[part]})" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
    return re.compile("".join(pieces), re.DOTALL)


async def _ask(connections: Connections, commands: Sequence[Command]) -> list[Reply]:
    """Replies, those about a key of the wrong type in their place. Raises :class:`StoreError` if any is missing."""
    replies = await connections.ask(commands, answer_errors=True)
    for reply in replies:
        if isinstance(reply, StoreError):
            raise reply
    return replies


async def _payloads(
    connections: Connections, layout: KeyLayout, found: list[Fields], known: set[str]
) -> dict[str, Suspects]:
    """A payload is looked for in the index of its region, or, where its key does not name one, in all of them."""
    asked = [
        (fields["id"], ("ZSCORE", RegionKeys(region, layout).index, fields["id"]))
        for fields in found
        for region in ([fields["region"]] if "region" in fields else known)
    ]
    replies = await _ask(connections, packed(command for _, command in asked))
    indexed = {identity for (identity, _), reply in zip(asked, replies, strict=True) if reply is not None}
    orphans = [fields for fields in found if fields["id"] not in indexed]
    if not layout.one_slot_per_region:
        orphans = await _with_owners(connections, layout, orphans)
    suspects: dict[str, Suspects] = defaultdict(Suspects)
    for fields in orphans:
        if fields["region"] in known:
            suspects[fields["region"]].ids.add(fields["id"])
    return suspects


async def _with_owners(connections: Connections, layout: KeyLayout, found: list[Fields]) -> list[Fields]:
    """The payloads that say which region they belong to, with that region."""
    owned = []
    for start in range(0, len(found), CHUNK):
        chunk = found[start : start + CHUNK]
        asked = packed(("GET", RegionKeys("", layout).payload(fields["id"])) for fields in chunk)
        replies = await _ask(connections, asked)
        owned += [fields | {"region": _owner(reply)} for fields, reply in zip(chunk, replies, strict=True)]
    return owned


def _owner(reply: Reply) -> str:
    try:
        return json.loads(reply)["region_id"] if isinstance(reply, bytes) else ""
    except (ValueError, RecursionError, TypeError, KeyError):
        return ""


async def _views(
    connections: Connections, layout: KeyLayout, found: list[Fields], known: set[str]
) -> dict[str, Suspects]:
    asked = [
        ("ZRANGEBYSCORE", RegionKeys(fields["region"], layout).index, fields["instant"], fields["instant"])
        for fields in found
    ]
    replies = await _ask(connections, asked)
    suspects: dict[str, Suspects] = defaultdict(Suspects)
    for fields, reply in zip(found, replies, strict=True):
        if reply == []:
            suspects[fields["region"]].views.add(int(fields["instant"]))
    return suspects


async def _claims(
    connections: Connections, layout: KeyLayout, found: list[Fields], known: set[str]
) -> dict[str, Suspects]:
    suspects: dict[str, Suspects] = defaultdict(Suspects)
    for fields in found:
        claim = RegionKeys(fields["region"], layout).claim(fields["reason"], fields["bucket"])
        suspects[fields["region"]].claims.add(claim)
    return suspects
