"""When each key of a region expires: a snapshot's with its retention, latest and index with the newest snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regional_snapshots.store.reconcile.judging.fates import DROP, STAYS
from regional_snapshots.store.reconcile.judging.plan import Judge
from regional_snapshots.store.reconcile.reading.state import NO_EXPIRY

CLOCK_GRAIN_MS = 20
"""By how much an expiry may seem wrong because it was read a little later than the server's time."""


@dataclass(frozen=True)
class Expiries(Judge):
    """Judges when things expire, given what becomes of each snapshot, which one latest is to name, and which is the
    newest of the index. What another program wrote expires when that program said."""

    fates: Mapping[str, str]
    target: str | None
    newest: str | None
    newest_indexed: str | None

    def judge(self) -> None:
        """Note every expiry that is wrong."""
        self._payloads()
        self._views()
        self._claims()
        if self.target is not None:
            self._latest(self.target)
        if self.newest is not None:
            self._index(self.newest)

    def _payloads(self) -> None:
        for name in sorted(self.fates):
            if self.fates[name] in STAYS and not self.examined.unsealed(name):
                self.plan.expire(self.keys.payload(name), self.examined.payloads[name], self._due_ms(name))

    def _views(self) -> None:
        stays = [name for name in self.fates if self.fates[name] in STAYS and not self.examined.unsealed(name)]
        sealed = {self.examined.instant(name) for name in stays}
        for instant, held in self.examined.views.items():
            if instant in sealed and held.usable:
                self.plan.expire(self.keys.view(instant), held, instant + self.plan.rules.retention_ms)

    def _claims(self) -> None:
        now_ms = self.examined.server_ms
        for key, held in self.examined.claims.items():
            owner = self.examined.payloads.get(held.value)
            if held.usable and owner and owner.there and self.fates.get(held.value) != DROP:
                self.plan.expire(key, held, now_ms, now_ms + self.plan.rules.bucket_ms)

    def _latest(self, target: str) -> None:
        held, at_ms = self.examined.latest, self.plan.due_ms(target)
        if held.usable and held.value in self.fates and at_ms and not self.examined.unsealed(held.value):
            due_ms = self._due_ms(held.value)
            late_ms = due_ms if held.value == target else None
            self.plan.expire(self.keys.latest, held, due_ms, at_ms, late_ms=late_ms)

    def _index(self, newest: str) -> None:
        held, now_ms = self.examined.index, self.examined.server_ms
        if not self.keys.layout.index_expires:
            if held.type == "zset" and held.expires_in_ms >= 0:
                self.plan.keep(self.keys.index, held)
            return
        if self.examined.unsealed(newest) and held.expires_in_ms == NO_EXPIRY:
            return
        at_ms = self._due_ms(newest)
        entries = [name for name in self.fates if self.examined.scores.get(name) is not None]
        late_ms = max(map(self._due_ms, (*entries, newest)))
        due_ms = self._due_ms(self.newest_indexed) if self.newest_indexed else 0
        noted = held.type == "zset" and self.plan.expire(self.keys.index, held, due_ms, at_ms, late_ms=late_ms)
        right = abs(now_ms + held.expires_in_ms - at_ms) <= CLOCK_GRAIN_MS
        if self.plan.reindexed and not noted and not right:
            before = f"expires at {now_ms + held.expires_in_ms}" if held.there else "no index"
            command = ("PEXPIREAT", self.keys.index, at_ms)
            self.plan.change(self.keys.index, before, f"expires at {at_ms}", command)

    def _due_ms(self, name: str) -> int:
        return self.order(name)[0] + self.plan.rules.retention_ms
