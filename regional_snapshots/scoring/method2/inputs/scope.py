"""What the feeds say about one region, and the world that the regions of a run share.

Source: method 2, section 2. Entries belong to the regions that their place names; ``global`` has those of global
places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from regional_snapshots.model.countries import ISO2_OF
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.places import country_of_point
from regional_snapshots.model.regions import Region
from regional_snapshots.model.shapes.risk import CountryScore, Signal
from regional_snapshots.scoring.method2.inputs.freshness import FeedState, feed_states, usable
from regional_snapshots.scoring.method2.inputs.predictions import Prediction, predictions

NAME_OF_SIGNAL = "xss"


@dataclass(frozen=True)
class World:
    """The feeds of a run (those without weight say nothing), the state of each, and what is read once for all regions:
    ``signals`` with the ids under which they are evidence, ``flights`` counted by country."""

    feeds: Feeds
    states: Mapping[str, FeedState]
    signals: tuple[tuple[str, Signal], ...]
    predictions: tuple[Prediction, ...]
    flights: Mapping[str | None, int]
    now_ms: int

    def weight(self, feed: str) -> float:
        """How much a feed counts, 0 to 1."""
        return self.states[feed].weight

    def source(self, feed: str) -> list[str]:
        """The evidence ids of a statement that rests on a feed as a whole."""
        state = self.states[feed]
        return [state.evidence_id] if state.weight > 0 else []


@dataclass(frozen=True)
class Scope:
    """A region in its world: signals and forecasts whose place lies in it, in feed order, and its countries
    (ISO2): of one that none belongs to, such as ``global``, its key countries."""

    region: Region
    world: World
    signals: tuple[tuple[str, Signal], ...]
    predictions: tuple[Prediction, ...]
    countries: frozenset[str]

    @property
    def feeds(self) -> Feeds:
        """What the feeds say."""
        return self.world.feeds

    @property
    def scores(self) -> list[tuple[CountryScore, float]]:
        """The instability of its countries, (row, 0 to 100) each, without those that state none."""
        rows = self.feeds.country_scores
        return [(row, row.score) for row in rows if row.country in self.countries and row.score is not None]

    @property
    def debts(self) -> list[float]:
        """Public debt of its countries, in percent of the product."""
        rows = [row for row in self.feeds.debts if ISO2_OF.get(row.iso3) in self.countries]
        return [row.debt_to_gdp for row in rows if row.debt_to_gdp is not None]

    @property
    def import_shares(self) -> list[float]:
        """How much of the energy of its countries is imported, in percent."""
        return [share for iso2, share in self.feeds.energy_mix.items() if iso2 in self.countries and share is not None]


def world_of(feeds: Feeds, now_ms: int) -> World:
    """Read once what all regions share."""
    states = feed_states(feeds, now_ms)
    feeds = usable(feeds, states)
    return World(
        feeds=feeds,
        states=states,
        signals=tuple((signal.id or f"{NAME_OF_SIGNAL}:{index}", signal) for index, signal in enumerate(feeds.signals)),
        predictions=predictions(feeds.forecasts),
        flights=Counter(country_of_point(flight.lat, flight.lon) for flight in feeds.flights),
        now_ms=now_ms,
    )


def scope_of(region: Region, world: World) -> Scope:
    """Take out of the world what concerns a region."""
    return Scope(
        region=region,
        world=world,
        signals=tuple(entry for entry in world.signals if region.id in entry[1].regions),
        predictions=tuple(entry for entry in world.predictions if region.id in entry.forecast.regions),
        countries=frozenset(region.countries or region.key_countries),
    )
