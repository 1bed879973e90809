"""From the observed state of one region to its findings and their repair. Pure: no connection, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from regional_snapshots.model.snapshot import time_of
from regional_snapshots.store.reconcile.judging.expiries import Expiries
from regional_snapshots.store.reconcile.judging.fates import DROP, KEEP, LEAVE, STAYS, fates
from regional_snapshots.store.reconcile.judging.plan import Judge, Plan
from regional_snapshots.store.reconcile.reading.state import Examined, Held, Rules


def diagnose(examined: Examined, rules: Rules) -> Plan:
    """The findings of one region, and the changes that repair them all at once."""
    plan = Plan(examined, rules, latest=examined.latest.value)
    _types(plan)
    readable = examined.index.type in ("zset", "none") or rules.fix_types
    diagnosis = _Diagnosis(plan, fates(plan) if readable else {})
    if readable:
        diagnosis.views()
        diagnosis.pointer()
    diagnosis.claims()
    plan.frees_claims = diagnosis.frees_claims()
    Expiries(plan, diagnosis.fates, diagnosis.target, diagnosis.newest, diagnosis.newest_indexed).judge()
    return plan


def _types(plan: Plan) -> None:
    """Keys of the wrong type: reported, and moved away only on request."""
    examined, keys = plan.examined, plan.examined.keys
    expected = [(keys.latest, examined.latest, "string"), (keys.index, examined.index, "zset")]
    expected += [(keys.pin, examined.pin, "string")]
    expected += [(key, examined.beside[key], kind) for key, kind in keys.beside.items() if key in examined.beside]
    expected += [(keys.view(instant), held, "string") for instant, held in examined.views.items()]
    expected += [(key, held, "string") for key, held in examined.claims.items()]
    expected += [(keys.payload(name), examined.payloads[name], "string") for name in sorted(examined.judged)]
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
            groups.setdefault(self.examined.instant(name), []).append(name)
        return groups

    @cached_property
    def target(self) -> str | None:
        """What latest should name: where it is pinned, else the newest."""
        pin = self.examined.pin
        return pin.value if pin.usable and self.fates.get(pin.value) in STAYS else self.newest

    @cached_property
    def newest(self) -> str | None:
        """The newest snapshot that stays."""
        return max((name for name, fate in self.fates.items() if fate in STAYS), key=self.order, default=None)

    @cached_property
    def newest_indexed(self) -> str | None:
        """The newest snapshot that is indexed and stays so."""
        return max((name for name, fate in self.fates.items() if fate == KEEP), key=self.order, default=None)

    def views(self) -> None:
        for instant, held in self.examined.views.items():
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
        sealed = [name for name in kept if not self.examined.unsealed(name)]
        if self.viewed(held, kept, sealed):
            return
        key, owner = self.keys.view(instant), max(sealed or kept)
        indexed = any(self.fates[name] == KEEP for name in kept)
        if indexed and not held.there:
            self.plan.find("view_missing", key, f"no view of {owner}", "", owner)
        elif indexed and held.usable:
            self.plan.find("view_wrong", key, f"names {held.value!r}, not {owner}", held.value, owner)
        kept_ms = ("PX", held.expires_in_ms) if held.expires_in_ms > 0 else ()  # KEEPTTL, which Redis 5 does not know
        lasting = ("PXAT", instant + self.plan.rules.retention_ms) if sealed else kept_ms
        self.plan.change(key, held.value, owner, ("SET", key, owner, *lasting))

    def viewed(self, held: Held, kept: list[str], sealed: list[str]) -> bool:
        """Whether a view is right. That of another program's snapshot may hold it whole, and need not be there."""
        whole = len(sealed) < len(kept) and held.usable and time_of(held.value) is None
        return whole or (held.usable and held.value in kept) or (not held.there and not sealed)

    def view_of_none(self, instant: int, held: Held, there: list[str]) -> None:
        """The view of an instant without snapshots goes: along with the one it named, or as a finding of its own."""
        named = self.examined.payloads.get(held.value, Held())
        if named.usable and not named.problem and self.fates.get(held.value) != DROP:
            return  # its payload is an orphan, which a deep reconciliation indexes
        if any(map(self.examined.unsealed, there)) or (held.instant is not None and not held.sealed):
            return  # it is, or belongs to, another program's snapshot
        gone = DROP in (self.fates[name] for name in there)
        young = instant > self.examined.server_ms - self.plan.rules.grace_ms and not self.plan.ahead(instant)
        if not gone and young:
            self.plan.wait(self.keys.view(instant), instant, held.value)
            return
        place = self.plan.quarantine(self.keys.view(instant), held.value)
        if not gone:
            key = self.keys.view(instant)
            self.plan.find("view_orphaned", key, f"names {held.value!r}, which is not indexed", held.value, place)

    def pointer(self) -> None:
        held, fixed = self.examined.latest, self.examined.latest.there and not self.examined.latest.usable
        self.plan.head = self.newest or ""
        self.pin()
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

    def pin(self) -> None:
        """A pin that names no snapshot holds latest nowhere: it goes."""
        pin = self.examined.pin
        if pin.usable and self.fates.get(pin.value) not in (*STAYS, LEAVE):
            key = self.keys.pin
            self.plan.find("pin_dangling", key, f"{pin.value!r} is not stored", pin.value, "deleted")
            self.plan.change(key, pin.value, "deleted", ("DEL", key))

    def misled(self, named: str | None) -> tuple[str, str]:
        """What is wrong with the pointer itself, as kind and detail; ("", "") when nothing is."""
        newest = self.newest_indexed
        if self.target != self.newest:
            return ("latest_off_pin", f"it is pinned at {self.target}") if named != self.target else ("", "")
        if named is None:
            return ("latest_missing", f"the newest is {newest}") if newest else ("", "")
        held = self.examined.payloads[named]
        if not held.there or held.foreign:
            return "latest_without_payload", f"{named!r} is not stored"
        if self.examined.scores.get(named) is None and not held.problem:
            return "latest_not_indexed", f"{named} is stored, and no index entry names it"
        if newest is not None and self.fates[named] == KEEP and self.order(newest) > self.order(named):
            return "latest_behind", f"{named} is older than the head {newest}"
        return "", ""

    def point(self, named: str | None) -> None:
        key = self.keys.latest
        if self.target is None:
            self.plan.change(key, named or "", "deleted", ("DEL", key))
            return
        expires_ms = self.plan.due_ms(self.target)
        lasting = () if expires_ms is None else ("PXAT", expires_ms)
        self.plan.change(key, named or "", self.target, ("SET", key, self.target, *lasting))

    def claims(self) -> None:
        """A claim whose snapshot is not stored, or will not be after this repair, would block its bucket."""
        for key, held in self.examined.claims.items():
            if not held.usable:
                continue
            payload = self.examined.payloads[held.value]
            if not payload.there and self.under_way(held):
                continue
            if not payload.there or payload.foreign:
                self.plan.find("claim_dangling", key, f"{held.value!r} is not stored", held.value, "deleted")
            elif self.fates.get(held.value) != DROP:
                continue
            self.plan.change(key, held.value, "deleted", ("DEL", key))

    def frees_claims(self) -> bool:
        """Whether a snapshot that is not stored, or goes, is so young that a claim that names what happened is left."""
        least_ms = self.examined.server_ms - 2 * self.plan.rules.bucket_ms
        gone = (it for it, fate in self.fates.items() if fate == DROP or not self.examined.payloads[it].there)
        return self.keys.layout.claims_name_things and any((time_of(it) or 0) > least_ms for it in gone)

    def under_way(self, claim: Held) -> bool:
        """Whether a claim is so young that a program that claims first and writes then may still be writing."""
        rules, made_ms = self.plan.rules, time_of(claim.value)
        young = claim.expires_in_ms > rules.bucket_ms - rules.grace_ms
        shared = not self.keys.layout.one_slot_per_region
        return shared and young and made_ms is not None and made_ms > self.examined.server_ms - rules.grace_ms
