"""The UI in a real browser: `make test-ui`."""
