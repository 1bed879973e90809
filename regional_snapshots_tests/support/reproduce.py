"""Computes a crisis and the sample world by every method, and prints a digest of all bytes: with any Python alone."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator
from typing import Any

from regional_snapshots.analysis.memory import Memory
from regional_snapshots.analysis.worlds import STEP_MS, phases, world
from regional_snapshots.files.feed_files import SAMPLE, brought_up_to, read_directory
from regional_snapshots.model import snapshot
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.scoring.run import compute_run

if importlib.util.find_spec("pydantic") is None:  # a bare Python: its documents have the same bytes, unproved
    snapshot.problems = lambda document, region_ids=None: []
START_MS = 1_787_400_000_000


def worlds() -> Iterator[tuple[int, dict[str, Any]]]:
    """Instants and raw documents: ten steps of the crisis, then the sample feeds."""
    now_ms = START_MS
    for phase in phases("red-sea")[::3]:
        yield now_ms, {key: json.dumps(value).encode() for key, value in world(phase, now_ms).items()}
        now_ms += STEP_MS
    yield now_ms, {key: brought_up_to(now_ms, raw) for key, raw in read_directory(SAMPLE)[0].items()}


def digests() -> dict[str, str]:
    """Name of a method -> SHA-256 of all that it published, snapshots, events and rows, in order."""
    found = {}
    for name, method in METHODS.items():
        memory, seen = Memory(), hashlib.sha256()
        for now_ms, documents in worlds():
            feeds = Feeds.from_raw(documents, now_ms, energy=method.energy_feed)
            run = compute_run(method, REGION_IDS, feeds, memory.previous, memory.series, now_ms)
            memory.add(run)
            for entry in run.values():
                seen.update(entry.snapshot.payload)
                seen.update(repr([event.document() for event in entry.news.events]).encode())
                seen.update(entry.news.row.encode())
        found[name] = seen.hexdigest()
    return found


if __name__ == "__main__":
    for method, digest in digests().items():
        print(method, digest)
