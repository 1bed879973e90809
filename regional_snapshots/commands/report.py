"""`report`: everything on one page."""

from __future__ import annotations

import time
import webbrowser
from pathlib import Path

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, WRONG, CannotRun, command, opened
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.settings import Settings


@command(
    "report",
    short_help="Everything on one page.",
    examples=("report --open", "report --out world.html"),
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it (default: the home).")
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
def report(out: Path | None, opens: bool, as_json: bool) -> int:
    """Write one HTML file that needs no network: what matters now, the map, why, history, events, the feeds."""
    from regional_snapshots.gathering.pages import PAGE, write_page
    from regional_snapshots.gathering.stories import feeds_board, last_deliveries, latest_stories
    from regional_snapshots.report.headlines import headlines

    settings = Settings.load()
    path = out or settings.home / PAGE
    with opened(settings) as store:
        told = latest_stories(store, REGION_IDS)
        every, now_ms = list(told.stories.values()), time.time_ns() // 1_000_000
        board, feeds = feeds_board(store, settings, every)
        deliveries = last_deliveries(store)
    try:
        write_page(path, every, board, feeds.report, deliveries, now_ms)
    except OSError as error:
        raise CannotRun(f"the page cannot be written: {error}") from None
    lines = headlines(every)
    if as_json:
        console.as_json({"path": str(path), "lines": lines, "problems": [str(problem) for problem in told.problems]})
    else:
        for line in lines:
            console.line(line)
        console.line(f"written: {path}")
        for problem in told.problems:
            console.complain(str(problem))
    if opens:
        webbrowser.open(path.absolute().as_uri())
    return WRONG if told.problems else FINE
