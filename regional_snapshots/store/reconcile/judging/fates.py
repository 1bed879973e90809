"""What becomes of each snapshot id: judged by its payload, its age, and its index entry."""

from __future__ import annotations

from dataclasses import dataclass

from regional_snapshots.model.snapshot import time_of
from regional_snapshots.model.values import spoken_time
from regional_snapshots.store.reconcile.judging.plan import Judge, Plan
from regional_snapshots.store.reconcile.reading.state import Held

KEEP, ADOPT, DROP, LEAVE, NOTHING = "keep", "adopt", "drop", "leave", "nothing"
"""It stays indexed; is indexed; loses its entry; stays as found; is none of ours."""
STAYS = (KEEP, ADOPT)


def fates(plan: Plan) -> dict[str, str]:
    """The fate of every judged id; what is found on the way goes into the plan."""
    judge = _Fates(plan)
    return {identity: judge.fate(identity) for identity in sorted(plan.examined.judged)}


@dataclass(frozen=True)
class _Fates(Judge):
    def fate(self, identity: str) -> str:
        """Judge one id: its payload first, then its age, then its index entry."""
        examined, held, score = self.examined, self.examined.payloads[identity], self.examined.scores.get(identity)
        key, indexed, instant = self.keys.payload(identity), score is not None, time_of(identity)
        if held.there and not held.usable:
            return self.drop(identity) if self.plan.rules.fix_types else LEAVE
        if examined.unsealed(identity):
            return self.unsealed(identity, held, score)
        if held.instant is not None and self.ahead(identity, theirs=False):
            return self.drop(identity)
        past = instant is not None and instant + self.plan.rules.retention_ms <= examined.server_ms
        if past:
            return self.outlived(identity, held, indexed)
        if not held.there or held.foreign:
            return self.unstored(identity, held) if indexed else NOTHING
        if held.problem:
            if not indexed and identity != examined.latest.value:
                return self.orphan(identity, held)
            self.plan.find(
                "payload_damaged", key, f"{identity}: {held.problem}", "damaged", self.plan.quarantine(key, "damaged")
            )
            return self.drop(identity)
        if score is None:
            return self.orphan(identity, held)
        return self.scored(identity, score)

    def unsealed(self, identity: str, held: Held, score: float | None) -> str:
        """What another program wrote stays, whatever its age; where no entry names it, it is indexed."""
        if score is not None:
            self.ahead(identity, theirs=True)
            return self.scored(identity, score)
        past = self.order(identity)[0] + self.plan.rules.retention_ms <= self.examined.server_ms
        if past and identity != self.examined.latest.value:
            return NOTHING  # pruned from the index, it lives on until it expires
        return self.orphan(identity, held)

    def ahead(self, identity: str, *, theirs: bool) -> bool:
        """Whether a snapshot goes because it lies further in the server's future than a writer may be ahead.

        Another program's stays, and so does what is not ahead of this machine's clock: the server's may be wrong.
        """
        rules, instant = self.plan.rules, self.order(identity)[0]
        if instant <= self.examined.server_ms + rules.bucket_ms:
            return False
        key, detail = self.keys.payload(identity), f"{identity} is of {spoken_time(instant)}, ahead of the server"
        if theirs or not self.plan.ahead(instant):
            why = "another program's" if theirs else "by this machine's clock it is not: one of the two is wrong"
            self.plan.find("in_future", key, f"{detail}; {why}", identity, "left", repaired=False)
            return False
        self.plan.find("in_future", key, detail, identity, self.plan.quarantine(key, identity))
        return True

    def scored(self, identity: str, score: float) -> str:
        instant = self.examined.instant(identity)
        if score != instant:
            detail = f"{identity} has the score {score:g}"
            self.plan.find("entry_wrong_score", self.keys.index, detail, f"{score!r}", str(instant))
            self.enter(identity, f"{score!r}")
        return KEEP

    def outlived(self, identity: str, held: Held, indexed: bool) -> str:
        stays = held.there and not held.foreign and not self.plan.vanishes(held)
        if indexed:
            self.plan.find(
                "entry_past_retention",
                self.keys.index,
                f"{identity} is past the retention",
                identity,
                "removed",
            )
        elif stays and identity != self.examined.latest.value:
            detail = f"{identity} is past the retention, and no entry names it"
            self.plan.find("payload_orphaned", self.keys.payload(identity), detail, identity, "quarantined")
        if stays:
            self.plan.quarantine(self.keys.payload(identity), "past the retention")
        return self.drop(identity) if indexed or stays else NOTHING

    def unstored(self, identity: str, held: Held) -> str:
        what = "belongs to another region" if held.foreign else "is not stored"
        self.plan.find("entry_without_payload", self.keys.index, f"{identity} {what}", identity, "removed")
        return self.drop(identity)

    def orphan(self, identity: str, held: Held) -> str:
        """A payload without index entry. What is younger than the grace period may be half of another's write."""
        key, named = self.keys.payload(identity), identity == self.examined.latest.value
        if not named and self.fresh(identity, held):
            self.plan.wait(key, self.examined.instant(identity), identity)
            return NOTHING
        if held.problem:
            detail = f"no entry names {identity}; {held.problem}"
            self.plan.find("payload_orphaned", key, detail, "not indexed", self.plan.quarantine(key, "damaged"))
            return DROP
        if not named:
            self.plan.find("payload_orphaned", key, f"no entry names {identity}", "not indexed", "indexed")
        self.enter(identity, "not indexed")
        self.plan.added += 1
        return ADOPT

    def fresh(self, identity: str, held: Held) -> bool:
        instant = self.examined.instant(identity)
        if instant is None:
            return held.expires_in_ms > self.plan.rules.retention_ms - self.plan.rules.grace_ms
        return instant > self.examined.server_ms - self.plan.rules.grace_ms

    def enter(self, identity: str, before: str) -> None:
        instant = self.order(identity)[0]
        self.plan.change(
            self.keys.index,
            f"{identity}: {before}",
            str(instant),
            ("ZADD", self.keys.index, instant, identity),
        )
        self.plan.reindexed = True

    def drop(self, identity: str) -> str:
        if self.examined.scores.get(identity) is not None:
            gone = [("ZREM", key, identity) for key in (self.keys.index, self.examined.spare) if key]
            self.plan.change(self.keys.index, identity, "removed", *gone)
            self.plan.added -= 1
            self.plan.reindexed = True
        return DROP
