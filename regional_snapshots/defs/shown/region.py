"""What the UI shows of one region with its snapshot: why it is as it is, and how it came there, as a picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import dagster as dg

from regional_snapshots.model.feeds import FeedReport
from regional_snapshots.report.markup import why_markdown
from regional_snapshots.report.pictures.history import history_picture
from regional_snapshots.report.story import Story
from regional_snapshots.report.why.explanation import why


def region_shown(told: Story, reports: Iterable[FeedReport]) -> dict[str, dg.MetadataValue[Any]]:
    """``reports`` of the same run tell the age of each feed."""
    return {
        "why": dg.MetadataValue.md(why_markdown(why(told, reports))),
        "over_time": dg.MetadataValue.md(history_picture(told).markdown()),
    }
