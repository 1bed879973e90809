"""What the model of the protocol explores: the scenarios, and the mistakes that it has to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from regional_snapshots.model.document.words import UNCHANGED as UNCHANGED_REASON
from regional_snapshots.model.news import REGIME_SHIFT, News
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.protocol.decide import Writes, decide, owner_in_doubt
from regional_snapshots.store.protocol.look import Look
from regional_snapshots.store.protocol.quiet import settle
from regional_snapshots.store.tiers.tiers import NO_TIERS, Tiers
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.protocol_server import NOW_MS

POLICY = Policy(attempts=2)
KEYS = RegionKeys("latam")
ORDINARY = "corridor_break"


@dataclass(frozen=True)
class Protocol:
    """The functions of the code that are explored; a planted mistake replaces one."""

    look: Callable[..., Look] = Look
    decide: Callable[..., Any] = decide
    owner_in_doubt: Callable[..., Any] = owner_in_doubt
    blind: bool = False
    mends_unwatched: bool = False
    forgets_doubt: bool = False


@dataclass(frozen=True)
class Scenario:
    """What is stored at first, the snapshots of both writers (the second one may be forced), and what may happen:
    that a claim expires, or that latest is damaged; only then is there a reconciler, and whoever is killed stays dead.
    ``ghost``: the bucket of the first one is claimed by somebody who is not stored. ``pin``: latest is pinned at the
    oldest snapshot, once; ``unpin``: and let go again. ``tiers``: of what is stored, the writers drop what is too much;
    everything that may be dropped is in one slot.
    """

    stored: tuple[Snapshot, ...]
    snapshots: tuple[Snapshot, Snapshot]
    forced: bool = False
    expiry: bool = False
    damage: bool = False
    ghost: bool = False
    pin: bool = False
    unpin: bool = False
    tiers: Tiers = NO_TIERS

    @property
    def policy(self) -> Policy:
        """That of both writers."""
        return replace(POLICY, tiers=self.tiers)

    def spares(self, made: Snapshot) -> bool:
        """Whether the tiers may drop what is stored at first."""
        return bool(self.tiers) and made.reason != REGIME_SHIFT


def _made(bucket: int, offset_ms: int, reason: str = "regime_shift") -> Snapshot:
    instant = NOW_MS + 1 - (5 - bucket) * POLICY.bucket_ms + offset_ms
    return snapshot(KEYS.region, instant, reason=reason)


def told_with(made: Snapshot) -> News:
    """What every snapshot of the model brings: an event whose repeats stay quiet, a shift, and a row."""
    return news(made, "data_loss", "regime_shift")


OLD, FIRST, RIVAL, SECOND, NEWEST = _made(0, 0), _made(1, 0), _made(1, 1), _made(2, 0), _made(3, 0)
UNCHANGED = _made(1, 1, UNCHANGED_REASON)
HALF_HOURS = Tiers.parse("16m:30m")
AGED = (_made(-3, 0), _made(-3, 1, ORDINARY), _made(-3, 2, ORDINARY), _made(-2, 3, ORDINARY), OLD)
"""A change of regime, and three others of the half hour, of which one is to be left."""
SCENARIOS = {
    "one bucket": Scenario((OLD,), (FIRST, RIVAL), expiry=True),
    "two buckets": Scenario((OLD,), (FIRST, SECOND)),
    "two buckets, latest damaged": Scenario((OLD,), (FIRST, SECOND), damage=True),
    "two buckets, empty store": Scenario((), (FIRST, SECOND)),
    "one snapshot, two processes": Scenario((OLD,), (FIRST, FIRST), expiry=True),
    "one bucket, claimed by a ghost": Scenario((OLD,), (FIRST, RIVAL), expiry=True, ghost=True),
    "one bucket, forced": Scenario((OLD,), (FIRST, RIVAL), forced=True),
    "one bucket, nothing changed": Scenario((OLD,), (FIRST, UNCHANGED)),
    "two buckets, pinned": Scenario((OLD,), (FIRST, SECOND), pin=True),
    "one snapshot, two processes, pinned for a time": Scenario((OLD,), (FIRST, FIRST), pin=True, unpin=True),
    "one bucket, both late": Scenario((OLD, NEWEST), (FIRST, RIVAL)),
    "two buckets, in tiers": Scenario(AGED, (FIRST, SECOND), tiers=HALF_HOURS),
    "two buckets, in tiers, pinned": Scenario(AGED[1:], (FIRST, SECOND), pin=True, tiers=HALF_HOURS),
    "one bucket, in tiers": Scenario(AGED, (FIRST, RIVAL), expiry=True, tiers=HALF_HOURS),
}


def _latest_though_late(*arguments: Any, **options: Any) -> Any:
    decision = decide(*arguments, **options)
    return replace(decision, late=False) if isinstance(decision, Writes) else decision


def _told_though_late(seen: Any, made: Any, policy: Any, given: Any, **options: Any) -> Any:
    decision = decide(seen, made, policy, given, **options)
    return (
        replace(decision, told=settle(given, seen.quiet, made.generated_at))
        if isinstance(decision, Writes)
        else decision
    )


def _told_again(seen: Any, *arguments: Any, **options: Any) -> Any:
    return decide(replace(seen, news_of=frozenset()), *arguments, **options)


def _quiet_unread(seen: Any, *arguments: Any, **options: Any) -> Any:
    return decide(replace(seen, quiet={}), *arguments, **options)


def _watching(*keys: str) -> Callable[..., Look]:
    def look(*given: Any, **named: Any) -> Look:
        made = Look(*given, **named)
        commands = made.batch.commands
        commands[:] = [("WATCH", *keys) if command[0] == "WATCH" else command for command in commands]
        return made

    return look


def _pin_unread(seen: Any, *arguments: Any, **options: Any) -> Any:
    return decide(replace(seen, pin=None), *arguments, **options)


def _told_though_pinned(seen: Any, made: Any, policy: Any, given: Any, **options: Any) -> Any:
    decision = decide(seen, made, policy, given, **options)
    if isinstance(decision, Writes) and decision.pinned:
        return replace(decision, told=settle(given, seen.quiet, made.generated_at))
    return decision


def _thins_everything(seen: Any, *arguments: Any, **options: Any) -> Any:
    decision = decide(seen, *arguments, **options)
    thins = isinstance(decision, Writes) and decision.thinned.dropped
    return replace(decision, thinned=replace(decision.thinned, dropped=seen.spare)) if thins else decision


def _thins_what_is_pinned(seen: Any, *arguments: Any, **options: Any) -> Any:
    decision = decide(seen, *arguments, **options)
    blind = decide(replace(seen, pin=None, latest=None), *arguments, **options)
    return replace(decision, thinned=blind.thinned) if isinstance(decision, Writes) else decision


def _thins_what_is_not_listed(seen: Any, *arguments: Any, **options: Any) -> Any:
    return decide(replace(seen, spare=tuple(made.id for made in AGED)), *arguments, **options)


def _pinned_is_committed(*arguments: Any, **options: Any) -> Any:
    decision = decide(*arguments, **options)
    return decision if isinstance(decision, Writes) or decision[0] is not Outcome.PINNED else (Outcome.LATE, "")


MISTAKES = {
    "a slot is emptied": ("two buckets, in tiers", Protocol(decide=_thins_everything)),
    "what is pinned is dropped": ("two buckets, in tiers, pinned", Protocol(decide=_thins_what_is_pinned)),
    "what is on no list is dropped": ("two buckets, in tiers", Protocol(decide=_thins_what_is_not_listed)),
    "a pin is not looked at": ("two buckets, pinned", Protocol(decide=_pin_unread)),
    "a pinned snapshot tells its news": ("two buckets, pinned", Protocol(decide=_told_though_pinned)),
    "neither pin nor latest are watched": (
        "two buckets, pinned",
        Protocol(look=_watching(KEYS.index)),
    ),
    "a pinned snapshot that is there is called late": (
        "one snapshot, two processes, pinned for a time",
        Protocol(decide=_pinned_is_committed),
    ),
    "EXEC is sent again without looking": ("two buckets", Protocol(blind=True)),
    "latest is set though late": ("two buckets", Protocol(decide=_latest_though_late)),
    "the claim is read without watching": (
        "one bucket",
        Protocol(look=_watching()),
    ),
    "latest alone is watched": (
        "one bucket, both late",
        Protocol(look=_watching(KEYS.latest)),
    ),
    "a doubtful outcome is told as a failure": ("one bucket", Protocol(forgets_doubt=True)),
    "a claim is believed though its owner is not stored": (
        "one bucket, claimed by a ghost",
        Protocol(owner_in_doubt=lambda _: None),
    ),
    "a late snapshot tells its news": ("one bucket, both late", Protocol(decide=_told_though_late)),
    "what was told is not looked for": ("two buckets, latest damaged", Protocol(decide=_told_again)),
    "what is quiet is not looked for": ("two buckets", Protocol(decide=_quiet_unread)),
    "latest is mended without watching": ("two buckets, latest damaged", Protocol(mends_unwatched=True)),
}
"""What is done wrong, where it has to be found, and the protocol that does it."""
