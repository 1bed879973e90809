"""What the feeds say about one region: the entries whose place is a free text, matched to the region once.

Source: the pipeline specification, sections 2.6 (signals) and 2.7 (forecasts).
"""

from __future__ import annotations

from dataclasses import dataclass

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import Region
from regional_snapshots.model.shapes.forecasts import Forecast
from regional_snapshots.model.shapes.risk import Signal


@dataclass(frozen=True)
class Scope:
    """A region, all feeds of the run, and the signals and forecasts that concern the region, in feed order."""

    region: Region
    feeds: Feeds
    signals: tuple[Signal, ...]
    forecasts: tuple[Forecast, ...]


def scope_of(region: Region, feeds: Feeds) -> Scope:
    """Match signals and forecasts to a region. An entry can concern several regions, or none; a forecast whose
    probability is no number is dropped, while one without any counts as 0."""
    return Scope(
        region,
        feeds,
        tuple(signal for signal in feeds.signals if region.has_signal_theater(signal.theater)),
        tuple(entry for entry in feeds.forecasts if entry.fits and region.has_forecast_region(entry.region)),
    )
