"""Findings and the changes that repair them, as they are gathered while one region is judged."""

from __future__ import annotations

from dataclasses import dataclass, field

from regional_snapshots.model.values import spoken_time, visible
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.link.connections import Command
from regional_snapshots.store.reconcile.findings import KINDS, Finding
from regional_snapshots.store.reconcile.reading.state import NO_EXPIRY, OFF_MS, Examined, Held, Rules

LONGEST = 300
"""Characters of a text of the store that a finding shows."""


@dataclass(frozen=True)
class Change:
    """One step of a repair: the key, what it held, what it will hold, and the commands that do it."""

    key: str
    before: str
    after: str
    commands: tuple[Command, ...]


@dataclass
class Plan:
    """Findings, the changes that repair them, and what the region looks like afterwards.

    ``added`` is by how many entries the index grows; ``reindexed``, whether its newest entry may have become another;
    ``frees_claims``, whether a snapshot is gone, or goes, whose claim may be left under a name that nobody knows.
    """

    examined: Examined
    rules: Rules
    findings: list[Finding] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    latest: str = ""
    head: str = ""
    added: int = 0
    reindexed: bool = False
    frees_claims: bool = False

    def find(self, kind: str, key: str, detail: str, before: str, after: str, *, repaired: bool = True) -> None:
        """Note a finding. ``repaired`` is False for what the changes leave as it is."""
        words = map(shown, (key, detail, before, after))
        key, detail, before, after = words
        region = self.examined.keys.region
        self.findings.append(Finding(region, kind, key, detail, KINDS[kind].severity, repaired, before, after))

    def wait(self, key: str, instant: int | None, before: str) -> None:
        """Note that a key is too young to be judged, and from when on it will be."""
        made_ms = self.examined.server_ms if instant is None else instant
        after = spoken_time(made_ms + self.rules.grace_ms)
        self.find("too_young", key, f"judged after {after}", before, "left", repaired=False)

    def ahead(self, instant: int) -> bool:
        """Whether an instant lies further in the future than a writer may be ahead of the server; see ``clock_ms``."""
        return instant > max(self.examined.server_ms, self.rules.clock_ms) + self.rules.bucket_ms

    def change(self, key: str, before: str, after: str, *commands: Command) -> None:
        """Note a change."""
        self.changes.append(Change(key, before, after, commands))

    def quarantine(self, key: str, before: str) -> str:
        """Move a key out of the way, for some days; returns where it goes."""
        place = self.examined.keys.quarantine(key)
        if place in self.examined.taken:
            place = f"{place}:{self.examined.server_ms}"
        self.change(key, before, place, ("RENAME", key, place), ("PEXPIRE", place, self.rules.quarantine_ms))
        return place

    def expire(
        self, key: str, held: Held, due_ms: int, at_ms: int | None = None, *, late_ms: int | None = None
    ) -> bool:
        """Note, of a key that never expires or expires before ``due_ms``, that it shall at ``at_ms`` (default: then).

        The same for one that expires after ``late_ms``. Returns whether there was something to note.
        """
        expires_ms = self.examined.server_ms + held.expires_in_ms
        if held.expires_in_ms == NO_EXPIRY:
            kind, detail, before = "no_expiry", "never expires", "no expiry"
        elif due_ms - expires_ms > OFF_MS:
            kind, detail = "expires_early", f"expires {(due_ms - expires_ms) / 1000:.0f} s too early"
            before = f"expires at {expires_ms}"
        elif late_ms is not None and expires_ms - late_ms > OFF_MS:
            kind, detail = "expires_late", f"expires {(expires_ms - late_ms) / 1000:.0f} s too late"
            before = f"expires at {expires_ms}"
        else:
            return False
        at_ms = due_ms if at_ms is None else at_ms
        after = f"expires at {at_ms}"
        self.find(kind, key, detail, before, after)
        self.change(key, before, after, ("PEXPIREAT", key, at_ms))
        return True

    def due_ms(self, name: str) -> int | None:
        """When a pointer to a snapshot is to expire: with it; None: never."""
        if not self.examined.unsealed(name):
            return self.examined.order(name)[0] + self.rules.retention_ms
        left_ms = self.examined.payloads[name].expires_in_ms
        return self.examined.server_ms + left_ms if left_ms >= 0 else None

    def keep(self, key: str, held: Held) -> None:
        """Note, of a key that is to stay and expires, that it shall not."""
        before = f"expires at {self.examined.server_ms + held.expires_in_ms}"
        self.find("expires_early", key, "expires, and in this layout never should", before, "no expiry")
        self.change(key, before, "no expiry", ("PERSIST", key))

    def vanishes(self, held: Held) -> bool:
        """Whether a key is about to expire by itself."""
        return 0 <= held.expires_in_ms <= self.rules.grace_ms


@dataclass(frozen=True)
class Judge:
    """Whoever judges a region: it reads what was examined, and writes what it finds into the plan."""

    plan: Plan

    @property
    def examined(self) -> Examined:
        return self.plan.examined

    @property
    def keys(self) -> RegionKeys:
        return self.plan.examined.keys

    def order(self, name: str) -> tuple[int, str]:
        """Where a snapshot stands in time; see :meth:`Examined.order`."""
        return self.plan.examined.order(name)


def shown(text: str) -> str:
    """A text that may hold arbitrary bytes, and any number of them, fit to be printed on one line."""
    whole = visible(text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))
    line = whole.replace("\r", "\\r").replace("\n", "\\n")
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}… ({len(line)} characters)"
