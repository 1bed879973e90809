"""The recipes of deploy/, run process by process on one machine. ``make test-deploy``."""
