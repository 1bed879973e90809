"""Texts beside the snapshots: the cache of what a model has written, and the weekly briefs.

Source: the description of the live system, sections 6 (cache) and 7 (briefs, their summary and health).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.link.batch import Batch
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.link.refusals import refusal

BRIEF_LIFE_S = 1_296_000
"""Fifteen days."""
COVERED = 6
"""So many briefs make a week that readers call covered."""


class TextCache:
    """Answers of a model by the digest of the question. What cannot be read or written is no reason to stop."""

    def __init__(self, connections: Connections, layout: KeyLayout) -> None:
        self._connections, self._layout = connections, layout

    async def get(self, region: str, digest: str) -> bytes | None:
        """What is kept, or None."""
        batch = Batch()
        asked = batch.ask("GET", RegionKeys(region, self._layout).narrative(digest))
        try:
            await self._connections.read(batch)
        except StoreError:
            return None
        found: bytes | None = None if asked.refused else asked.value
        return found

    async def put(self, region: str, digest: str, value: bytes, life_s: int) -> None:
        """Keep it so long."""
        key, batch = RegionKeys(region, self._layout).narrative(digest), Batch()
        batch.ask("SET", key, value, "EX", life_s)
        try:
            await self._connections.send_to(key, batch)
        except StoreError:
            return


async def write_briefs(
    connections: Connections, layout: KeyLayout, briefs: Mapping[str, Mapping[str, Any]]
) -> dict[str, StoreError]:
    """Store the brief of each region in the place of the one before; answers those that could not be stored."""
    problems: dict[str, StoreError] = {}
    for region, document in briefs.items():
        key, batch = RegionKeys(region, layout).brief, Batch()
        written = batch.ask("SET", key, json.dumps(document, ensure_ascii=False), "EX", BRIEF_LIFE_S)
        try:
            await connections.send_to(key, batch)
            if written.refused:
                raise refusal(written.reply, region=region, key=key)
        except StoreError as error:
            problems[region] = error
    return problems


async def write_briefs_summary(connections: Connections, layout: KeyLayout, generated: int, now_ms: int) -> None:
    """Say that the briefs of a week are there; the caller knows that none failed. Raises :class:`StoreError`."""
    is_covered = generated >= COVERED
    summary = {"generatedAt": now_ms, "regionsGenerated": generated, "regionsSkipped": 0, "coverageOk": is_covered}
    meta = {"fetchedAt": now_ms, "recordCount": generated if is_covered else 0}
    batch = Batch()
    batch.ask("UNWATCH")
    with batch.transaction() as inside:
        inside.ask("SET", layout.briefs_summary, json.dumps(summary), "EX", BRIEF_LIFE_S)
        inside.ask("SET", layout.briefs_meta, json.dumps(meta), "EX", BRIEF_LIFE_S)
    await connections.send_to(layout.briefs_summary, batch)
    batch.check()


async def read_briefs(
    connections: Connections, layout: KeyLayout, regions: Iterable[str]
) -> dict[str, dict[str, Any] | StoreError | None]:
    """The newest brief of each region; None where there is none, or what is there is none. One round trip."""
    batch = Batch()
    asked = {region: batch.ask("GET", RegionKeys(region, layout).brief) for region in regions}
    await connections.read(batch)
    return {
        region: refusal(found.reply, region=region, key=found.key) if found.refused else _document(found.value)
        for region, found in asked.items()
    }


def _document(raw: bytes | None) -> dict[str, Any] | None:
    try:
        found = json.loads(raw or b"null")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("situation_recap"), str) else None
