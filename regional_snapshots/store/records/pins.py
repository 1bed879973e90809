"""Pins: a person holds a region's latest at a chosen snapshot, for a time. Commits go on into history meanwhile.

A pin never outlives its snapshot, so that latest never names what has expired. When it ends by itself, the next commit
or reconciliation moves latest to the newest snapshot again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from regional_snapshots.model.snapshot import DamagedSnapshotError, Snapshot
from regional_snapshots.store.errors import (
    RECONCILE,
    ConflictError,
    DamagedError,
    MissingSnapshotError,
)
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.link.batch import Batch, Transaction, milliseconds, text
from regional_snapshots.store.link.connections import LINK_ERRORS, Connections, Wire
from regional_snapshots.store.protocol.policy import Policy
from regional_snapshots.store.terms import Terms, renewed

ATTEMPTS = 20


@dataclass(frozen=True)
class Pin:
    """Where latest is held, and until when (ms since 1970); None: until its snapshot expires, or it is unpinned."""

    region: str
    snapshot_id: str
    until_ms: int | None


class Pins:
    """Pins regions over a pool of connections."""

    def __init__(self, connections: Connections, layout: KeyLayout, policy: Policy, terms: Terms) -> None:
        self._connections, self._layout, self._policy, self._terms = connections, layout, policy, terms

    async def pin(self, region: str, snapshot_id: str, for_ms: int | None = None) -> Pin:
        """Hold latest at a snapshot, for so long or until it is unpinned; a pin that is there moves.

        Raises :class:`StoreError` for one that is not stored, or damaged; then nothing has changed.
        """
        keys = RegionKeys(region, self._layout)
        for _ in range(ATTEMPTS):
            try:
                async with self._connections.borrow(self._connections.node_of(keys.index)) as wire:
                    made = await self._pin(wire, keys, snapshot_id, for_ms)
            except LINK_ERRORS as error:
                raise self._connections.broken(error, region=region) from error
            if made:
                return made
        raise ConflictError("other writers came in between every time", region=region)

    async def unpin(self, region: str) -> str:
        """Let latest go to the newest snapshot; answers its id. Without a pin, nothing changes.

        Raises :class:`StoreError`; where the newest cannot be read the pin is gone, and latest stays.
        """
        keys = RegionKeys(region, self._layout)
        for _ in range(ATTEMPTS):
            try:
                async with self._connections.borrow(self._connections.node_of(keys.index)) as wire:
                    found = await self._unpin(wire, keys)
            except LINK_ERRORS as error:
                raise self._connections.broken(error, region=region) from error
            if found is not None:
                return found
        raise ConflictError("other writers came in between every time", region=region)

    async def pins(self, regions: Iterable[str]) -> dict[str, Pin]:
        """The pins that are there. One round trip."""
        batch, asked = Batch(), {}
        for region in regions:
            key = RegionKeys(region, self._layout).pin
            asked[region] = batch.ask("GET", key), batch.ask("PTTL", key), batch.ask("TIME")
        await self._connections.read(batch)
        found = {}
        for region, (pin, left, now) in asked.items():
            if pin.refused or pin.value is None:
                continue
            until_ms = None if left.value < 0 else milliseconds(now.value) + left.value
            found[region] = Pin(region, text(pin.value), until_ms)
        return found

    async def _pin(self, wire: Wire, keys: RegionKeys, snapshot_id: str, for_ms: int | None) -> Pin | None:
        look = Batch()
        look.ask("UNWATCH")
        look.ask("WATCH", keys.latest, keys.index, keys.pin, keys.payload(snapshot_id))
        payload = look.ask("GET", keys.payload(snapshot_id))
        left = look.ask("PTTL", keys.payload(snapshot_id))
        indexed = look.ask("ZSCORE", keys.index, snapshot_id)
        terms = look.ask("GET", keys.terms)
        now = look.ask("TIME")
        await self._connections.send(wire, look)
        look.check(keys.region)
        renewed(self._terms, terms.value, keys)
        if payload.value is None or indexed.value is None:
            raise MissingSnapshotError(
                f"{snapshot_id} is not kept", region=keys.region, key=keys.payload(snapshot_id),
                next_step=f"`regional-snapshots history {keys.region}` lists what is kept",
            )  # fmt: skip
        try:
            found = Snapshot.open(payload.value, region=keys.region, id=snapshot_id)
        except DamagedSnapshotError as error:
            raise DamagedError(str(error), region=keys.region, key=keys.payload(snapshot_id)) from None
        life_ms = left.value if left.value >= 0 else None
        wished = [wish for wish in (for_ms, life_ms) if wish is not None]
        now_ms = milliseconds(now.value)
        closing = Batch()
        with closing.transaction() as inside:
            inside.ask("SET", keys.pin, snapshot_id, *(("PX", max(1, min(wished))) if wished else ()))
            self._point(inside, keys, found, left.value)
        await self._connections.send(wire, closing)
        closing.check(keys.region)
        if closing.asked[-1].reply is None:
            return None
        return Pin(keys.region, snapshot_id, now_ms + min(wished) if wished else None)

    async def _unpin(self, wire: Wire, keys: RegionKeys) -> str | None:
        look = Batch()
        look.ask("UNWATCH")
        look.ask("WATCH", keys.latest, keys.index, keys.pin)
        pinned, latest = look.ask("GET", keys.pin), look.ask("GET", keys.latest)
        head = look.ask("ZREVRANGE", keys.index, 0, 0)
        terms = look.ask("GET", keys.terms)
        await self._connections.send(wire, look)
        look.check(keys.region)
        renewed(self._terms, terms.value, keys)
        newest = text(head.value[0]) if head.value else ""
        if pinned.value is None:
            return text(latest.value or b"")
        there = Batch()
        payload, left = there.ask("GET", keys.payload(newest)), there.ask("PTTL", keys.payload(newest))
        await self._connections.send(wire, there)
        there.check(keys.region)
        try:
            whole = Snapshot.open(payload.value or b"", region=keys.region, id=newest)
        except DamagedSnapshotError:
            whole = None
        closing = Batch()
        with closing.transaction() as inside:
            inside.ask("DEL", keys.pin)
            if whole:
                self._point(inside, keys, whole, left.value)
        await self._connections.send(wire, closing)
        closing.check(keys.region)
        if closing.asked[-1].reply is None:
            return None
        if not whole:
            raise MissingSnapshotError(
                "unpinned, but the newest snapshot cannot be read", region=keys.region, next_step=RECONCILE
            )
        return newest

    def _point(self, inside: Transaction, keys: RegionKeys, snapshot: Snapshot, left_ms: int) -> None:
        """Set latest, to expire with its snapshot, as a commit or the program that wrote it would have it."""
        inside.ask("SET", keys.latest, snapshot.id)
        if snapshot.sealed:
            inside.ask("PEXPIREAT", keys.latest, snapshot.generated_at + self._policy.retention_ms)
        elif left_ms >= 0:
            inside.ask("PEXPIRE", keys.latest, max(1, left_ms))
