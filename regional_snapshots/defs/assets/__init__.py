"""What Dagster materializes and judges: the feeds, the snapshots, what is made of them, the checks."""
