"""Attempts at one refresh: what an earlier one of them has written is not written again, forced or not.

A run may be killed between its commits and its end, and is then repeated: by Dagster, by our sensor, or by a person.
In a new bucket, or forced, no claim would hold the repetition back. So every attempt notes the instant of its snapshots
in a tag before it writes, and its repetitions look whether a snapshot of that instant is there.
"""

import time
from collections.abc import Iterable, Mapping

import dagster as dg

from regional_snapshots.defs.tags import REPEATS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.snapshots import SnapshotStore

INSTANTS = "regional_snapshots/instants"
"""Tag of a run: the instants (ms, separated by blanks) of the snapshots that its attempts made."""

PARENT, RETRY_NUMBER = "dagster/parent_run_id", "dagster/retry_number"
RECENT_S = 3600
"""A person who repeats an older run wants newer snapshots."""


def begin(context: dg.AssetExecutionContext, now_ms: int) -> list[int]:
    """Note that this attempt makes snapshots of the instant ``now_ms``. Returns those of the attempts before it."""
    run = context.instance.get_run_by_id(context.run.run_id) or context.run
    is_retried_step = context.retry_number > 0
    earlier = instants(run.tags) if is_retried_step else _of_parent(context.instance, run.tags)
    context.instance.add_run_tags(run.run_id, {INSTANTS: " ".join(map(str, [*earlier, now_ms]))})
    return earlier


def instants(tags: Mapping[str, str]) -> list[int]:
    """The instants that a run has noted."""
    return [int(text) for text in tags.get(INSTANTS, "").split() if text.isdecimal()]


def _of_parent(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> list[int]:
    parent_id = tags.get(REPEATS) or tags.get(PARENT)
    record = instance.get_run_record_by_id(parent_id) if parent_id else None
    if record is None:
        return []
    parent, by_itself = record.dagster_run, REPEATS in tags or RETRY_NUMBER in tags
    age_s = time.time() - record.create_timestamp.timestamp()
    mended = parent.status != dg.DagsterRunStatus.SUCCESS and age_s < RECENT_S
    return instants(parent.tags) if by_itself or mended else []


def written(store: SnapshotStore, regions: Iterable[str], earlier: Iterable[int]) -> dict[str, Snapshot]:
    """The snapshots of these instants, by region: two round trips an instant. Raises :class:`StoreError`."""
    found: dict[str, Snapshot] = {}
    names = list(regions)
    for instant in earlier:
        for region, snapshot in store.as_of_all(names, instant).items():
            if isinstance(snapshot, Snapshot) and snapshot.generated_at == instant:
                found[region] = snapshot
    return found
