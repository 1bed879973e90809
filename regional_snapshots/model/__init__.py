"""What things are: regions, feeds, the snapshot. Frozen data, validation and the JSON codec; no Redis, no Dagster."""
