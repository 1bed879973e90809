"""What a document knows, against the one before: a loss is never told as news of the world."""
