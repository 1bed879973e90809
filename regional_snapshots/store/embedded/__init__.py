"""The server of our own, for machines without Redis: one per home directory, shared by everything that runs there."""
