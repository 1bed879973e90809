"""Commands for whoever runs the store: backup, reconciliation, the embedded server, the UI."""
