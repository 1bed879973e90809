"""When it runs: partitions, resources, the IO manager, assets, checks, jobs, schedules and sensors."""
