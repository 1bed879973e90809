"""``python -m benchmarks [--quick] [--json | --markdown] [GROUP…]``."""

from __future__ import annotations

import logging
import os
import platform
import sys

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.dagster_share import dagster_share
from benchmarks.dagster_trips import dagster_trips
from benchmarks.damage import damage
from benchmarks.history import history
from benchmarks.measure import Figure
from benchmarks.readers import readers
from benchmarks.report import as_json, markdown, show
from benchmarks.round_trips import round_trips
from benchmarks.scale import scale
from benchmarks.size import size
from benchmarks.throughput import throughput

BENCHMARKS = {
    "round-trips": round_trips,
    "dagster-trips": dagster_trips,
    "throughput": throughput,
    "growth": scale,
    "history": history,
    "damage": damage,
    "readers": readers,
    "size": size,
    "dagster": dagster_share,
}


@click.command()
@click.argument("groups", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--quick", is_flag=True, help="Small numbers: that it runs, not what it says.")
@click.option("--json", "json_", is_flag=True, help="One JSON document on standard output.")
@click.option("--markdown", "markdown_", is_flag=True, help="The table of the README on standard output.")
def main(groups: tuple[str, ...], quick: bool, json_: bool, markdown_: bool) -> None:
    """Measure what is promised about time and space. Every figure is a ratio of two things that took turns."""
    logging.getLogger("regional_snapshots").addHandler(logging.NullHandler())  # repairs are not told one by one
    figures = measure(groups or tuple(BENCHMARKS), quick)
    if json_:
        print(as_json(figures))
    elif markdown_:
        print(markdown(figures))
    else:
        show(Console(highlight=False, width=None if sys.stdout.isatty() else 140), figures)


def measure(groups: tuple[str, ...], quick: bool) -> list[Figure]:
    """Run the benchmarks one after another, telling what goes on."""
    console = Console(stderr=True, highlight=False)
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {load:.1f} per core"
    console.print(f"Python {platform.python_version()}, {machine}", soft_wrap=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    figures: list[Figure] = []
    with Progress(*columns, console=console, transient=True) as progress:
        for group in groups:
            task = progress.add_task(group, total=None)

            def tick(what: str, task: int = task, group: str = group) -> None:
                progress.update(task, description=f"{group}: {what}")

            figures += BENCHMARKS[group](quick, tick)
            progress.remove_task(task)
    return figures


if __name__ == "__main__":
    main()
