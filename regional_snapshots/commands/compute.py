"""`compute`: score feeds from files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, CannotRun, command


@command("compute", short_help="Score feeds from files, without Redis.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def compute(files: Sequence[Path], as_json: bool) -> int:
    """Score feeds from FILES, without Redis and without a clock: one JSON line per file.

    Each file is one JSON object: now_ms (milliseconds since 1970), sources ({key: feed document}), metaSources
    ({key: companion document}) and previous ({region: snapshot before}), the last two optional.
    """
    from regional_snapshots.offline import compute_file

    for file in files:
        try:
            console.as_json(compute_file(file))
        except (OSError, ValueError) as error:
            raise CannotRun(f"{file}: {error}") from None
    return FINE
