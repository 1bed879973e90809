"""What method 2 looks at: the feeds by their freshness, their entries by place, the snapshot before."""
