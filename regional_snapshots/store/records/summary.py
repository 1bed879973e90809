"""The summary document: every region's latest snapshot in a few words, for readers that need no more.

Source: the pipeline specification, section 20 (shape, and a life of 12 hours).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from redis.exceptions import ResponseError

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.keys import KeyLayout
from regional_snapshots.store.link.connections import Connections, refusal

LIFE_S = 12 * 60 * 60


async def publish_summary(
    connections: Connections, layout: KeyLayout, latest: Mapping[str, Snapshot], now_ms: int
) -> None:
    """Write the summary and its meta key in one transaction. Raises :class:`StoreError`."""
    regions = [
        {
            "region": region,
            "regime": snapshot.document["regime"]["label"],
            "confidence": snapshot.document["meta"]["snapshot_confidence"],
            "active_triggers": len(snapshot.document["triggers"]["active"]),
            "trigger_reason": snapshot.reason,
        }
        for region, snapshot in latest.items()
    ]
    commands = [
        ("UNWATCH",),  # a commit that wrote nothing has left its watch on the connection
        ("MULTI",),
        ("SET", layout.summary, json.dumps({"regions": regions, "generatedAt": now_ms}), "EX", LIFE_S),
        ("SET", layout.summary_meta, json.dumps({"fetchedAt": now_ms, "recordCount": len(regions)}), "EX", LIFE_S),
        ("EXEC",),
    ]
    [replies] = await connections.ask_each([(layout.summary, commands)])
    for reply in (*replies, *(replies[-1] if isinstance(replies[-1], list) else ())):
        if isinstance(reply, ResponseError):
            raise refusal(reply, key=layout.summary) from reply
