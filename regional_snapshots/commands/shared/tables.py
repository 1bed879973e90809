"""Tables written to a file: its name says as what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd


def _csv(path: Path, frame: pd.DataFrame) -> None:
    frame.to_csv(path, index=False)


def _parquet(path: Path, frame: pd.DataFrame) -> None:
    import fastparquet

    fastparquet.write(str(path), frame, compression="GZIP")


WRITERS: dict[str, Callable[[Path, pd.DataFrame], None]] = {".csv": _csv, ".parquet": _parquet}
"""End of a file's name -> what writes it."""


class TableFile(click.ParamType[Path]):
    """A file to write a table to: ``.csv`` or ``.parquet``, in a directory that is there."""

    name = "file"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or a usage error that says which endings there are."""
        path = Path(value)
        if path.suffix not in WRITERS:
            self.fail(f"{path} must end in {' or '.join(WRITERS)}", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"there is no directory {path.parent}", param, ctx)
        return path


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as the end of the file's name says. Raises ``OSError``; then no half a file is left."""
    half = path.with_name(f".{path.name}.part")
    try:
        WRITERS[path.suffix](half, frame)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
