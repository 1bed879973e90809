"""Snapshots to measure with: documents of a given size, sealed and found valid before the clock runs."""

from __future__ import annotations

import itertools
import time

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots_tests.support.documents import document

PAYLOAD_BYTES = 15_000
BARE_BYTES = 2_400
BYTES_PER_ENTRY = 84
_numbers = itertools.count()


def snapshots(count: int, *, payload_bytes: int = PAYLOAD_BYTES) -> list[Snapshot]:
    """One new snapshot for each of ``count`` regions, of this very moment; no two calls give the same ones."""
    number, now_ms = next(_numbers), time.time_ns() // 1_000_000
    airports = [
        {"icao": f"K{entry:03}", "name": f"Airport {entry}", "status": "disrupted", "disruption_reason": "wind"}
        for entry in range((payload_bytes - BARE_BYTES) // BYTES_PER_ENTRY)
    ]
    made = []
    for region in regions(count):
        bare = document(region, now_ms, reason="regime_shift", number=number)
        bare["mobility"]["airports"] = airports
        made.append(Snapshot.seal(bare))
    invalid = [snapshot.problems for snapshot in made if snapshot.problems]
    if invalid:
        raise RuntimeError(f"{len(invalid)} of {count} are not valid, first: {invalid[0]}")
    return made


def regions(count: int) -> list[str]:
    """The regions of :func:`snapshots`."""
    return [f"region-{region}" for region in range(count)]
