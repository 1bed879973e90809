"""Consistent regional snapshots, published from Dagster into Redis."""
