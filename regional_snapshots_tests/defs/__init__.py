"""The Dagster surface, on a real server."""
