"""What every method takes and gives: a region's previous snapshot, a scored one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.snapshot import Snapshot


@dataclass(frozen=True)
class Previous:
    """A region's previous snapshot: its document, or None on the first run. ``unreadable`` says why one that exists
    cannot be compared with; the empty text when it can, or when there is none."""

    document: dict[str, Any] | None = None
    unreadable: str = ""


@dataclass(frozen=True)
class Scored:
    """A computed snapshot, what changed since the previous one, and a note for the operator (mostly empty)."""

    snapshot: Snapshot
    changes: dict[str, Any]
    note: str
