"""The table of methods: how a snapshot is computed. Adding a method is adding a folder and a row."""

from __future__ import annotations

from collections.abc import Callable

from regional_snapshots.scoring.parity.snapshot import Scored, score_region

METHODS: dict[str, Callable[..., Scored]] = {"1.1": score_region}
"""Name of a method -> its scoring function of (region, feeds, previous, now)."""
