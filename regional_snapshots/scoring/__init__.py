"""How a snapshot is computed: one module per stage, pure functions of (region, feeds, previous snapshot, now)."""
