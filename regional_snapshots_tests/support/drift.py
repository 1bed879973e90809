"""Damage to do to a healthy region, as a table: what is done, and what reconciliation has to call it.

Every damage is done with plain commands and names that the oracle spells, never through the store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import redis

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.oracle import BUCKET_MS, DAY_MS, RETENTION_MS, Names, names_of


@dataclass(frozen=True)
class Scene:
    """One healthy region: its snapshots from the oldest to the newest, one bucket apart."""

    client: redis.Redis
    layout: str
    region: str
    snapshots: tuple[Snapshot, ...]

    @cached_property
    def names(self) -> Names:
        """How this region's keys are called."""
        return names_of(self.layout, self.region)

    @property
    def head(self) -> Snapshot:
        """The newest snapshot."""
        return self.snapshots[-1]

    def payload(self, which: Snapshot) -> str:
        """Key of a snapshot's payload."""
        return self.names.payloads + which.id

    def view(self, which: Snapshot) -> str:
        """Key of a snapshot's timestamp view."""
        return f"{self.names.views}{which.generated_at}"

    def claim(self, which: Snapshot) -> str:
        """Key of a snapshot's claim."""
        return f"{self.names.claims}{which.reason}:{which.generated_at // BUCKET_MS}"

    def ghost(self, which: Snapshot) -> str:
        """An id of the same instant under which nothing is stored, different in each region."""
        return f"{which.generated_at:012x}-{self.region.encode().hex().ljust(12, '0')[:12]}"


def healthy(store: SnapshotStore, client: redis.Redis, region: str, *, count: int = 4) -> Scene:
    """Commit ``count`` snapshots, the newest two minutes old by the server's clock."""
    newest_ms = client.time()[0] * 1000 - 120_000
    instants = [newest_ms - BUCKET_MS * back for back in reversed(range(count))]
    made = tuple(snapshot(region, instant, reason="regime_shift", note="é") for instant in instants)
    for each in made:
        store.commit(each)
    return Scene(client, store.layout.name, region, made)


Act = Callable[[Scene, Snapshot], object]


@dataclass(frozen=True)
class Damage:
    """``does`` it to one snapshot of a scene; ``kinds`` are the findings, each once, ``beside`` those in the layout
    ``worldmonitor`` where they differ.

    ``deep``: only a deep reconciliation can see it. ``lossy``: what belonged to that snapshot cannot come back.
    ``on_request``: mended only with ``fix_types``.
    """

    does: Act
    kinds: tuple[str, ...]
    deep: bool = False
    lossy: bool = False
    on_request: bool = False
    beside: tuple[str, ...] | None = None

    def named(self, layout: str) -> tuple[str, ...]:
        """What reconciliation has to call it."""
        return self.kinds if layout == "tagged" or self.beside is None else self.beside


def _rewrite(scene: Scene, key: str, value: str | bytes) -> None:
    scene.client.set(key, value, keepttl=True)


def _hasten(scene: Scene, key: str) -> None:
    scene.client.pexpire(key, BUCKET_MS)


def _outlive(scene: Scene, key: str) -> None:
    scene.client.pexpire(key, scene.client.pttl(key) + BUCKET_MS)


def _retype(scene: Scene, key: str) -> None:
    left_ms = scene.client.pttl(key)
    scene.client.delete(key)
    scene.client.rpush(key, "not", "ours")
    scene.client.pexpire(key, left_ms)


def _terms_retyped(scene: Scene, which: Snapshot) -> None:
    scene.client.delete(scene.names.beside["terms"])
    scene.client.rpush(scene.names.beside["terms"], "x")


def _spare_retyped(scene: Scene, which: Snapshot) -> None:
    if key := scene.names.beside.get("spare"):
        scene.client.set(key, "x")


def _past(scene: Scene) -> Snapshot:
    return snapshot(scene.region, scene.head.generated_at - 91 * DAY_MS)


def _lone_view(scene: Scene, which: Snapshot) -> None:
    scene.client.set(f"{scene.names.views}{which.generated_at + 1}", scene.ghost(which), ex=1000)


def _lone_rubbish(scene: Scene, which: Snapshot) -> None:
    identity = f"{which.generated_at + 2:012x}-{scene.ghost(which)[-12:]}"
    scene.client.set(scene.names.payloads + identity, json.dumps({"region_id": scene.region}), ex=1000)


def _stored_past(scene: Scene, which: Snapshot) -> None:
    old = _past(scene)
    scene.client.set(scene.payload(old), old.payload)
    scene.client.zadd(scene.names.index, {old.id: old.generated_at})


def _stored_ahead(scene: Scene, which: Snapshot) -> None:
    """What a commit leaves when its writer and the server are a day ahead."""
    ahead = snapshot(scene.region, scene.head.generated_at + DAY_MS)
    for key, value in {scene.payload(ahead): ahead.payload, scene.view(ahead): ahead.id}.items():
        scene.client.set(key, value, pxat=ahead.generated_at + RETENTION_MS)
    scene.client.set(scene.claim(ahead), ahead.id, px=BUCKET_MS)
    scene.client.set(scene.names.latest, ahead.id, pxat=ahead.generated_at + RETENTION_MS)
    scene.client.zadd(scene.names.index, {ahead.id: ahead.generated_at})
    if scene.names.index_expires:
        scene.client.pexpireat(scene.names.index, ahead.generated_at + RETENTION_MS)


def _other_regions(scene: Scene, which: Snapshot) -> None:
    stranger = snapshot("elsewhere", which.generated_at)
    _rewrite(scene, scene.payload(which), stranger.payload)


def _adds(value: bytes) -> Act:
    return lambda s, w: _rewrite(s, s.payload(w), w.payload[:-1] + b',"more":' + value + b"}")


TO_A_SNAPSHOT: Mapping[str, Damage] = {
    "entry removed": Damage(lambda s, w: s.client.zrem(s.names.index, w.id), ("payload_orphaned",), deep=True),
    "entry with a wrong score": Damage(lambda s, w: s.client.zadd(s.names.index, {w.id: 5}), ("entry_wrong_score",)),
    "entry with a score too high": Damage(
        lambda s, w: s.client.zadd(s.names.index, {w.id: 2**60}), ("entry_wrong_score",)
    ),
    "payload gone": Damage(
        lambda s, w: s.client.delete(s.payload(w)), ("entry_without_payload", "claim_dangling"), lossy=True
    ),
    "payload and claim gone": Damage(
        lambda s, w: s.client.delete(s.payload(w), s.claim(w)), ("entry_without_payload",), lossy=True
    ),
    "payload cut short": Damage(
        lambda s, w: _rewrite(s, s.payload(w), w.payload[:-7]), ("payload_damaged",), deep=True, lossy=True
    ),
    "payload with one digit changed": Damage(
        lambda s, w: _rewrite(s, s.payload(w), w.payload.replace(b"0.5", b"0.6", 1)),
        ("payload_damaged",),
        deep=True,
        lossy=True,
    ),
    "payload not UTF-8": Damage(
        lambda s, w: _rewrite(s, s.payload(w), b"\xff\xfe{}"), ("payload_damaged",), deep=True, lossy=True
    ),
    "payload with a number that is none": Damage(_adds(b"NaN"), ("payload_damaged",), deep=True, lossy=True),
    "payload with half a character": Damage(_adds(rb'"\ud800"'), ("payload_damaged",), deep=True, lossy=True),
    "payload of another region": Damage(_other_regions, ("payload_damaged",), deep=True, lossy=True),
    "payload empty": Damage(lambda s, w: _rewrite(s, s.payload(w), b""), ("payload_damaged",), lossy=True),
    "payload for ever": Damage(lambda s, w: s.client.persist(s.payload(w)), ("no_expiry",)),
    "payload expires early": Damage(lambda s, w: _hasten(s, s.payload(w)), ("expires_early",)),
    "payload of another type": Damage(
        lambda s, w: _retype(s, s.payload(w)), ("wrong_type",), lossy=True, on_request=True
    ),
    "view gone": Damage(lambda s, w: s.client.delete(s.view(w)), ("view_missing",)),
    "view of another": Damage(lambda s, w: _rewrite(s, s.view(w), s.ghost(w)), ("view_wrong",)),
    "view is the document": Damage(lambda s, w: _rewrite(s, s.view(w), w.payload), ("view_wrong",)),
    "view for ever": Damage(lambda s, w: s.client.persist(s.view(w)), ("no_expiry",)),
    "view expires early": Damage(lambda s, w: _hasten(s, s.view(w)), ("expires_early",)),
    "view of another type": Damage(lambda s, w: _retype(s, s.view(w)), ("wrong_type",), on_request=True),
    "lone view": Damage(_lone_view, ("view_orphaned",), deep=True),
    "lone rubbish": Damage(_lone_rubbish, ("payload_orphaned",), deep=True),
}
"""Damage that touches one snapshot only; done to one that is not the head, nothing else follows from it."""

TO_A_CLAIM: Mapping[str, Damage] = {
    "claim of a ghost": Damage(lambda s, w: _rewrite(s, s.claim(w), s.ghost(w)), ("claim_dangling",), lossy=True),
    "claim of rubbish": Damage(lambda s, w: _rewrite(s, s.claim(w), b"\xff"), ("claim_dangling",), lossy=True),
    "claim for ever": Damage(lambda s, w: s.client.persist(s.claim(w)), ("no_expiry",), lossy=True),
    "claim of another type": Damage(lambda s, w: _retype(s, s.claim(w)), ("wrong_type",), lossy=True, on_request=True),
}
"""Damage to a claim; without ``deep`` it is seen while the claim can block a bucket."""

TO_THE_REGION: Mapping[str, Damage] = {
    "nothing": Damage(lambda s, w: None, ()),
    "latest gone": Damage(lambda s, w: s.client.delete(s.names.latest), ("latest_missing",)),
    "latest names a ghost": Damage(lambda s, w: _rewrite(s, s.names.latest, s.ghost(w)), ("latest_without_payload",)),
    "latest is rubbish": Damage(lambda s, w: _rewrite(s, s.names.latest, b"\xff\x00"), ("latest_without_payload",)),
    "latest is empty": Damage(lambda s, w: _rewrite(s, s.names.latest, ""), ("latest_without_payload",)),
    "latest is the document": Damage(
        lambda s, w: _rewrite(s, s.names.latest, s.head.payload), ("latest_without_payload",)
    ),
    "latest for ever": Damage(lambda s, w: s.client.persist(s.names.latest), ("no_expiry",)),
    "latest expires early": Damage(lambda s, w: _hasten(s, s.names.latest), ("expires_early",)),
    "latest of another type": Damage(lambda s, w: _retype(s, s.names.latest), ("wrong_type",), on_request=True),
    "head not indexed": Damage(lambda s, w: s.client.zrem(s.names.index, s.head.id), ("latest_not_indexed",)),
    "latest expires late": Damage(lambda s, w: _outlive(s, s.names.latest), ("expires_late",)),
    "index expires late": Damage(lambda s, w: _outlive(s, s.names.index), ("expires_late",), beside=("expires_early",)),
    "index for ever": Damage(lambda s, w: s.client.persist(s.names.index), ("no_expiry",), beside=()),
    "index expires early": Damage(lambda s, w: _hasten(s, s.names.index), ("expires_early",)),
    **{
        f"{what} of another type": Damage(
            lambda s, w, what=what: s.client.set(s.names.beside[what], "x"), ("wrong_type",), on_request=True
        )
        for what in ("events", "regimes", "series", "quiet")
    },
    "spare of another type": Damage(_spare_retyped, ("wrong_type",), on_request=True, beside=()),
    "entry of a ghost": Damage(
        lambda s, w: s.client.zadd(s.names.index, {s.ghost(w): w.generated_at}), ("entry_without_payload",)
    ),
    "entry that is no id": Damage(
        lambda s, w: s.client.zadd(s.names.index, {b"\xffrubbish": 3}), ("entry_without_payload",)
    ),
    "entry past retention": Damage(
        lambda s, w: s.client.zadd(s.names.index, {_past(s).id: _past(s).generated_at}), ("entry_past_retention",)
    ),
    "snapshot a day ahead": Damage(_stored_ahead, ("in_future",)),
    "snapshot past retention": Damage(_stored_past, ("entry_past_retention",)),
}
"""Damage to pointer or index, one of them at a time."""

SINGLE = {**TO_A_SNAPSHOT, **TO_A_CLAIM, **TO_THE_REGION}
EVERYTHING: Mapping[str, Damage] = {
    **SINGLE,
    "terms of another type": Damage(_terms_retyped, ("wrong_type",), lossy=True, on_request=True),
    "latest behind": Damage(lambda s, w: _rewrite(s, s.names.latest, w.id), ("latest_behind",)),
    "index gone": Damage(
        lambda s, w: s.client.delete(s.names.index), ("latest_not_indexed", *["payload_orphaned"] * 3)
    ),
}
"""Every damage, also those that need a whole region to themselves."""


def picture(client: redis.Redis) -> dict[bytes, tuple[bytes, int]]:
    """Every key with its value, byte for byte, and the instant (ms) at which it expires."""
    keys = sorted(client.scan_iter(count=1000))
    with client.pipeline() as pipe:
        for key in keys:
            pipe.dump(key)
            pipe.execute_command("PEXPIRETIME", key)
        replies = pipe.execute()
    return {key: (dump, at) for key, dump, at in zip(keys, replies[::2], replies[1::2], strict=True)}
