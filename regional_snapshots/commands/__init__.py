"""The command line, a module per group of commands; each is a row of the table in ``cli.py``."""
