"""What the command line prints: tables for people, JSON for programs, one clear line for what went wrong."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import UNWANTED, visible

out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)

ORDERS = re.compile(f"[{UNWANTED}]+".replace("\U000e0000-\U000e007f", ""))
COLOURS = {
    "COMMITTED": "green",
    "DUPLICATE": "yellow",
    "LATE": "yellow",
    "WITHHELD": "red",
    "FAILED": "red",
    "fresh": "green",
    "stale": "yellow",
    "missing": "red",
    "rejected": "red",
}
"""The one place that gives a word a colour."""


WHOLE = ("snapshot id", "region", "feed", "latest")
"""Columns whose cells are never cut or broken: they are copied from the terminal."""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table; words of COLOURS are coloured. Cells break between words and never within."""
    cells = [[" ".join(visible(str(cell)).split()) for cell in row] for row in rows]
    widths, gap = _widths(columns, cells, out.width)
    grid = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    grid.padding = (0, gap, 0, 0)
    for name, width in zip(columns, widths, strict=True):
        grid.add_column(name, width=width)
    for row in cells:
        grid.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in row))
    _show(grid, sum(widths) + gap * len(widths))


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> tuple[list[int], int]:
    """The width of each column, and the gap between them: the widest are narrowed first, down to their longest word."""
    texts = [[name, *(row[number] for row in rows)] for number, name in enumerate(columns)]
    whole = [max(map(len, column)) for column in texts]
    least = [
        width if column[0] in WHOLE else max(len(word) for text in column for word in (text.split() or [""]))
        for column, width in zip(texts, whole, strict=True)
    ]
    gap = 2 if sum(whole) + 2 * (len(whole) - 1) <= room else 1
    widths = list(whole)
    while sum(widths) + gap * (len(widths) - 1) > room:
        slack = [width - floor for width, floor in zip(widths, least, strict=True)]
        if not any(slack):
            break
        widest = max((number for number, left in enumerate(slack) if left), key=lambda number: widths[number])
        widths[widest] -= 1
    return widths, gap


@dataclass(frozen=True)
class _AsWide:
    """A table that takes the width it needs: one wider than the terminal is broken by that, and nothing is cut."""

    grid: Table
    width: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(self.grid, options.update(width=self.width))


def _show(grid: Table, width: int | None = None) -> None:
    """Print it; in a file or a pipe, without the blanks that fill its lines."""
    shown = _AsWide(grid, width or out.width)
    if out.is_terminal:
        out.print(shown, crop=False)
        return
    with out.capture() as printed:
        out.print(shown, crop=False)
    print("\n".join(row.rstrip() for row in printed.get().splitlines()))


def line(text: str) -> None:
    """Print one line as it is."""
    out.print(visible(text), markup=False, soft_wrap=True)


def complain(text: str) -> None:
    """Print one line to standard error."""
    err.print(" ".join(visible(text).split("\n")), markup=False)


def as_json(value: Any) -> None:
    """Print one JSON document on one line, plain, for programs."""
    print(json_line(value))


def json_line(value: Any) -> str:
    """JSON on one line; what a terminal would obey is escaped, as JSON can."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return ORDERS.sub(lambda found: "".join(f"\\u{ord(letter):04x}" for letter in found[0]), text)


def card(snapshot: Snapshot, pinned: str = "") -> None:
    """One snapshot for people; ``pinned`` says until when latest is held at it."""
    from regional_snapshots.report.why.card import card as card_rows

    rows = [("snapshot", snapshot.id)]
    if not snapshot.sealed:
        rows.append(("unsealed", "another program wrote it: nothing proves its content"))
    if pinned:
        rows.append(("pinned", f"{pinned}: newer snapshots go into history, and readers see this one"))
    rows += card_rows(snapshot.document)
    grid = Table(title=snapshot.region, title_justify="left", box=None, show_header=False, pad_edge=False)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(name, Text(visible(value)))
    _show(grid)
    out.print()


@contextmanager
def progress(what: str, total: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere. Yields what to call with each number of things done."""
    with Progress(console=err, transient=True, disable=not (shown and err.is_terminal)) as bars:
        bar = bars.add_task(what, total=total)
        yield lambda count: bars.advance(bar, count)
