"""News for tests of the store: events of some types, a shift, a row, for any snapshot."""

from __future__ import annotations

from typing import Any

from regional_snapshots.model.events import EVENT_TYPES, Event
from regional_snapshots.model.news import News, RegimeShift
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import Snapshot


def event(snapshot: Snapshot, kind: str, subject: str = "subject", **members: Any) -> Event:
    """One event of a snapshot."""
    given: dict[str, Any] = {
        "severity": EVENT_TYPES[kind].severity,
        "before": "before",
        "after": "after",
        "threshold": None,
        "previous_snapshot_id": "",
        "method": "2",
        "confidence": 0.5,
        **members,
    }
    return Event(
        type=kind,
        region=snapshot.region,
        subject=subject,
        generated_at=snapshot.generated_at,
        snapshot_id=snapshot.id,
        **given,
    )


def row(snapshot: Snapshot, method: str = "2") -> SeriesRow:
    """A row of a snapshot."""
    axes = {"coercive_pressure": 0.25}
    return SeriesRow(snapshot.generated_at, method, axes, 0.5, "calm", {"IR": 61.0}, {}, snapshot.id)


def news(snapshot: Snapshot, *kinds: str, what: str = "", **members: Any) -> News:
    """A row, one event of each kind, and a shift when ``regime_shift`` is among them."""
    shift = RegimeShift("calm", "stressed_equilibrium", snapshot.generated_at, "why", "2", snapshot.id)
    return News(
        what=what,
        events=tuple(event(snapshot, kind, **members) for kind in kinds),
        shift=shift if "regime_shift" in kinds else None,
        row=row(snapshot),
    )
