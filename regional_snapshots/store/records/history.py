"""The retained snapshots of a region as a table: what each said, what it changed, and how much of it was measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from regional_snapshots.model.snapshot import AXES, Snapshot, instant_of
from regional_snapshots.store.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd

HISTORY_COLUMNS: dict[str, str] = {
    "id": "object",
    "time": "datetime64[ns, UTC]",
    "regime": "object",
    "confidence": "float64",
    "reason": "object",
    "net_balance": "float64",
    **dict.fromkeys(AXES, "float64"),
    "previous_regime": "object",
    "changed": "boolean",
    "missing_feeds": "Int64",
    "stale_feeds": "Int64",
    **{f"coverage:{axis}": "float64" for axis in AXES},
    "method": "object",
    "sample": "boolean",
    "sealed": "boolean",
    "problem": "object",
}
"""Columns of :func:`history_frame` and their types, with rows and without.

``time`` is UTC; axes, coverage and confidence are 0 to 1. ``changed``: the regime is another one than in the snapshot
before, ``previous_regime`` the one before the last change. ``sealed`` is whether the id verifies the content (unknown
where it cannot be read), ``problem`` is "" when all is fine.
"""


def history_frame(found: Iterable[tuple[str, Snapshot | StoreError]]) -> pd.DataFrame:
    """``(id, snapshot or why it cannot be read)`` as a DataFrame, one row each, in their order."""
    import pandas as pd

    frame = pd.DataFrame([_row(identity, entry) for identity, entry in found], columns=list(HISTORY_COLUMNS))
    for name in (name for name, kind in HISTORY_COLUMNS.items() if kind == "float64"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")  # what another program wrote may be anything
    return frame.astype(HISTORY_COLUMNS)


def _row(identity: str, found: Snapshot | StoreError) -> dict[str, Any]:
    import pandas as pd

    row: dict[str, Any] = {"id": identity, "problem": found.problem if isinstance(found, StoreError) else ""}
    try:
        row["time"] = pd.Timestamp(instant_of(identity), unit="ms", tz="UTC")
    except ValueError:
        row["time"], row["problem"] = pd.NaT, "this is no snapshot id"
    if isinstance(found, Snapshot):
        row["sealed"] = found.sealed
        row["time"] = pd.Timestamp(found.generated_at, unit="ms", tz="UTC")
        try:
            row |= _told(found)
        except (KeyError, TypeError, AttributeError):
            row["problem"] = "it has another shape: written by another version?"
    return row


def _told(snapshot: Snapshot) -> dict[str, Any]:
    document = snapshot.document
    balance, regime, meta = document["balance"], document["regime"], document["meta"]
    coverage = balance.get("coverage") or {}
    return {
        **{name: balance.get(name) for name in ("net_balance", *AXES)},
        **{f"coverage:{axis}": coverage.get(axis) for axis in AXES},
        "regime": regime["label"],
        "previous_regime": regime.get("previous_label"),
        "changed": bool(regime.get("previous_label")) and regime.get("transitioned_at") == snapshot.generated_at,
        "reason": snapshot.reason,
        "confidence": meta["snapshot_confidence"],
        "missing_feeds": len(meta.get("missing_inputs") or ()),
        "stale_feeds": len(meta.get("stale_inputs") or ()),
        "method": meta.get("method"),
        "sample": meta.get("sample") is True,
    }
