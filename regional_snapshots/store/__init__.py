"""Where snapshots live: keys, connections, the embedded server, commit, read and reconcile."""
