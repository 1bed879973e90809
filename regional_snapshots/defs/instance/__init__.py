"""The persistent Dagster instance, and runs of the command line on it."""
