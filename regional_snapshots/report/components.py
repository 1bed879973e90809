"""What rests on what: the components of each axis, the feeds they are read from, and what a feed's absence costs.

Source: method 2, section 3 (components, feeds, weights); the pipeline specification, section 3.3 (what else they feed).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.model.regions import CORRIDORS, REGIONS
from regional_snapshots.report.standing import Standing
from regional_snapshots.report.words import corridor_label, words


@dataclass(frozen=True)
class Component:
    """A part of an axis: the feed it is read from (its name), its weight among the declared ones, and its name for
    people. ``regions`` are those that declare it; empty means all."""

    axis: str
    name: str
    feed: str
    weight: float
    says: str
    regions: tuple[str, ...] = ()


COMPONENTS: tuple[Component, ...] = (
    Component("coercive_pressure", "signals", "signals", 0.45, "severe signals"),
    Component("coercive_pressure", "breadth", "signals", 0.20, "number of signals"),
    Component("coercive_pressure", "forecasts", "forecasts", 0.35, "military forecasts on the rise"),
    Component("domestic_fragility", "country_scores", "country_scores", 1.0, "instability of its countries"),
    Component("capital_stress", "macro", "macro_verdict", 0.25, "macro verdict"),
    Component("capital_stress", "debt", "debts", 0.20, "public debt"),
    Component("capital_stress", "stress", "stress", 0.30, "financial stress index"),
    Component("energy_vulnerability", "imports", "energy_mix", 0.50, "dependence on energy imports"),
    Component("energy_vulnerability", "gas_storage", "gas_fill", 0.25, "emptiness of gas storage",
              ("europe", "global")),
    Component("energy_vulnerability", "reserves", "days_of_cover", 0.25, "shortness of the oil reserve",
              ("north-america", "global")),
    Component("alliance_cohesion", "case_files", "forecasts", 1.0, "alliances that case files speak of"),
)  # fmt: skip
"""The declared components. Maritime access has one a corridor: see :func:`components_of`."""

ELSEWHERE = {
    "country_scores": "triggers, evidence",
    "forecasts": "actors, scenarios, evidence",
    "chokepoints": "triggers, evidence",
    "transits": "maritime access (throughput), triggers",
    "signals": "evidence",
    "alert_count": "trigger oref cluster",
    "gas_fill": "trigger gas low",
    "faa_airports": "airports",
    "world_airports": "airports",
    "notices": "airports, airspace",
    "hexes": "airspace",
    "flights": "airspace",
}
"""What a feed serves besides the components, by its name."""

_SAYS = {component.name: component.says for component in COMPONENTS}
_FEED = {component.name: component.feed for component in COMPONENTS}
_CORRIDOR_IDS = {corridor.id for corridor in CORRIDORS}
MAX_AGE_MIN = {feed.name: feed.max_age_min for feed in FEEDS}


def components_of(region: str) -> Iterator[Component]:
    """The components that a region declares, with a corridor of its own for each part of maritime access."""
    yield from (each for each in COMPONENTS if not each.regions or region in each.regions)
    for corridor in REGIONS[region].corridors if region in REGIONS else ():
        if corridor.chokepoint:
            yield Component("maritime_access", corridor.id, "chokepoints", corridor.weight, corridor.label)


def component_words(name: str) -> str:
    """A component for people."""
    return _SAYS.get(name) or corridor_label(name)


def component_feed(name: str) -> str:
    """The name of the feed that a component is read from; empty for one that we do not know."""
    return _FEED.get(name) or ("chokepoints" if name in _CORRIDOR_IDS else "")


def serves(feed: str) -> str:
    """What a feed serves, in one line: axes with their components, then what else."""
    axes: dict[str, list[str]] = {}
    for component in COMPONENTS:
        if component.feed == feed:
            axes.setdefault(component.axis, []).append(component.says)
    if feed == "chokepoints":
        axes["maritime_access"] = ["openness of corridors"]
    parts = [f"{words(axis)} ({', '.join(says)})" for axis, says in axes.items()]
    return "; ".join([*parts, *filter(None, [ELSEWHERE.get(feed, "")])])


@dataclass(frozen=True)
class Cost:
    """What the absence of one feed costs: of the mean coverage over all regions, and axes that would not be known."""

    coverage: float
    unknown: tuple[str, ...]


NEEDED_COVERAGE = 0.5
"""Below it, an axis is not known (method 2, section 3)."""


def absence_costs(feed: str, standings: Sequence[Standing]) -> Cost:
    """The cost of a feed's absence while every other feed is fresh. ``standings`` say which axes apply where."""
    lost, unknown = [], set()
    for each in standings:
        axes = {axis.name for axis in each.measured}
        shares = {name: _share(feed, name, each.region) for name in axes}
        lost.append(sum(shares.values()) / len(axes) if axes else 0.0)
        unknown |= {name for name, share in shares.items() if 1 - share < NEEDED_COVERAGE}
    return Cost(sum(lost) / len(lost) if lost else 0.0, tuple(sorted(unknown)))


def _share(feed: str, axis: str, region: str) -> float:
    """The feed's share of the declared weight of an axis."""
    declared = [each for each in components_of(region) if each.axis == axis]
    total = sum(each.weight for each in declared)
    return sum(each.weight for each in declared if each.feed == feed) / total if total else 0.0
