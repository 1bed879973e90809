"""Small snapshot documents for tests of the store."""

from __future__ import annotations

from typing import Any

from regional_snapshots.model.snapshot import AXES, Snapshot


def snapshot(region: str = "latam", generated_at: int = 0, *, reason: str = "scheduled_6h", **extra: Any) -> Snapshot:
    """A sealed document with what the store and the reader look at; ``extra`` members make its content differ."""
    return Snapshot.seal(
        {
            "region_id": region,
            "generated_at": generated_at,
            "meta": {"snapshot_id": "", "trigger_reason": reason, "snapshot_confidence": 0.5},
            "regime": {"label": "calm", "previous_label": ""},
            "balance": dict.fromkeys(AXES, 0.5) | {"net_balance": 0.0},
            **extra,
        }
    )
