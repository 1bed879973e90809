"""The table of feeds: which documents other programs publish, how old each may be, and what reads it.

Source: the pipeline specification, section 3.1 (keys), and the description of the live system, section 5 (energy).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.countries import REGION_OF
from regional_snapshots.model.shapes import economy, forecasts, maritime, movement, risk
from regional_snapshots.model.shapes.reading import Reading


@dataclass(frozen=True)
class FeedSpec:
    """A feed: its Redis key, its maximum age in minutes, the key of its companion (which may carry its time).

    ``read`` is its adapter: it turns a published document into rows, and notes what it used, assumed or rejected.
    ``members`` is what the keys of its further documents begin with, one a country that the first one lists by its ISO
    code; the empty text for a feed of one document.
    """

    name: str
    key: str
    max_age_min: int
    meta_key: str | None
    what: str
    read: Callable[[Any, Reading], Any]
    members: str = ""


FEEDS: tuple[FeedSpec, ...] = (
    FeedSpec("country_scores", "risk:scores:sebuf:stale:v8", 30, "seed-meta:intelligence:risk-scores",
             "instability scores of countries", risk.country_scores),
    FeedSpec("forecasts", "forecast:predictions:v2", 180, None,
             "predictions with case files", forecasts.forecasts),
    FeedSpec("chokepoints", "supply_chain:chokepoints:v4", 30, None,
             "threat at sea chokepoints", maritime.chokepoints),
    FeedSpec("transits", "supply_chain:transit-summaries:v1", 30, "seed-meta:supply_chain:transit-summaries",
             "ship traffic through chokepoints", maritime.transits),
    FeedSpec("signals", "intelligence:cross-source-signals:v1", 45, "seed-meta:intelligence:cross-source-signals",
             "signals seen by several sources", risk.signals),
    FeedSpec("alert_count", "relay:oref:history:v1", 15, "seed-meta:relay:oref:history",
             "Home Front alerts in Israel", risk.alert_count),
    FeedSpec("macro_verdict", "economic:macro-signals:v1", 60, None,
             "verdict of macro-economic signals", economy.macro_verdict),
    FeedSpec("debts", "economic:national-debt:v1", 86400, "seed-meta:economic:national-debt",
             "public debt of countries", economy.debts),
    FeedSpec("stress", "economic:stress-index:v1", 120, None,
             "index of financial stress", economy.stress),
    FeedSpec("energy_mix", "energy:mix:v1:_all", 50400, "seed-meta:economic:owid-energy-mix",
             "energy import shares of countries", economy.energy_mix),
    FeedSpec("gas_fill", "economic:eu-gas-storage:v1", 2880, "seed-meta:economic:eu-gas-storage",
             "fill of European gas storage", economy.gas_fill),
    FeedSpec("days_of_cover", "economic:spr:v1", 10080, None,
             "cover of the American oil reserve", economy.days_of_cover),
    FeedSpec("faa_airports", "aviation:delays:faa:v1", 60, "seed-meta:aviation:faa",
             "airport delays in the United States", movement.airports),
    FeedSpec("world_airports", "aviation:delays:intl:v3", 90, "seed-meta:aviation:intl",
             "airport delays elsewhere", movement.airports),
    FeedSpec("notices", "aviation:notam:closures:v2", 120, "seed-meta:aviation:notam",
             "airport closures and restrictions", movement.notices),
    FeedSpec("hexes", "intelligence:gpsjam:v2", 1440, "seed-meta:intelligence:gpsjam",
             "jamming of satellite navigation", movement.hexes),
    FeedSpec("flights", "military:flights:v1", 30, None,
             "positions of military flights", movement.flights),
)  # fmt: skip

ENERGY_DEPENDENCY = FeedSpec(
    "energy_mix", "resilience:static:index:v1", 576_000, "seed-meta:resilience:static",
    "energy import dependency of countries", economy.energy_dependency, members="resilience:static:",
)  # fmt: skip
"""What the live system reads today in the place of the energy mix, which carries no import shares any more."""

_MIX = next(spec for spec in FEEDS if spec.name == ENERGY_DEPENDENCY.name)
ENERGY_FEEDS: dict[str, tuple[FeedSpec, ...]] = {
    "mix": (_MIX,),
    "dependency": (ENERGY_DEPENDENCY,),
    "either": (_MIX, ENERGY_DEPENDENCY),
}
"""The feeds that can tell of energy imports, by what a method reads: of several, the newest that has shares."""

DATA_KEYS: tuple[str, ...] = tuple(spec.key for spec in FEEDS)
META_KEYS: tuple[str, ...] = tuple(spec.meta_key for spec in FEEDS if spec.meta_key)


def feeds_of(energy: str) -> tuple[FeedSpec, ...]:
    """All feeds that a method reads, in table order, by the key of :data:`ENERGY_FEEDS` that it names."""
    return tuple(spec for row in FEEDS for spec in (ENERGY_FEEDS[energy] if row is _MIX else (row,)))


def keys_of(energy: str) -> tuple[str, ...]:
    """The keys of all these feeds and their companions."""
    specs = feeds_of(energy)
    return (*(spec.key for spec in specs), *(spec.meta_key for spec in specs if spec.meta_key))


def member_keys_of(energy: str) -> tuple[str, ...]:
    """The keys of their further documents, for every country that has a region: which of them there are is told by the
    feed's first document, but asking for all at once saves waiting for that."""
    return tuple(f"{spec.members}{iso2}" for spec in feeds_of(energy) if spec.members for iso2 in REGION_OF)
