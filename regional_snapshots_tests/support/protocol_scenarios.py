"""What the model of the protocol explores: the scenarios, and the mistakes that it has to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from regional_snapshots.model.document.words import UNCHANGED as UNCHANGED_REASON
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.commit import Policy
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.protocol import decide, look
from regional_snapshots.store.protocol.decide import Writes
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.protocol_server import NOW_MS

POLICY = Policy(attempts=2)
KEYS = RegionKeys("latam")


@dataclass(frozen=True)
class Protocol:
    """The functions of the code that are explored; a planted mistake replaces one."""

    look: Callable[..., list] = look.look
    decide: Callable[..., Any] = decide.decide
    blind: bool = False
    mends_unwatched: bool = False
    forgets_doubt: bool = False


@dataclass(frozen=True)
class Scenario:
    """What is stored at first, the snapshots of both writers (the second one may be forced), and what may happen:
    that a claim expires, or that latest is damaged; only then is there a reconciler, and whoever is killed stays dead.
    """

    stored: tuple[Snapshot, ...]
    snapshots: tuple[Snapshot, Snapshot]
    forced: bool = False
    expiry: bool = False
    damage: bool = False


def _made(bucket: int, offset_ms: int, reason: str = "regime_shift") -> Snapshot:
    instant = NOW_MS + 1 - (5 - bucket) * POLICY.bucket_ms + offset_ms
    return snapshot(KEYS.region, instant, reason=reason)


OLD, FIRST, RIVAL, SECOND, NEWEST = _made(0, 0), _made(1, 0), _made(1, 1), _made(2, 0), _made(3, 0)
UNCHANGED = _made(1, 1, UNCHANGED_REASON)
SCENARIOS = {
    "one bucket": Scenario((OLD,), (FIRST, RIVAL), expiry=True),
    "two buckets": Scenario((OLD,), (FIRST, SECOND)),
    "two buckets, latest damaged": Scenario((OLD,), (FIRST, SECOND), damage=True),
    "two buckets, empty store": Scenario((), (FIRST, SECOND)),
    "one snapshot, two processes": Scenario((OLD,), (FIRST, FIRST), expiry=True),
    "one bucket, forced": Scenario((OLD,), (FIRST, RIVAL), forced=True),
    "one bucket, nothing changed": Scenario((OLD,), (FIRST, UNCHANGED)),
    "one bucket, both late": Scenario((OLD, NEWEST), (FIRST, RIVAL)),
}


def _latest_though_late(*arguments: Any, **options: Any) -> Any:
    decision = decide.decide(*arguments, **options)
    return replace(decision, late=False) if isinstance(decision, Writes) else decision


def _watching(given: tuple, *keys: str) -> list:
    return [("WATCH", *keys) if command[0] == "WATCH" else command for command in look.look(*given)]


MISTAKES = {
    "EXEC is sent again without looking": ("two buckets", Protocol(blind=True)),
    "latest is set though late": ("two buckets", Protocol(decide=_latest_though_late)),
    "the claim is read without watching": ("one bucket", Protocol(look=lambda *given: _watching(given))),
    "latest alone is watched": ("one bucket, both late", Protocol(look=lambda *given: _watching(given, KEYS.latest))),
    "a doubtful outcome is told as a failure": ("one bucket", Protocol(forgets_doubt=True)),
    "latest is mended without watching": ("two buckets, latest damaged", Protocol(mends_unwatched=True)),
}
"""What is done wrong, where it has to be found, and the protocol that does it."""
