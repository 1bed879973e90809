"""The replay: an authored crisis, published step by step into a store that holds nothing yet."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from regional_snapshots.analysis.memory import Memory
from regional_snapshots.analysis.worlds import STEP_MS, Phase, phases, world
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.scoring.happenings.happening import Happening
from regional_snapshots.scoring.methods import Method
from regional_snapshots.scoring.run import compute_run
from regional_snapshots.scoring.scored import Previous
from regional_snapshots.store.commit import Outcome
from regional_snapshots.store.errors import ConflictError, MissingSnapshotError, OccupiedError, StoreError
from regional_snapshots.store.records.inputs import RunInputs
from regional_snapshots.store.snapshots import SnapshotStore


@dataclass(frozen=True)
class Step:
    """One step as it was published: its instant (ms), its phase, and what happened in each region."""

    now_ms: int
    phase: Phase
    happenings: Mapping[str, Happening]


def steps(
    name: str, method: Method, end_ms: int, regions: Sequence[str] = REGION_IDS
) -> Iterator[tuple[Step, RunInputs]]:
    """The steps of a replay, six hours apart, the last one at ``end_ms``, each with what it was computed from. Pure.
    Raises ``KeyError`` for a replay that there is not."""
    crisis, memory = phases(name), Memory()
    for number, phase in enumerate(crisis):
        now_ms = end_ms - (len(crisis) - 1 - number) * STEP_MS
        documents = {key: json.dumps(value).encode() for key, value in world(phase, now_ms).items()}
        inputs = RunInputs.of(documents, {region: _id_of(it) for region, it in memory.previous.items()}, regions)
        feeds = Feeds.from_raw(documents, now_ms, energy=method.energy_feed, inputs=inputs.digest)
        found = compute_run(method, regions, feeds, memory.previous, memory.series, now_ms)
        memory.add(found)
        yield Step(now_ms, phase, found), inputs


def publish(
    store: SnapshotStore,
    name: str,
    method: Method,
    end_ms: int,
    *,
    steps_per_second: float = 0.0,
    done: Callable[[Step], None] = lambda step: None,
) -> None:
    """Publish a replay; ``done`` hears of each step. ``steps_per_second``: at most so many, 0 for as many as can be.

    Raises :class:`OccupiedError` for a store that holds anything, ``KeyError`` for a replay that there is not, and
    :class:`StoreError` for a region that could not be committed; then the steps before are there, whole.
    """
    require_empty(store)
    for step, inputs in steps(name, method, end_ms):
        started = time.monotonic()
        store.keep(inputs, step.now_ms)
        news = {happening.snapshot.id: happening.news for happening in step.happenings.values()}
        # Forced: where buckets are longer than a step, its steps would be taken for repeats of one another.
        for commit in store.commit_all([entry.snapshot for entry in step.happenings.values()], news=news, force=True):
            if isinstance(commit, StoreError):
                raise commit
            if commit.outcome is not Outcome.COMMITTED:
                raise ConflictError(f"step {step.phase.phase} is {commit.outcome.name}", region=commit.region)
        done(step)
        if steps_per_second:
            time.sleep(max(0.0, 1 / steps_per_second - (time.monotonic() - started)))


def require_empty(store: SnapshotStore) -> None:
    """Raises :class:`OccupiedError` unless no region has a snapshot: a replay must never be taken for the truth."""
    for region, found in store.latest_all(REGION_IDS).items():
        if isinstance(found, MissingSnapshotError):
            continue
        if isinstance(found, StoreError):
            raise found
        what = "a replay or a sample" if found.document["meta"].get("sample") else "snapshots"
        raise OccupiedError(f"the store holds {what} already ({found.id})", region=region)


def _id_of(previous: Previous) -> str:
    return str(previous.document["meta"]["snapshot_id"]) if previous.document else ""
