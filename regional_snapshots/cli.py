"""The command line. Exit status: 0 fine, 1 something is or was left wrong, 2 it could not run."""

from __future__ import annotations

import importlib
import logging

import click

COMMANDS = {
    "refresh": "refresh",
    "show": "reading",
    "history": "reading",
    "reconcile": "reconcile",
    "compute": "compute",
    "dev": "dev",
    "feeds": "feeds",
    "redis": "embedded",
}
"""Each command, in the order of the help, and the module of ``commands/`` that defines it under its own name."""


class Commands(click.Group):
    """The commands of the table. A module is imported when its command is run or described, and not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """One command, or None when there is none of that name."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"regional_snapshots.commands.{COMMANDS[name]}")
        made: click.Command = getattr(module, name.replace("-", "_"))
        return made


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="regional-snapshots")
def main() -> None:
    """Publish consistent regional snapshots from Dagster into Redis, read them, and keep them consistent."""
    logging.getLogger("regional_snapshots").addHandler(logging.NullHandler())  # what it would say is printed anyway


if __name__ == "__main__":
    main()
