"""From the observed state of one region to its findings and their repair. Pure: no connection, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regional_snapshots.model.snapshot import instant_of
from regional_snapshots.store.connection import Command
from regional_snapshots.store.findings import KINDS, Finding
from regional_snapshots.store.keys import RegionKeys

ABSENT, NO_EXPIRY = -2, -1
"""What ``PTTL`` answers for a key that is not there, and for one that never expires."""


@dataclass(frozen=True)
class Held:
    """What one key held. ``value`` is the start of a string; of a payload it is empty, and ``problem`` is why it does
    not verify ("" when it does). ``foreign``: it verifies, and belongs to another region.
    """

    type: str = "none"
    expires_in_ms: int = ABSENT
    value: str = ""
    problem: str = ""
    foreign: bool = False

    @property
    def there(self) -> bool:
        """Whether the key exists."""
        return self.type != "none"


@dataclass(frozen=True)
class Seen:
    """One region as it was observed, all at one time.

    ``judged`` are the ids to be judged; ``scores`` (None: not indexed) and ``payloads`` cover them and every id that
    a view or a claim names. ``walked`` are the judged ids that were read from the top of the index downwards.
    """

    keys: RegionKeys
    server_ms: int
    latest: Held
    index: Held
    size: int
    judged: frozenset[str]
    scores: Mapping[str, float | None]
    payloads: Mapping[str, Held]
    views: Mapping[int, Held]
    claims: Mapping[str, Held]
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rules:
    """What is right: how long things live, what may still be under way, and whether wrong types are mended."""

    retention_ms: int
    bucket_ms: int
    grace_ms: int = 60_000
    quarantine_ms: int = 7 * 86_400_000
    fix_types: bool = False


@dataclass(frozen=True)
class Change:
    """One step of a repair: the key, what it held, what it will hold, and the commands that do it."""

    key: str
    before: str
    after: str
    commands: tuple[Command, ...]


@dataclass
class Plan:
    """Findings, the changes that mend them, and what the region looks like afterwards."""

    findings: list[Finding] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    latest: str = ""
    head: str = ""
    added: int = 0


KEEP, ADOPT, DROP, LEAVE, NOTHING = "keep", "adopt", "drop", "leave", "nothing"
"""What becomes of an id: it stays indexed; is indexed; loses its entry; stays as found; is none of ours."""


def diagnose(seen: Seen, rules: Rules) -> Plan:
    """The findings of one region, and the changes that mend them all at once."""
    diagnosis = _Diagnosis(seen, rules)
    diagnosis.types()
    if diagnosis.usable_index:
        diagnosis.snapshots()
        diagnosis.views()
        diagnosis.pointer()
    diagnosis.claims()
    diagnosis.expiries()
    return diagnosis.plan


def order(identity: str) -> tuple[int, str]:
    """Where a snapshot stands in time; what is not an id stands before everything."""
    instant = time_of(identity)
    return (-1 if instant is None else instant), identity


def time_of(identity: str) -> int | None:
    """The instant (ms) that an id carries; None for what is not an id."""
    try:
        return instant_of(identity)
    except ValueError:
        return None


class _Diagnosis:
    def __init__(self, seen: Seen, rules: Rules) -> None:
        self.seen, self.rules, self.keys = seen, rules, seen.keys
        self.plan = Plan(latest=seen.latest.value)
        self.usable_index = seen.index.type in ("zset", "none") or rules.fix_types
        self.fates: dict[str, str] = {}
        self.target: str | None = None
        self.reindexed = False

    # What is found and changed

    def find(self, kind: str, key: str, detail: str, before: str, after: str, *, mended: bool = True) -> None:
        found = Finding(self.keys.region, kind, key, detail, KINDS[kind].severity, mended, before, after)
        self.plan.findings.append(found)

    def change(self, key: str, before: str, after: str, *commands: Command) -> None:
        self.plan.changes.append(Change(key, before, after, commands))

    def quarantine(self, key: str, before: str) -> str:
        place = self.keys.quarantine(key)
        if place in self.seen.taken:
            place = f"{place}:{self.seen.server_ms}"
        self.change(key, before, place, ("RENAME", key, place), ("PEXPIRE", place, self.rules.quarantine_ms))
        return place

    def vanishes(self, held: Held) -> bool:
        """Whether a key is about to expire by itself."""
        return 0 <= held.expires_in_ms <= self.rules.grace_ms

    # Types

    def types(self) -> None:
        """Keys of the wrong type: reported, and moved away only on request."""
        expected = [(self.keys.latest, self.seen.latest, "string"), (self.keys.index, self.seen.index, "zset")]
        expected += [(self.keys.view(instant), held, "string") for instant, held in self.seen.views.items()]
        expected += [(key, held, "string") for key, held in self.seen.claims.items()]
        expected += [(self.keys.payload(name), self.seen.payloads[name], "string") for name in sorted(self.seen.judged)]
        for key, held, kind in expected:
            if not held.there or held.type == kind:
                continue
            mended = self.rules.fix_types
            after = self.quarantine(key, held.type) if mended else held.type
            self.find("wrong_type", key, f"a {held.type}, not a {kind}", held.type, after, mended=mended)

    def usable(self, held: Held) -> bool:
        return held.type == "string"

    # Snapshots and their index entries

    def snapshots(self) -> None:
        for identity in sorted(self.seen.judged):
            self.fates[identity] = self.fate(identity)
        kept = [identity for identity, fate in self.fates.items() if fate in (KEEP, ADOPT)]
        self.target = max(kept, key=order, default=None)

    def fate(self, identity: str) -> str:
        """Judge one id: its payload first, then its age, then its index entry."""
        seen, held, score = self.seen, self.seen.payloads[identity], self.seen.scores.get(identity)
        key, indexed, instant = self.keys.payload(identity), score is not None, time_of(identity)
        if held.there and not self.usable(held):
            return self.drop(identity) if self.rules.fix_types else LEAVE
        past = instant is not None and instant + self.rules.retention_ms <= seen.server_ms
        if past:
            return self.outlived(identity, held, indexed)
        if not held.there or held.foreign:
            return self.unstored(identity, held) if indexed else NOTHING
        if held.problem:
            if not indexed and identity != seen.latest.value:
                return self.orphan(identity, held)
            self.find("payload_damaged", key, f"{identity}: {held.problem}", "damaged", self.quarantine(key, "damaged"))
            return self.drop(identity)
        if not indexed:
            return self.orphan(identity, held)
        if score != instant:
            detail = f"{identity} has the score {score:g}"
            self.find("entry_wrong_score", self.keys.index, detail, f"{score!r}", str(instant))
            self.enter(identity, f"{score!r}")
        return KEEP

    def outlived(self, identity: str, held: Held, indexed: bool) -> str:
        stays = held.there and not held.foreign and not self.vanishes(held)
        if indexed:
            self.find("entry_past_retention", self.keys.index, f"{identity} is past the retention", identity, "removed")
        elif stays and identity != self.seen.latest.value:
            detail = f"{identity} is past the retention, and no entry names it"
            self.find("payload_orphaned", self.keys.payload(identity), detail, identity, "quarantined")
        if stays:
            self.quarantine(self.keys.payload(identity), "past the retention")
        return self.drop(identity) if indexed or stays else NOTHING

    def unstored(self, identity: str, held: Held) -> str:
        what = "belongs to another region" if held.foreign else "is not stored"
        self.find("entry_without_payload", self.keys.index, f"{identity} {what}", identity, "removed")
        return self.drop(identity)

    def orphan(self, identity: str, held: Held) -> str:
        """A payload without index entry. What is younger than the grace period may be half of another's write."""
        key, named = self.keys.payload(identity), identity == self.seen.latest.value
        if not named and self.fresh(identity, held):
            return NOTHING
        if held.problem:
            detail = f"no entry names {identity}; {held.problem}"
            self.find("payload_orphaned", key, detail, "not indexed", self.quarantine(key, "damaged"))
            return DROP
        if not named:
            self.find("payload_orphaned", key, f"no entry names {identity}", "not indexed", "indexed")
        self.enter(identity, "not indexed")
        self.plan.added += 1
        return ADOPT

    def fresh(self, identity: str, held: Held) -> bool:
        instant = time_of(identity)
        if instant is None:
            return held.expires_in_ms > self.rules.retention_ms - self.rules.grace_ms
        return instant > self.seen.server_ms - self.rules.grace_ms

    def enter(self, identity: str, before: str) -> None:
        instant = order(identity)[0]
        self.change(
            self.keys.index, f"{identity}: {before}", str(instant), ("ZADD", self.keys.index, instant, identity)
        )
        self.reindexed = True

    def drop(self, identity: str) -> str:
        if self.seen.scores.get(identity) is not None:
            self.change(self.keys.index, identity, "removed", ("ZREM", self.keys.index, identity))
            self.plan.added -= 1
            self.reindexed = True
        return DROP

    # Timestamp views

    def views(self) -> None:
        for instant, held in self.seen.views.items():
            there = [name for name, fate in self.fates.items() if time_of(name) == instant]
            if any(self.fates[name] == LEAVE for name in there) or (
                held.there and not self.usable(held) and not self.rules.fix_types
            ):
                continue
            kept = [name for name in there if self.fates[name] in (KEEP, ADOPT)]
            if kept:
                self.view_of(instant, held, kept)
            elif self.usable(held) and not self.vanishes(held):
                self.view_of_none(instant, held, there)

    def view_of(self, instant: int, held: Held, kept: list[str]) -> None:
        """The view of an instant that has snapshots names one of them."""
        if self.usable(held) and held.value in kept:
            return
        key, owner = self.keys.view(instant), max(kept)
        indexed = any(self.fates[name] == KEEP for name in kept)
        if indexed and not held.there:
            self.find("view_missing", key, f"no view of {owner}", "", owner)
        elif indexed and self.usable(held):
            self.find("view_wrong", key, f"names {held.value!r}, not {owner}", held.value, owner)
        self.change(key, held.value, owner, ("SET", key, owner, "PXAT", instant + self.rules.retention_ms))

    def view_of_none(self, instant: int, held: Held, there: list[str]) -> None:
        """The view of an instant without snapshots goes: along with the one it named, or as a finding of its own."""
        gone = DROP in (self.fates[name] for name in there)
        if not gone and instant > self.seen.server_ms - self.rules.grace_ms:
            return
        place = self.quarantine(self.keys.view(instant), held.value)
        if not gone:
            key = self.keys.view(instant)
            self.find("view_orphaned", key, f"names {held.value!r}, which is not indexed", held.value, place)

    # Latest

    def pointer(self) -> None:
        held, fixed = self.seen.latest, self.seen.latest.there and not self.usable(self.seen.latest)
        self.plan.head = self.target or ""
        if fixed and not self.rules.fix_types:
            return
        named = held.value if self.usable(held) else None
        if named is not None and self.fates.get(named) == LEAVE:
            self.plan.head = named
            return
        kind, detail = ("", "") if fixed else self.misled(named)
        if kind:
            after = self.target or "deleted"
            self.find(
                kind,
                self.keys.latest,
                detail,
                named or "",
                named if kind == "latest_not_indexed" and self.target == named else after,
            )
        self.plan.latest = self.target or ""
        if self.target != named:
            self.point(named)
            self.reindexed = True

    def misled(self, named: str | None) -> tuple[str, str]:
        """What is wrong with the pointer itself, as kind and detail; ("", "") when nothing is."""
        indexed = [name for name, fate in self.fates.items() if fate == KEEP]
        newest = max(indexed, key=order, default=None)
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
            self.change(key, named or "", "deleted", ("DEL", key))
            return
        expires_ms = order(self.target)[0] + self.rules.retention_ms
        self.change(key, named or "", self.target, ("SET", key, self.target, "PXAT", expires_ms))

    # Claims and expiries

    def claims(self) -> None:
        """A claim whose snapshot is not stored, or will not be after this repair, would block its bucket."""
        for key, held in self.seen.claims.items():
            if not self.usable(held):
                continue
            payload = self.seen.payloads[held.value]
            if not payload.there or payload.foreign:
                self.find("claim_dangling", key, f"{held.value!r} is not stored", held.value, "deleted")
            elif self.fates.get(held.value) != DROP:
                continue
            self.change(key, held.value, "deleted", ("DEL", key))

    def expiries(self) -> None:
        retention_ms = self.rules.retention_ms
        for name in sorted(self.fates):
            if self.fates[name] in (KEEP, ADOPT):
                self.expire(self.keys.payload(name), self.seen.payloads[name], order(name)[0] + retention_ms)
        for instant, held in self.seen.views.items():
            if any(self.fates.get(name) in (KEEP, ADOPT) and time_of(name) == instant for name in self.fates):
                self.expire(self.keys.view(instant), held, instant + retention_ms)
        for key, held in self.seen.claims.items():
            payload = self.seen.payloads.get(held.value)
            if self.usable(held) and payload and payload.there and self.fates.get(held.value) != DROP:
                self.expire(key, held, self.seen.server_ms + self.rules.bucket_ms)
        if self.target is not None:
            newest_ms = order(self.target)[0] + retention_ms
            self.expire(self.keys.latest, self.seen.latest, newest_ms)
            if not self.expire(self.keys.index, self.seen.index, newest_ms, "zset") and self.reindexed:
                command = ("PEXPIREAT", self.keys.index, newest_ms)
                self.change(
                    self.keys.index,
                    f"expires in {self.seen.index.expires_in_ms} ms",
                    f"expires at {newest_ms}",
                    command,
                )

    def expire(self, key: str, held: Held, at_ms: int, kind: str = "string") -> bool:
        if held.type != kind or held.expires_in_ms != NO_EXPIRY:
            return False
        self.find("no_expiry", key, "never expires", "no expiry", f"expires at {at_ms}")
        self.change(key, "no expiry", f"expires at {at_ms}", ("PEXPIREAT", key, at_ms))
        return True
