"""What an analyst does with methods and snapshots beside publishing them; no Dagster."""
