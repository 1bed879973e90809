"""`feeds`: load feed documents; see their state."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, CannotRun, command, opened
from regional_snapshots.settings import Settings

if TYPE_CHECKING:
    from regional_snapshots.store.snapshots import SnapshotStore


@click.group("feeds", short_help="Load feed documents; see their state.")
def feeds() -> None:
    """Put feed documents into Redis, and see what is fresh, stale, missing or rejected."""


@command(
    "load",
    group=feeds,
    short_help="Load feed documents.",
    examples=("feeds load --sample", "feeds load ./documents"),
)
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option("--sample", is_flag=True, help="The sample feeds that come with the project.")
@click.option("--as-published", is_flag=True, help="Keep the times of the sample feeds, which are old.")
@click.option("--if-none", is_flag=True, help="Only into the embedded server, and only while it holds no feed.")
def feeds_load(directory: Path | None, sample: bool, as_published: bool, if_none: bool, as_json: bool) -> int:
    """Load feed documents from DIRECTORY: file name = key, with ':' written '__'.

    The sample feeds are dated as if they had been made now, unless --as-published keeps their times.
    """
    from regional_snapshots.files.feed_files import SAMPLE, brought_up_to, read_directory

    if sample == (directory is not None):
        raise CannotRun("name a directory, or --sample")
    try:
        documents, skipped = read_directory(directory or SAMPLE)
    except (OSError, ValueError) as error:
        raise CannotRun(str(error)) from None
    if sample and not as_published:
        now_ms = time.time_ns() // 1_000_000
        documents = {key: brought_up_to(now_ms, document) for key, document in documents.items()}
    settings = Settings.load()
    with opened(settings) as store:
        if if_none and (settings.redis_url or settings.feeds_redis_url or _holds_feeds(store)):
            documents = {}
        if documents:
            store.write_feeds(documents)
    if as_json:
        console.as_json({"loaded": sorted(documents), "skipped": skipped})
    else:
        dated = "of the days they describe" if as_published else "dated as if made now"
        what = f"sample documents (illustrative: old, rounded figures, {dated})" if sample else "feed documents"
        external = settings.redis_url or settings.feeds_redis_url
        why_none = "this is not the embedded server" if external else "feeds are there already"
        console.line(f"{len(documents)} {what} loaded" if documents else f"{why_none}: no sample feeds loaded")
        for name in skipped:
            console.line(f"skipped {name}: not the key of a feed")
    return FINE


def _holds_feeds(store: SnapshotStore) -> bool:
    from regional_snapshots.model.feeds import DATA_KEYS

    return any(value is not None for value in store.read_feeds(DATA_KEYS).values())


@command(
    "status",
    group=feeds,
    short_help="What is fresh, stale, missing or rejected.",
    examples=("feeds status",),
)
def feeds_status(as_json: bool) -> int:
    """Show every feed, the worst first: rejected, missing, stale or fresh, and what was assumed or left out of it.

    A feed is rejected where its key holds a document that cannot be read.
    """
    from regional_snapshots.gathering.stories import feeds_board, latest_stories
    from regional_snapshots.model.regions import REGION_IDS
    from regional_snapshots.report.board import HEADER

    settings = Settings.load()
    with opened(settings) as store:
        told = latest_stories(store, REGION_IDS)
        board, parsed = feeds_board(store, settings, list(told.stories.values()))
    if as_json:
        console.as_json([{**asdict(report), "state": report.state} for report in parsed.report])
        return FINE
    console.table(HEADER, [line.cells for line in board.lines])
    console.line(f"\n{board.legend}\n" if board.legend else "")
    for line in board.lines:
        for remark in line.remarks:
            console.line(f"{line.name}: {remark}")
    console.line(f"{board.summary}; confidence {parsed.confidence:.3f}")
    if not (settings.redis_url or settings.feeds_redis_url) and all(it.status == "missing" for it in parsed.report):
        console.line("Next: `regional-snapshots feeds load --sample`, or of your own, `feeds load DIR`.")
    return FINE
