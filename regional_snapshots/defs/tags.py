"""Tags of runs: by which Dagster takes several partitions, and by which runs of one refresh are known."""

from __future__ import annotations

REPEATS = "regional_snapshots/repeats"
"""Tag of a run that repeats failed regions of another: the id of that run."""
