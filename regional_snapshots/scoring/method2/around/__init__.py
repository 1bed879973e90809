"""What stands around the scores: transmissions, actors, evidence, mobility (section 9), and what changed."""
