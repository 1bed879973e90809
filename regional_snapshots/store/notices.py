"""Who was told what, and when: one stream for all regions, written by whoever posts messages, kept for some weeks."""

from __future__ import annotations

import json
from dataclasses import asdict

from regional_snapshots.model.news import Notice
from regional_snapshots.model.values import compact
from regional_snapshots.store.keys import KeyLayout
from regional_snapshots.store.link.batch import Batch, Reply
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.protocol.policy import DAY_MS
from regional_snapshots.store.protocol.quiet import pairs
from regional_snapshots.store.records.news import position

KEPT = 1000
LIFE_MS = 90 * DAY_MS


async def put_on_record(connections: Connections, layout: KeyLayout, notice: Notice) -> None:
    """Put a notice on record, dated by the server. One round trip. Raises :class:`StoreError`."""
    batch = Batch()
    batch.ask("UNWATCH")
    batch.ask("XADD", layout.notices, "MAXLEN", "~", KEPT, "*", "body", compact(asdict(notice)))
    batch.ask("PEXPIRE", layout.notices, LIFE_MS)
    await connections.send_to(layout.notices, batch)
    batch.check()


async def notices(connections: Connections, layout: KeyLayout, limit: int, since_ms: int = 0) -> list[Notice]:
    """The newest so many since an instant, oldest first. One round trip. Raises :class:`StoreError`."""
    batch = Batch()
    asked = batch.ask("XREVRANGE", layout.notices, "+", max(0, since_ms), "COUNT", limit)
    await connections.read(batch)
    found = (_notice(identity, fields) for identity, fields in reversed(asked.value))
    return [notice for notice in found if notice]


def _notice(identity: bytes, fields: Reply) -> Notice | None:
    """An entry of the stream; None when it is none of ours."""
    try:
        held = json.loads(pairs(fields)[b"body"])
        texts = {name: held[name] for name in ("to", "text", "event_id", "problem")}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in texts.values()):
        return None
    return Notice(**texts, at=position(identity.decode())[0])
