"""What the UI shows of the report: lines, pictures and answers as metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg

from regional_snapshots.model.news import Delivery
from regional_snapshots.report.board import Board
from regional_snapshots.report.headlines import headlines
from regional_snapshots.report.markup import list_markdown, table_markdown
from regional_snapshots.report.pictures.map import map_picture
from regional_snapshots.report.pictures.world import world_picture
from regional_snapshots.report.story import Story
from regional_snapshots.report.tidings import delivered

Shown = dict[str, dg.MetadataValue[Any]]


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


def deliveries_shown(deliveries: Sequence[Delivery]) -> dg.MetadataValue[Any]:
    """Who was told what, the newest first, as a table."""
    return dg.MetadataValue.md(table_markdown(("UTC", "whom", "what"), map(delivered, reversed(deliveries))))
