"""What the tiers of the retention let go and no commit has dropped is dropped: what was written before they were set,
or is on no list of theirs.

Such a snapshot is read before it goes: one that changed the regime, of another program, or that does not verify, stays,
and so does what a pin, latest or a claim names. In portions of bounded size; each is dropped under ``WATCH``, or not at
all when a writer came in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from regional_snapshots.model.document.words import TRIGGER_REASONS
from regional_snapshots.model.news import changes_regime
from regional_snapshots.model.snapshot import DamagedSnapshotError, Snapshot, time_of
from regional_snapshots.store.errors import ConflictError, StoreError, WrongTypeError
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.link.batch import Batch, milliseconds, text
from regional_snapshots.store.link.connections import LINK_ERRORS, Connections, Wire
from regional_snapshots.store.link.refusals import PASSING
from regional_snapshots.store.protocol.policy import Policy
from regional_snapshots.store.reconcile.findings import KINDS, Finding
from regional_snapshots.store.tiers.thinning import dispensable, drop, too_many
from regional_snapshots.store.tiers.tiers import Slot

PAGE = 256
"""Payloads per exchange, and snapshots that one transaction drops."""
ATTEMPTS = 8


@dataclass
class _Region:
    """What is known of a region so far: of the ids that were read, whether they may be dropped; and what was."""

    keys: RegionKeys
    repair: bool
    known: dict[str, bool] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    done: bool = False

    @property
    def finding(self) -> Finding:
        """One for all of them, however many."""
        first, last = min(self.dropped), max(self.dropped)
        kind, count = "past_its_tier", len(self.dropped)
        detail = f"{count} snapshot{'s' * (count > 1)} from {first} to {last}"
        key, severity = self.keys.index, KINDS[kind].severity
        return Finding(self.keys.region, kind, key, detail, severity, self.repair, first, "dropped")


class Thinner:
    """Drops what is past its tier, over a pool of connections."""

    def __init__(self, connections: Connections, layout: KeyLayout, policy: Policy) -> None:
        self._connections, self._layout, self._policy = connections, layout, policy

    async def thin(
        self, regions: Iterable[str], *, repair: bool
    ) -> tuple[dict[str, tuple[Finding, int]], dict[str, StoreError]]:
        """The finding of each region that has one, with the number of its snapshots; and by region why it could not be
        looked at. One region after the other."""
        found: dict[str, tuple[Finding, int]] = {}
        errors: dict[str, StoreError] = {}
        for name in regions if self._policy.tiers else ():
            region = _Region(RegionKeys(name, self._layout), repair)
            try:
                await self._region(region)
            except StoreError as error:
                errors[name] = error
            if region.dropped:
                found[name] = region.finding, len(region.dropped)
        return found, errors

    async def _region(self, region: _Region) -> None:
        problem: StoreError = ConflictError("other writers came in between every time", region=region.keys.region)
        failed = 0
        while not region.done and failed < ATTEMPTS:
            try:
                async with self._connections.borrow(self._connections.node_of(region.keys.index)) as wire:
                    failed = 0 if await self._portion(wire, region) else failed + 1
            except LINK_ERRORS as error:
                raise self._connections.broken(error, region=region.keys.region) from error
            except PASSING as error:
                problem, failed = error, failed + 1
        if not region.done:
            raise problem

    async def _portion(self, wire: Wire, region: _Region) -> bool:
        """Drop so many as one transaction may; False when somebody came in between."""
        keys = region.keys
        look = Batch()
        look.ask("UNWATCH")
        look.ask("WATCH", keys.index, keys.spare, keys.latest, keys.pin)
        index = look.ask("ZRANGEBYSCORE", keys.index, "-inf", "+inf")
        spare = look.ask("ZRANGEBYSCORE", keys.spare, "-inf", "+inf")
        pointers = [look.ask("GET", key) for key in (keys.latest, keys.pin)]
        time = look.ask("TIME")
        await self._connections.send(wire, look)
        try:
            look.check(keys.region)
        except WrongTypeError:
            region.done = True  # an error of its own, which the first commit meets, or the finding ``wrong_type``
            return True
        now_ms = milliseconds(time.value)
        names, listed = ([text(member) for member in asked.value] for asked in (index, spare))
        kept = {*(text(asked.value) for asked in pointers if asked.value is not None), *names[-1:]}
        region.known = dict.fromkeys(listed, True) | region.known
        alone = dispensable(names, set(names))
        await self._read(wire, region, self._unread(region, alone, now_ms))
        spares = [name for name in alone if region.known.get(name)]
        going = too_many(spares, kept, now_ms, self._policy.tiers)
        if not region.repair:
            region.dropped, region.done = going, True
        portion = await self._unclaimed(wire, region, going[:PAGE]) if region.repair else []
        closing = Batch()
        if not portion:
            region.done = True
            closing.ask("UNWATCH")
            await self._connections.send(wire, closing)
            return True
        with closing.transaction() as inside:
            drop(inside, keys, portion)
        await self._connections.send(wire, closing)
        closing.check(keys.region)
        if closing.asked[-1].reply is None:
            return False
        region.dropped += portion
        region.done = len(going) <= PAGE
        return True

    def _unread(self, region: _Region, alone: Sequence[str], now_ms: int) -> list[str]:
        """The ids of which is to be read whether they may go: those that are not alone in their slot."""
        slots: dict[Slot, list[str]] = {}
        for name in alone:
            slot = self._policy.tiers.slot(time_of(name) or 0, now_ms)
            if slot is not None:
                slots.setdefault(slot, []).append(name)
        return [name for slot in slots.values() if len(slot) > 1 for name in slot if name not in region.known]

    async def _read(self, wire: Wire, region: _Region, names: Sequence[str]) -> None:
        for start in range(0, len(names), PAGE):
            page = Batch()
            asked = {name: page.ask("GET", region.keys.payload(name)) for name in names[start : start + PAGE]}
            await self._connections.send(wire, page)
            for name, payload in asked.items():
                raw = None if payload.refused else payload.value
                region.known[name] = _may_go(raw, region.keys.region, name)

    async def _unclaimed(self, wire: Wire, region: _Region, names: Sequence[str]) -> list[str]:
        """Those that own no bucket, as a snapshot does for a while that was committed long after it was made."""
        buckets = sorted({(time_of(name) or 0) // self._policy.bucket_ms for name in names})
        claims = [region.keys.claim(reason, bucket) for bucket in buckets for reason in TRIGGER_REASONS]
        if not claims:
            return []
        look = Batch()
        look.ask("WATCH", *claims)
        held = look.ask("MGET", *claims)
        await self._connections.send(wire, look)
        look.check(region.keys.region)
        owners = {text(owner) for owner in held.value if owner is not None}
        return [name for name in names if name not in owners]


def _may_go(raw: bytes | None, region: str, name: str) -> bool:
    try:
        found = Snapshot.open(raw or b"", region=region, id=name)
    except (DamagedSnapshotError, KeyError, TypeError, AttributeError):
        return False  # a finding of its own
    return found.sealed and not changes_regime(found.document)
