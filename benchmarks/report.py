"""The table: on the terminal, as Markdown for the README, as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Figure

COLUMNS = ("what", "median", "quartiles", "unit", "target")
MARKS = {None: "", True: "met", False: "missed"}


def show(console: Console, figures: Sequence[Figure]) -> None:
    """Print the table."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        grid.add_column(column, justify="right" if column in ("median", "quartiles") else "left", overflow="fold")
    group = ""
    for entry in figures:
        if entry.group != group:
            group = entry.group
            grid.add_row(f"[bold]{group}[/]", end_section=False)
        colour = {None: "default", True: "green", False: "red"}[entry.met]
        grid.add_row(*(f"[{colour}]{cell}[/]" for cell in cells(entry)))
    console.print(grid)


def markdown(figures: Sequence[Figure]) -> str:
    """The table for the README."""
    rows = [(entry.group, *cells(entry)) for entry in figures]
    header = [("", *COLUMNS), ("---", "---", "--:", "--:", "---", "---")]
    return "\n".join(f"| {' | '.join(row)} |" for row in (*header, *rows))


def as_json(figures: Sequence[Figure]) -> str:
    """All figures, one JSON document."""
    return json.dumps([asdict(entry) | {"met": entry.met} for entry in figures])


def cells(entry: Figure) -> tuple[str, ...]:
    """One row."""
    target = f"{entry.target} {MARKS[entry.met]}".strip()
    return entry.what, _number(entry.median), f"{_number(entry.low)} - {_number(entry.high)}", entry.unit, target


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
