"""Consistent regional snapshots, published from Dagster into Redis."""

__version__ = "0.1.0"
