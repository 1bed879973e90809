"""Reconciliation: look at the state, say what disagrees, repair it. From a damage to its repair, one file a step."""
