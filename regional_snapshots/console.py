"""What the command line prints: tables for people, JSON for programs, one clear line for what went wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from regional_snapshots.model.snapshot import Snapshot

out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)

COLOURS = {
    "COMMITTED": "green",
    "DUPLICATE": "yellow",
    "LATE": "yellow",
    "WITHHELD": "red",
    "FAILED": "red",
    "fresh": "green",
    "stale": "yellow",
    "missing": "red",
}
"""The one place that gives a word a colour."""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table; words of COLOURS are coloured, ids are never cut."""
    grid = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, no_wrap=column in ("snapshot id", "region", "feed", "latest", "UTC"), overflow="fold")
    for row in rows:
        cells = [str(cell) for cell in row]
        grid.add_row(*(f"[{COLOURS[cell]}]{cell}[/]" if cell in COLOURS else _plain(cell) for cell in cells))
    _show(grid)


def _show(grid: Table) -> None:
    """Print it; in a file or a pipe, without the blanks that fill its lines."""
    if out.is_terminal:
        out.print(grid)
        return
    with out.capture() as printed:
        out.print(grid)
    print("\n".join(row.rstrip() for row in printed.get().splitlines()))


def line(text: str) -> None:
    """Print one line as it is."""
    out.print(text, markup=False, soft_wrap=True)


def complain(text: str) -> None:
    """Print one line to standard error."""
    err.print(text, markup=False)


def as_json(value: Any) -> None:
    """Print one JSON document on one line, plain, for programs."""
    print(json.dumps(value, ensure_ascii=False, default=str))


def when(instant_ms: float) -> str:
    """An instant for people: UTC, to the second."""
    return datetime.fromtimestamp(instant_ms / 1000, tz=timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def words(name: str) -> str:
    """An id such as ``coercive_stalemate`` as words, which a narrow table can break."""
    return name.replace("_", " ")


def card(snapshot: Snapshot) -> None:
    """One snapshot for people."""
    document = snapshot.document
    meta, regime, balance = document["meta"], document["regime"], document["balance"]
    was = f", was {regime['previous_label']}" if regime.get("previous_label") not in ("", regime["label"], None) else ""
    active = ", ".join(trigger["id"] for trigger in document["triggers"]["active"]) or "none"
    rows = [
        ("snapshot", snapshot.id),
        ("generated", f"{when(snapshot.generated_at)}, because {meta['trigger_reason']}"),
        ("valid until", when(meta["valid_until"])),
        ("regime", f"{regime['label']}{was}"),
        ("confidence", f"{meta['snapshot_confidence']:.3f}"),
        ("net balance", f"{balance['net_balance']:+.3f}"),
        ("pressures", _axes(balance, "coercive_pressure domestic_fragility capital_stress energy_vulnerability")),
        ("buffers", _axes(balance, "alliance_cohesion maritime_access energy_leverage")),
        ("active triggers", active),
        (
            "actors",
            ", ".join(f"{actor['name']} {actor['leverage_score']:.2f}" for actor in document["actors"]) or "none",
        ),
        ("evidence", f"{len(document['evidence'])} items"),
        ("missing feeds", ", ".join(meta["missing_inputs"]) or "none"),
        ("stale feeds", ", ".join(meta["stale_inputs"]) or "none"),
    ]
    grid = Table(title=snapshot.region, title_justify="left", box=None, show_header=False, pad_edge=False)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(name, _plain(value))
    _show(grid)
    out.print()


@contextmanager
def progress(what: str, total: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere. Yields what to call with each number of things done."""
    with Progress(console=err, transient=True, disable=not (shown and err.is_terminal)) as bars:
        bar = bars.add_task(what, total=total)
        yield lambda count: bars.advance(bar, count)


def _axes(balance: dict[str, Any], names: str) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {balance[name]:.3f}" for name in names.split())


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
