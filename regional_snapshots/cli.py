"""The command line. Exit status: 0 fine, 1 something is or was left wrong, 2 it could not run."""

from __future__ import annotations

import importlib
import logging
from functools import cache
from pathlib import Path

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import CannotRun
from regional_snapshots.model.geography import RegionsFileError
from regional_snapshots.settings import read_dotenv

COMMANDS = {
    "refresh": "refresh",
    "show": "reading",
    "history": "reading",
    "diff": "reading",
    "events": "events",
    "regimes": "events",
    "told": "events",
    "brief": "brief",
    "report": "report",
    "reconcile": "operating.reconcile",
    "pin": "operating.pinning",
    "unpin": "operating.pinning",
    "terms": "operating.terms",
    "dev": "operating.dev",
    "compute": "compute",
    "feeds": "feeds",
    "replay": "analysis",
    "verify": "analysis",
    "rescore": "analysis",
    "calibrate": "analysis",
    "redis": "operating.embedded",
    "backup": "operating.backup",
    "restore": "operating.backup",
}
"""Each command, in the order of the help, and the module of ``commands/`` that defines it under its own name."""

THAT_MATTER = {
    "refresh": "compute and publish all regions",
    "show mena": "what is published of a region",
    "feeds status": "which feeds are fresh, stale or missing",
    "reconcile": "prove that the store is sound, and mend it",
    "dev": "the Dagster UI, schedules and sensors",
}
"""What is shown to somebody who types nothing else."""


class Commands(click.Group):
    """The commands of the table. A module is imported when its command is run or described, and not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """One command, or None when there is none of that name."""
        if name not in COMMANDS:
            return None
        _warn_of_dotenv()
        try:
            module = importlib.import_module(f"regional_snapshots.commands.{COMMANDS[name]}")
        except RegionsFileError as error:
            raise CannotRun(str(error)) from None
        made: click.Command = getattr(module, name.replace("-", "_"))
        return made


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings are environment variables, or lines of a .env in the current folder: see docs/settings.md.",
)
@click.version_option(package_name="regional-snapshots")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Publish consistent regional snapshots from Dagster into Redis, read them, and keep them consistent."""
    logging.getLogger("regional_snapshots").addHandler(logging.NullHandler())  # what it would say is printed anyway
    if ctx.invoked_subcommand is None:
        for example, about in THAT_MATTER.items():
            console.line(f"regional-snapshots {example:14} {about}")
        console.line("regional-snapshots --help         everything else")


@cache
def _warn_of_dotenv() -> None:
    """Read ``.env``, once, before any command is imported: the table of regions is read with the first of them."""
    if changed := read_dotenv(Path.cwd()):
        console.complain(f"warning: .env overrides {', '.join(sorted(changed))}, as it does in Dagster")


if __name__ == "__main__":
    main()
