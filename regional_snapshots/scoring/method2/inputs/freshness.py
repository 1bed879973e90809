"""Freshness: how much a feed counts, by its age. A feed that is much too old is missing.

Source: method 2, section 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from regional_snapshots.model.feeds import FEEDS, MINUTE_MS, FeedReport, Feeds
from regional_snapshots.model.shapes.reading import Reading
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.scoring.method2.inputs.numbers import at_most

MISSING_BEYOND = 4
"""A feed is missing beyond so many times its maximum age."""
WEIGHT_WITHOUT_TIME = 0.5


@dataclass(frozen=True)
class FeedState:
    """A feed of one run: its Redis key, its weight (0 missing, 1 fresh), when it was made (ms) or None, its digest."""

    key: str
    weight: float
    time: int | None
    digest: str

    @property
    def evidence_id(self) -> str:
        """An id that resolves to the stored bytes themselves."""
        return f"feed:{self.key}@{self.digest[:16]}"


def weight(age_min: float | None, max_age_min: float) -> float:
    """Weight of a feed of this age; None: it says no time."""
    if age_min is None:
        return WEIGHT_WITHOUT_TIME
    if at_most(age_min, max_age_min):
        return 1.0
    if at_most(age_min, MISSING_BEYOND * max_age_min):
        return float(0.5 ** ((age_min - max_age_min) / max_age_min))
    return 0.0


def feed_states(feeds: Feeds, now_ms: int) -> dict[str, FeedState]:
    """The state of every feed, by its name."""
    return {report.name: _state(report, now_ms) for report in feeds.report}


def usable(feeds: Feeds, states: Mapping[str, FeedState]) -> Feeds:
    """The feeds, of which those without weight say nothing at all."""
    silent = {
        spec.name: spec.read({}, Reading())
        for spec in FEEDS
        if states[spec.name].weight == 0 and spec.name in Feeds.__dataclass_fields__
    }
    return replace(feeds, **silent)


def _state(report: FeedReport, now_ms: int) -> FeedState:
    age = None if report.time is None else max(0.0, (now_ms - report.time) / MINUTE_MS)
    counts = report.status != "missing" and report.shaped
    time = report.time if report.time is not None and abs(report.time) <= MAX_INSTANT_MS else None
    return FeedState(
        key=report.key,
        weight=weight(age, report.max_age_min) if counts else 0.0,
        time=None if time is None else int(time),
        digest=report.digest,
    )
