"""Snapshots to measure with: documents of a given size, sealed before the clock runs."""

from __future__ import annotations

import itertools
import time

from regional_snapshots.model.snapshot import Snapshot

PAYLOAD_BYTES = 15_000
BYTES_PER_ENTRY = 75
_numbers = itertools.count()


def snapshots(count: int, *, payload_bytes: int = PAYLOAD_BYTES) -> list[Snapshot]:
    """One new snapshot for each of ``count`` regions, of this very moment; no two calls give the same ones."""
    number, now_ms = next(_numbers), time.time_ns() // 1_000_000
    evidence = [
        {"id": f"evidence-{entry}", "text": "what was seen", "value": entry / 7, "note": number}
        for entry in range(payload_bytes // BYTES_PER_ENTRY)
    ]
    return [
        Snapshot.seal(
            {
                "region_id": f"region-{region}",
                "generated_at": now_ms,
                "meta": {"trigger_reason": f"reason-{number}", "snapshot_confidence": 0.5},
                "regime": {"label": "calm", "previous_label": ""},
                "balance": {"net_balance": 0.0},
                "evidence": evidence,
            }
        )
        for region in range(count)
    ]


def regions(count: int) -> list[str]:
    """The regions of :func:`snapshots`."""
    return [f"region-{region}" for region in range(count)]
