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
    from regional_snapshots.pages import PAGE, write_page
    from regional_snapshots.report.headlines import headlines
    from regional_snapshots.store.errors import StoreError
    from regional_snapshots.stories import feeds_board, stories

    settings = Settings.load()
    path = out or settings.home / PAGE
    with opened(settings) as store:
        latest = store.latest_all(REGION_IDS)
        told = stories(store, {name: it for name, it in latest.items() if not isinstance(it, StoreError)})
        every, now_ms = list(told.stories.values()), time.time_ns() // 1_000_000
        board, feeds = feeds_board(store, every, now_ms)
    try:
        write_page(path, every, board, feeds.report, now_ms)
    except OSError as error:
        raise CannotRun(f"the page cannot be written: {error}") from None
    lines = headlines(every)
    problems = [it for it in latest.values() if isinstance(it, StoreError)] + list(told.problems)
    if as_json:
        console.as_json({"path": str(path), "lines": lines, "problems": [str(problem) for problem in problems]})
    else:
        for line in lines:
            console.line(line)
        console.line(f"written: {path}")
        for problem in problems:
            console.complain(str(problem))
    if opens:
        webbrowser.open(path.absolute().as_uri())
    return WRONG if problems else FINE
