"""The commit protocol, one file a step: look, decide, transaction, resolve."""
