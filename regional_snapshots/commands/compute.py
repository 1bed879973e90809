"""`compute`: score feeds from files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, CannotRun, command
from regional_snapshots.settings import METHODS


@command("compute", short_help="Score feeds from files, without Redis.", examples=("compute case.json",))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--method", type=click.Choice(METHODS), default="2", show_default=True, help="How to score.")
def compute(files: Sequence[Path], method: str, as_json: bool) -> int:
    """Score feeds from FILES, without Redis and without a clock: one JSON line per file.

    Each file is one JSON object: now_ms (milliseconds since 1970), sources ({key: feed document}), and, if wanted,
    metaSources ({key: companion document}), previous ({region: snapshot before}), series ({region: rows, oldest
    first}) and regions (those to score). A file with steps (a list of such objects) gives a list.
    """
    from regional_snapshots.files.offline import compute_file

    for file in files:
        try:
            console.as_json(compute_file(file, method))
        except (OSError, ValueError) as error:
            raise CannotRun(f"{file}: {error}") from None
    return FINE
