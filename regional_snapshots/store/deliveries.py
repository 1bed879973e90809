"""Who was told what, and when: one stream for all regions, written by whoever posts messages, kept for some weeks."""

from __future__ import annotations

import json
from dataclasses import asdict

from regional_snapshots.model.news import Delivery
from regional_snapshots.model.values import DAY_MS, compact
from regional_snapshots.store.errors import WrongTypeError
from regional_snapshots.store.keys import KeyLayout
from regional_snapshots.store.link.batch import Batch, Reply, pairs
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.records.news import position

KEPT = 1000
LIFE_MS = 90 * DAY_MS
BY_HAND = "rename that key by hand, or delete it: nothing in it is ours"


async def put_on_record(connections: Connections, layout: KeyLayout, delivery: Delivery) -> None:
    """Put a delivery on record, dated by the server. One round trip. Raises :class:`StoreError`."""
    batch = Batch()
    batch.ask("XADD", layout.deliveries, "MAXLEN", "~", KEPT, "*", "body", compact(asdict(delivery)))
    batch.ask("PEXPIRE", layout.deliveries, LIFE_MS)
    await connections.send_to(layout.deliveries, batch)
    _check(batch)


async def deliveries(connections: Connections, layout: KeyLayout, limit: int, since_ms: int = 0) -> list[Delivery]:
    """The newest so many since an instant, oldest first. One round trip. Raises :class:`StoreError`."""
    batch = Batch()
    asked = batch.ask("XREVRANGE", layout.deliveries, "+", max(0, since_ms), "COUNT", limit)
    await connections.read(batch)
    _check(batch)
    found = (_delivery(identity, fields) for identity, fields in reversed(asked.value))
    return [delivery for delivery in found if delivery]


def _check(batch: Batch) -> None:
    """Raises :class:`StoreError`. No reconciliation moves this key: it is of no region."""
    try:
        batch.check()
    except WrongTypeError as error:
        raise WrongTypeError(error.problem, key=error.key, next_step=BY_HAND) from None


def _delivery(identity: bytes, fields: Reply) -> Delivery | None:
    """An entry of the stream; None when it is none of ours."""
    try:
        held = json.loads(pairs(fields)[b"body"])
        texts = {name: held[name] for name in ("to", "text", "event_id", "problem")}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in texts.values()):
        return None
    return Delivery(**texts, at=position(identity.decode())[0])
