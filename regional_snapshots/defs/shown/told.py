"""What the UI shows of the report: lines, pictures and answers as metadata."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from regional_snapshots.model.feeds import FeedReport
from regional_snapshots.report.board import Board
from regional_snapshots.report.headlines import headline, headlines
from regional_snapshots.report.markup import list_markdown, why_markdown
from regional_snapshots.report.pictures.history import history_picture
from regional_snapshots.report.pictures.map import map_picture
from regional_snapshots.report.pictures.world import world_picture
from regional_snapshots.report.story import Story
from regional_snapshots.report.why.explanation import why

MOST_PICTURED = 100
"""Regions of one run that get a picture each: some 20 KB that the event log keeps for ever."""

Shown = dict[str, dg.MetadataValue[Any]]


def region_shown(told: Story, reports: Iterable[FeedReport], regions_of_run: int) -> Shown:
    """One region: what matters now, why, and, in a run of not too many regions, the picture of its last 28 days."""
    shown: Shown = {
        "what_matters_now": dg.MetadataValue.text(headline(told)),
        "why": dg.MetadataValue.md(why_markdown(why(told, reports))),
    }
    if regions_of_run <= MOST_PICTURED:
        shown["picture"] = dg.MetadataValue.md(history_picture(told).markdown())
    return shown


def board_shown(board: Board) -> Shown:
    """The feeds in a sentence, and as a table."""
    return {"feeds": dg.MetadataValue.text(board.summary), "feeds_board": dg.MetadataValue.md(board.markdown())}


def world_shown(told: Sequence[Story]) -> Shown:
    """All regions: at most five lines, the picture of the axes, the map."""
    return {
        "what_matters_now": dg.MetadataValue.md(list_markdown(headlines(told))),
        "picture": dg.MetadataValue.md(world_picture(told).markdown()),
        "map": dg.MetadataValue.md(map_picture(told).markdown()),
    }
