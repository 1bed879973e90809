"""Tables that the methods share: triggers, transmissions, words that name actors, producers of energy."""
