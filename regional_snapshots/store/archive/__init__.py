"""Backup and restore: all retained snapshots of a store, in a file and back."""
