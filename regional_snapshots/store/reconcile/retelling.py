"""What was told of the retained snapshots is told again where it was lost: rows of the series, changes of regime.

Both can be computed from the snapshots: of every six hours the newest snapshot makes the row (without the scores of
countries, which no snapshot holds), and a snapshot that changed the regime says so. An event is never invented: what
happened within a cool-down, or to a late snapshot, no snapshot tells. Linear in the history, in pages of bounded size;
what is written is written under ``WATCH``, or not at all when a writer came in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from regional_snapshots.model.news import REGIME_SHIFT, RegimeShift, shift_of
from regional_snapshots.model.series import SeriesRow, row_of
from regional_snapshots.model.snapshot import DamagedSnapshotError, Snapshot
from regional_snapshots.store.errors import ConflictError, StoreError, WrongTypeError
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.link.batch import Batch, text
from regional_snapshots.store.link.connections import LINK_ERRORS, Connections, Wire
from regional_snapshots.store.protocol.policy import Policy
from regional_snapshots.store.protocol.transaction import REGIMES_KEPT
from regional_snapshots.store.reconcile.findings import KINDS, Finding
from regional_snapshots.store.records.news import position, row_of_member, shift_of_entry

PAGE = 256
"""Payloads per exchange."""
ATTEMPTS = 5
Entry = tuple[str, list[bytes] | Mapping[bytes, bytes]]
"""An entry of a stream: its id, and its fields as they came."""


@dataclass(frozen=True)
class Told:
    """What is stored beside the snapshots of a region: rows by their score, and the entries of the stream."""

    rows: Mapping[float, list[bytes]]
    entries: list[Entry]

    @property
    def shifted(self) -> set[str]:
        """Ids of the snapshots of whose change of regime an entry tells."""
        shifts = [shift_of_entry(fields) for _, fields in self.entries]
        return {shift.snapshot_id for shift in shifts if shift}


@dataclass
class Recount:
    """What the snapshots of a region, taken from the oldest to the newest, have to tell."""

    rows: dict[int, SeriesRow] = field(default_factory=dict)
    shifts: list[RegimeShift] = field(default_factory=list)
    _before: Mapping[str, Any] | None = None
    _doubtful: RegimeShift | None = None

    def take(self, snapshot: Snapshot) -> None:
        """The next snapshot. A change of regime counts where its neighbours agree with it: a late snapshot, of which
        nobody was told, stands between two that do not know it."""
        document = snapshot.document
        regime = document.get("regime")
        regime = regime if isinstance(regime, Mapping) else {}
        if self._doubtful and self._doubtful.after in (regime.get("label"), regime.get("previous_label")):
            self.shifts.append(self._doubtful)
        self._doubtful = None
        if snapshot.sealed and snapshot.reason == REGIME_SHIFT:
            shift = shift_of(document, self._before)
            if shift and shift.before == _label(self._before):
                self._doubtful = shift
        if snapshot.sealed:
            row = row_of(document, {})
            self.rows[row.bucket] = row
        self._before = document

    def end(self) -> None:
        """There is no newer one."""
        if self._doubtful:
            self.shifts.append(self._doubtful)


class Reteller:
    """Tells again what was lost, over a pool of connections."""

    def __init__(self, connections: Connections, layout: KeyLayout, policy: Policy) -> None:
        self._connections, self._layout, self._policy = connections, layout, policy

    async def retell(self, regions: Iterable[str], *, repair: bool) -> tuple[list[Finding], dict[str, StoreError]]:
        """Findings of all regions, and by region why it could not be looked at; one region after the other."""
        findings: list[Finding] = []
        errors: dict[str, StoreError] = {}
        for region in regions:
            try:
                findings += await self._region(RegionKeys(region, self._layout), repair)
            except StoreError as error:
                errors[region] = error
        return findings, errors

    async def _region(self, keys: RegionKeys, repair: bool) -> list[Finding]:
        for _ in range(ATTEMPTS):
            try:
                async with self._connections.borrow(self._connections.node_of(keys.index)) as wire:
                    found = await self._once(wire, keys, repair)
            except LINK_ERRORS as error:
                raise self._connections.broken(error, region=keys.region) from error
            if found is not None:
                return found
        raise ConflictError("other writers came in between every time", region=keys.region)

    async def _once(self, wire: Wire, keys: RegionKeys, repair: bool) -> list[Finding] | None:
        """The findings, repaired if so wished; None when somebody came in between."""
        opening = Batch()
        opening.ask("UNWATCH")
        opening.ask("WATCH", keys.index, keys.series, keys.regimes)
        index = opening.ask("ZRANGEBYSCORE", keys.index, "-inf", "+inf")
        series = opening.ask("ZRANGEBYSCORE", keys.series, "-inf", "+inf", "WITHSCORES")
        regimes = opening.ask("XRANGE", keys.regimes, "-", "+")
        await self._connections.send(wire, opening)
        try:
            opening.check(keys.region)
        except WrongTypeError:
            return []  # an error of its own, which the first commit meets, or the finding ``wrong_type``
        recount = await self._recount(wire, keys, [text(name) for name in index.value])
        scores: dict[float, list[bytes]] = {}
        for member, score in zip(series.value[::2], series.value[1::2], strict=True):
            scores.setdefault(float(score), []).append(member)
        entries: list[Entry] = [(text(name), fields) for name, fields in regimes.value]
        told = Told(scores, entries)
        findings, closing = self._judged(keys, told, recount, repair)
        if not findings or not repair:
            closing = Batch()
            closing.ask("UNWATCH")
            await self._connections.send(wire, closing)
            return findings
        await self._connections.send(wire, closing)
        closing.check(keys.region)
        return findings if closing.asked[-1].reply is not None else None

    async def _recount(self, wire: Wire, keys: RegionKeys, names: list[str]) -> Recount:
        recount = Recount()
        for start in range(0, len(names), PAGE):
            page = Batch()
            asked = [(name, page.ask("GET", keys.payload(name))) for name in names[start : start + PAGE]]
            await self._connections.send(wire, page)
            for name, payload in asked:
                try:
                    recount.take(Snapshot.open(payload.value or b"", region=keys.region, id=name))
                except (DamagedSnapshotError, KeyError, TypeError, AttributeError):
                    continue  # a finding of its own
        recount.end()
        return recount

    def _judged(self, keys: RegionKeys, told: Told, recount: Recount, repair: bool) -> tuple[list[Finding], Batch]:
        """What is missing or damaged, and the transaction that mends it."""
        findings: list[Finding] = []

        def find(kind: str, key: str, detail: str, before: str, after: str) -> None:
            findings.append(Finding(keys.region, kind, key, detail, KINDS[kind].severity, repair, before, after))

        closing, kept = Batch(), list[int]()
        with closing.transaction() as inside:
            for score, members in told.rows.items():
                sound = [member for member in members if (row := row_of_member(member)) and row.bucket == score]
                again = recount.rows.get(int(score)) if score.is_integer() else None  # it may be infinite
                kept += [int(score)] if sound else []
                if len(members) > 1 or not sound:
                    after = "told again" if again else "removed"
                    find("row_damaged", keys.series, f"at {score:.17g}", f"{len(members)} entries", after)
                    inside.ask("ZREMRANGEBYSCORE", keys.series, score, score)
                    if sound:
                        inside.ask("ZADD", keys.series, score, sound[-1])
                    elif again:
                        inside.ask("ZADD", keys.series, again.bucket, again.encode())
            missing = [row for bucket, row in recount.rows.items() if bucket not in told.rows]
            for row in missing:
                find("row_missing", keys.series, f"no row of {row.snapshot_id}", "", row.snapshot_id)
                inside.ask("ZADD", keys.series, row.bucket, row.encode())
            if missing:
                newest = max([*kept, *(row.bucket for row in missing)])
                inside.ask("PEXPIREAT", keys.series, newest + self._policy.series_ms)
            untold = [shift for shift in recount.shifts if shift.snapshot_id not in told.shifted]
            for shift in untold:
                detail = f"no entry tells of {shift.snapshot_id}"
                find("regime_untold", keys.regimes, detail, "", f"{shift.before or 'none'} to {shift.after}")
            if untold:
                inside.ask("DEL", keys.regimes)
                for identity, fields in _merged(told.entries, untold)[-REGIMES_KEPT:]:
                    inside.ask("XADD", keys.regimes, identity, *fields)
        return findings, closing


def _merged(entries: Iterable[Entry], untold: Iterable[RegimeShift]) -> list[tuple[str, list[Any]]]:
    """All entries in the order of their snapshots, with the time of these as their ids."""
    placed: list[tuple[int, list[Any]]] = [(it.at, list(chain.from_iterable(it.fields().items()))) for it in untold]
    for name, fields in entries:
        shift = shift_of_entry(fields)
        placed.append((shift.at if shift else position(name)[0], _flat(fields)))
    placed.sort(key=lambda entry: entry[0])
    numbers: Counter[int] = Counter()
    merged = []
    for at, flat in placed:
        merged.append((f"{at}-{numbers[at]}", flat))
        numbers[at] += 1
    return merged


def _flat(fields: list[bytes] | Mapping[bytes, bytes]) -> list[Any]:
    return list(chain.from_iterable(fields.items())) if isinstance(fields, Mapping) else list(fields)


def _label(document: Mapping[str, Any] | None) -> str:
    regime = document.get("regime") if document else None
    label = regime.get("label") if isinstance(regime, Mapping) else None
    return label if isinstance(label, str) else ""
