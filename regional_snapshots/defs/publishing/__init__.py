"""A refresh: the store of a run, what is read and scored, and the IO manager that commits it."""
