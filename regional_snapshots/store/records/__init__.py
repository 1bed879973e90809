"""What lies beside the snapshots in the same store: feeds, the summary."""
