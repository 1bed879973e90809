"""What is said of all regions together: the summary document for readers that need no more, and the newest set.

A set is one snapshot of each region, all made within one bucket: the regions of one refresh, however many runs it took.
Who reads by set never sees half of a refresh. Source of the summary: the pipeline specification, section 20 (shape, and
a life of 12 hours), and the description of the live system, section 2 (health).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import MAX_INSTANT_MS, clip
from regional_snapshots.store.errors import MissingSnapshotError
from regional_snapshots.store.keys import KeyLayout
from regional_snapshots.store.link.batch import Batch
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.protocol.policy import Policy

LIFE_S = 12 * 60 * 60


@dataclass(frozen=True)
class SnapshotSet:
    """One snapshot of each region, ``{region: id}``, made from ``oldest_ms`` to ``newest_ms``; same set, same id."""

    id: str
    oldest_ms: int
    newest_ms: int
    snapshots: Mapping[str, str]


async def publish_summary(
    connections: Connections,
    layout: KeyLayout,
    policy: Policy,
    latest: Mapping[str, Snapshot],
    regions: Sequence[str],
    now_ms: int,
) -> SnapshotSet | None:
    """Write the summary and its meta key, and the set if ``latest`` is one of all ``regions``, in one transaction.

    ``fetchedAt`` is the oldest instant among the snapshots: a refresh that wrote nothing makes nothing look fresh.
    Raises :class:`StoreError`.
    """
    listed = [
        {
            "region": region,
            "regime": snapshot.document["regime"]["label"],
            "confidence": snapshot.document["meta"]["snapshot_confidence"],
            "active_triggers": len(snapshot.document["triggers"]["active"]),
            "trigger_reason": snapshot.reason,
        }
        for region, snapshot in latest.items()
    ]
    oldest_ms = min((snapshot.generated_at for snapshot in latest.values()), default=0)
    made = set_of(latest, policy) if set(regions) <= set(latest) else None
    batch = Batch()
    batch.ask("UNWATCH")  # a commit that wrote nothing has left its watch on the connection
    with batch.transaction() as inside:
        inside.ask("SET", layout.summary, json.dumps({"regions": listed, "generatedAt": now_ms}), "EX", LIFE_S)
        meta = {"fetchedAt": oldest_ms, "recordCount": len(listed)}
        inside.ask("SET", layout.summary_meta, json.dumps(meta), "EX", LIFE_S)
        if made:
            inside.ask("SET", layout.set, _encoded(made), "PX", policy.retention_ms)
    await connections.send_to(layout.summary, batch)
    batch.check()
    return made


def set_of(latest: Mapping[str, Snapshot], policy: Policy) -> SnapshotSet | None:
    """The set that these snapshots are; None when they were made more than a bucket apart, or there are none."""
    instants = [snapshot.generated_at for snapshot in latest.values()]
    if not instants or max(instants) - min(instants) >= policy.bucket_ms:
        return None
    ids = {region: snapshot.id for region, snapshot in sorted(latest.items())}
    digest = hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:12]
    return SnapshotSet(f"{max(instants):012x}-{digest}", min(instants), max(instants), ids)


async def newest_set(connections: Connections, layout: KeyLayout) -> SnapshotSet:
    """The newest set that is complete. One round trip. Raises :class:`StoreError`."""
    batch = Batch()
    asked = batch.ask("GET", layout.set)
    await connections.read(batch)
    encoded = asked.value
    try:
        members = json.loads(encoded or b"null")
        snapshots = {str(region): str(identity) for region, identity in members["snapshots"].items()}
        oldest_ms, newest_ms = (int(clip(members[name], high=MAX_INSTANT_MS)) for name in ("oldest_ms", "newest_ms"))
        return SnapshotSet(str(members["id"]), oldest_ms, newest_ms, snapshots)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        problem = "no set is published" if encoded is None else "what is published is no set"
        raise MissingSnapshotError(problem, key=layout.set, next_step=NO_SET) from None


NO_SET = "refresh all regions, and let world_overview follow; `show` without --set gives each region's newest"


def _encoded(made: SnapshotSet) -> str:
    return json.dumps(asdict(made), separators=(",", ":"))
