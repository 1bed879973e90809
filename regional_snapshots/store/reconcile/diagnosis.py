"""From the observed state of one region to its findings and their repair. Pure: no connection, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from regional_snapshots.store.reconcile.fates import DROP, KEEP, LEAVE, STAYS, fates
from regional_snapshots.store.reconcile.plan import Judge, Plan
from regional_snapshots.store.reconcile.state import Held, Rules, Seen, order, time_of

CLOCK_GRAIN_MS = 20
"""By how much an expiry may seem wrong because it was read a little later than the server's time."""


def diagnose(seen: Seen, rules: Rules) -> Plan:
    """The findings of one region, and the changes that repair them all at once."""
    plan = Plan(seen, rules, latest=seen.latest.value)
    _types(plan)
    readable = seen.index.type in ("zset", "none") or rules.fix_types
    diagnosis = _Diagnosis(plan, fates(plan) if readable else {})
    if readable:
        diagnosis.views()
        diagnosis.pointer()
    diagnosis.claims()
    diagnosis.expiries()
    return plan


def _types(plan: Plan) -> None:
    """Keys of the wrong type: reported, and moved away only on request."""
    seen, keys = plan.seen, plan.seen.keys
    expected = [(keys.latest, seen.latest, "string"), (keys.index, seen.index, "zset")]
    expected += [(keys.view(instant), held, "string") for instant, held in seen.views.items()]
    expected += [(key, held, "string") for key, held in seen.claims.items()]
    expected += [(keys.payload(name), seen.payloads[name], "string") for name in sorted(seen.judged)]
    repaired = plan.rules.fix_types
    for key, held, kind in expected:
        if held.there and held.type != kind:
            after = plan.quarantine(key, held.type) if repaired else "renamed, on request"
            plan.find("wrong_type", key, f"a {held.type}, not a {kind}", held.type, after, repaired=repaired)


@dataclass(frozen=True)
class _Diagnosis(Judge):
    """What follows from the fates of the snapshots for everything that names one of them."""

    fates: dict[str, str]

    @cached_property
    def at_instant(self) -> dict[int | None, list[str]]:
        """Judged ids by their instant (ms)."""
        groups: dict[int | None, list[str]] = {}
        for name in self.fates:
            groups.setdefault(time_of(name), []).append(name)
        return groups

    @cached_property
    def target(self) -> str | None:
        """What latest should name."""
        return max((name for name, fate in self.fates.items() if fate in STAYS), key=order, default=None)

    @cached_property
    def newest_indexed(self) -> str | None:
        """The newest snapshot that is indexed and stays so."""
        return max((name for name, fate in self.fates.items() if fate == KEEP), key=order, default=None)

    def views(self) -> None:
        for instant, held in self.seen.views.items():
            there = self.at_instant.get(instant, [])
            unread = held.there and not held.usable and not self.plan.rules.fix_types
            if unread or LEAVE in (self.fates[name] for name in there):
                continue
            kept = [name for name in there if self.fates[name] in STAYS]
            if kept:
                self.view_of(instant, held, kept)
            elif held.usable and not self.plan.vanishes(held):
                self.view_of_none(instant, held, there)

    def view_of(self, instant: int, held: Held, kept: list[str]) -> None:
        """The view of an instant that has snapshots names one of them."""
        if held.usable and held.value in kept:
            return
        key, owner = self.keys.view(instant), max(kept)
        indexed = any(self.fates[name] == KEEP for name in kept)
        if indexed and not held.there:
            self.plan.find("view_missing", key, f"no view of {owner}", "", owner)
        elif indexed and held.usable:
            self.plan.find("view_wrong", key, f"names {held.value!r}, not {owner}", held.value, owner)
        self.plan.change(key, held.value, owner, ("SET", key, owner, "PXAT", instant + self.plan.rules.retention_ms))

    def view_of_none(self, instant: int, held: Held, there: list[str]) -> None:
        """The view of an instant without snapshots goes: along with the one it named, or as a finding of its own."""
        named = self.seen.payloads.get(held.value, Held())
        if named.usable and not named.problem and self.fates.get(held.value) != DROP:
            return  # its payload is an orphan, which a deep reconciliation indexes
        gone = DROP in (self.fates[name] for name in there)
        if not gone and instant > self.seen.server_ms - self.plan.rules.grace_ms:
            return
        place = self.plan.quarantine(self.keys.view(instant), held.value)
        if not gone:
            key = self.keys.view(instant)
            self.plan.find("view_orphaned", key, f"names {held.value!r}, which is not indexed", held.value, place)

    def pointer(self) -> None:
        held, fixed = self.seen.latest, self.seen.latest.there and not self.seen.latest.usable
        self.plan.head = self.target or ""
        if fixed and not self.plan.rules.fix_types:
            return
        named = held.value if held.usable else None
        if named is not None and self.fates.get(named) == LEAVE:
            self.plan.head = named
            return
        kind, detail = ("", "") if fixed else self.misled(named)
        if kind:
            self.plan.find(kind, self.keys.latest, detail, named or "", self.target or "deleted")
        self.plan.latest = self.target or ""
        if self.target != named:
            self.point(named)
            self.plan.reindexed = True

    def misled(self, named: str | None) -> tuple[str, str]:
        """What is wrong with the pointer itself, as kind and detail; ("", "") when nothing is."""
        newest = self.newest_indexed
        if named is None:
            return ("latest_missing", f"the newest is {newest}") if newest else ("", "")
        held = self.seen.payloads[named]
        if not held.there or held.foreign:
            return "latest_without_payload", f"{named!r} is not stored"
        if self.seen.scores.get(named) is None and not held.problem:
            return "latest_not_indexed", f"{named} is stored, and no index entry names it"
        if newest is not None and self.fates[named] == KEEP and order(newest) > order(named):
            return "latest_behind", f"{named} is older than the head {newest}"
        return "", ""

    def point(self, named: str | None) -> None:
        key = self.keys.latest
        if self.target is None:
            self.plan.change(key, named or "", "deleted", ("DEL", key))
            return
        expires_ms = order(self.target)[0] + self.plan.rules.retention_ms
        self.plan.change(key, named or "", self.target, ("SET", key, self.target, "PXAT", expires_ms))

    def claims(self) -> None:
        """A claim whose snapshot is not stored, or will not be after this repair, would block its bucket."""
        for key, held in self.seen.claims.items():
            if not held.usable:
                continue
            payload = self.seen.payloads[held.value]
            if not payload.there or payload.foreign:
                self.plan.find("claim_dangling", key, f"{held.value!r} is not stored", held.value, "deleted")
            elif self.fates.get(held.value) != DROP:
                continue
            self.plan.change(key, held.value, "deleted", ("DEL", key))

    def expiries(self) -> None:
        retention_ms = self.plan.rules.retention_ms
        for name in sorted(self.fates):
            if self.fates[name] in STAYS:
                self.plan.expire(self.keys.payload(name), self.seen.payloads[name], order(name)[0] + retention_ms)
        for instant, held in self.seen.views.items():
            stays = any(self.fates[name] in STAYS for name in self.at_instant.get(instant, []))
            if stays and held.usable:
                self.plan.expire(self.keys.view(instant), held, instant + retention_ms)
        for key, held in self.seen.claims.items():
            payload = self.seen.payloads.get(held.value)
            if held.usable and payload and payload.there and self.fates.get(held.value) != DROP:
                now_ms = self.seen.server_ms
                self.plan.expire(key, held, now_ms, now_ms + self.plan.rules.bucket_ms)
        if self.target is not None:
            self.newest_expiries(order(self.target)[0] + retention_ms)

    def newest_expiries(self, at_ms: int) -> None:
        """Latest and index expire with the newest snapshot, neither before nor after, also when it becomes another."""
        latest, index, retention_ms = self.seen.latest, self.seen.index, self.plan.rules.retention_ms
        if latest.usable and latest.value in self.fates:
            due_ms = order(latest.value)[0] + retention_ms
            late_ms = due_ms if latest.value == self.target else None
            self.plan.expire(self.keys.latest, latest, due_ms, at_ms, late_ms=late_ms)
        right = abs(self.seen.server_ms + index.expires_in_ms - at_ms) <= CLOCK_GRAIN_MS
        due_ms = order(self.newest_indexed or "")[0] + retention_ms
        entries = [name for name in self.fates if self.seen.scores.get(name) is not None]
        late_ms = max(order(name)[0] + retention_ms for name in (*entries, self.target or ""))
        noted = index.type == "zset" and self.plan.expire(self.keys.index, index, due_ms, at_ms, late_ms=late_ms)
        if self.plan.reindexed and not noted and not right:
            before = f"expires at {self.seen.server_ms + index.expires_in_ms}" if index.there else "no index"
            command = ("PEXPIREAT", self.keys.index, at_ms)
            self.plan.change(self.keys.index, before, f"expires at {at_ms}", command)
