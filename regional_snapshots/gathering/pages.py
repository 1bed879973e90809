"""The page of the report as a file: written whole or not at all, for its owner."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from regional_snapshots.model.feeds import FeedReport
from regional_snapshots.model.news import Delivery
from regional_snapshots.report.board import Board
from regional_snapshots.report.page import page
from regional_snapshots.report.story import Story

PAGE = "report.html"
"""Its name under the home."""


def write_page(
    path: Path,
    told: Sequence[Story],
    board: Board,
    reports: Sequence[FeedReport],
    deliveries: Sequence[Delivery],
    now_ms: int,
) -> None:
    """Write the page of these stories. Raises ``OSError`` where it cannot be written."""
    replace_file(path, page(told, board, now_ms, reports, deliveries))


def replace_file(path: Path, text: str) -> None:
    """A reader sees the file before or the file after, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
