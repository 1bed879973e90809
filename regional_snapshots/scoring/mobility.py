"""Mobility: disturbed airports, closure notices and jammed airspace, as every method sees them.

Source: the pipeline specification, section 12 (12.1 to 12.3 and 12.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.places import regions_of
from regional_snapshots.model.regions import WORLD_IDS
from regional_snapshots.model.shapes.movement import Airport

NORTH_AMERICAN = frozenset({"USA", "United States", "United States of America", "Canada", "Mexico"})
SOUTH_ASIAN = frozenset({"India", "Pakistan", "Bangladesh", "Sri Lanka", "Afghanistan", "Nepal", "Bhutan", "Maldives"})

AIRPORT_REGIONS: tuple[tuple[str, frozenset[str], str, str], ...] = (
    ("AMERICAS", NORTH_AMERICAN, "north-america", "latam"),
    ("APAC", SOUTH_ASIAN, "south-asia", "east-asia"),
    ("EUROPE", frozenset(), "", "europe"),
    ("MENA", frozenset(), "", "mena"),
    ("AFRICA", frozenset(), "", "sub-saharan-africa"),
)
"""(word in the airport's region, countries, region of airports in those, region of all others); section 12.1."""

SEVERITY_RANK: dict[str, int] = {
    prefix + (word.upper() if prefix else word): rank
    for rank, word in enumerate(("normal", "minor", "moderate", "major", "severe"))
    for prefix in ("", "FLIGHT_DELAY_SEVERITY_")
}
DISRUPTED_RANK, CLOSED_RANK = 3, 4

JAMMING_AREAS: dict[str, tuple[str, ...]] = {
    "mena": ("iran-iraq", "levant", "israel-sinai", "yemen-horn", "turkey-caucasus"),
    "europe": ("ukraine-russia", "russia-north", "northern-europe", "western-europe"),
    "sub-saharan-africa": ("sudan-sahel", "east-africa"),
    "south-asia": ("afghanistan-pakistan",),
    "east-asia": ("southeast-asia", "east-asia"),
    "north-america": ("north-america",),
}
"""Region -> labels of jammed areas that lie in it; latam and global have none (12.5)."""

PLACED = frozenset(region for _, _, *regions in AIRPORT_REGIONS for region in regions)
"""The regions that these tables know. Airports and jammed areas of another are those whose words name it."""


@dataclass(frozen=True)
class Jamming:
    """Jammed satellite navigation over a region: how many cells are ``high``, and all of it in words."""

    high: int
    words: str


def airport_region(airport: Airport) -> str | None:
    """Region of an airport, by its producer's region and country (section 12.1)."""
    for word, countries, inside, outside in AIRPORT_REGIONS:
        if word in airport.region:
            return inside if airport.country in countries else outside
    return None


def airport_regions(airport: Airport) -> frozenset[str]:
    """That region, and those of its country that the table does not know."""
    return frozenset(filter(None, [airport_region(airport)])) | _others(airport.country)


def _others(words: str) -> frozenset[str]:
    """The regions that words name and the tables here do not know, except the world."""
    return regions_of(words) - PLACED - set(WORLD_IDS)


def airports(region_id: str, feeds: Feeds) -> list[dict[str, Any]]:
    """The region's airports where little or nothing moves, in feed order (section 12.2)."""
    listed = []
    for airport in (*feeds.faa_airports, *feeds.world_airports):
        rank = SEVERITY_RANK.get(airport.severity, 0)
        if rank >= DISRUPTED_RANK and region_id in airport_regions(airport):
            listed.append(
                {
                    "icao": airport.icao,
                    "name": airport.name,
                    "status": "closed" if rank >= CLOSED_RANK else "disrupted",
                    "disruption_reason": airport.reason,
                }
            )
    return listed


def notam_closures(region_id: str, feeds: Feeds) -> list[str]:
    """The region's notices, as texts.

    Airports are placed by the delay alerts of any severity; an international alert overrides an American one.
    """
    placed = {
        airport.icao: places
        for airport in (*feeds.faa_airports, *feeds.world_airports)
        if airport.icao and (places := airport_regions(airport))
    }
    return [f"{code}: {reason}" for code, reason in feeds.notices.items() if region_id in placed.get(code, ())]


def jamming(region_id: str, feeds: Feeds) -> Jamming | None:
    """What is jammed over a region; None when nothing is."""
    areas = JAMMING_AREAS.get(region_id, ())
    jammed = [cell for cell in feeds.hexes if cell.area in areas or region_id in _others(cell.area)]
    if not jammed:
        return None
    counts = {level: sum(cell.level == level for cell in jammed) for level in ("high", "medium", "low")}
    names = ", ".join(sorted({cell.area for cell in jammed}))
    amounts = ", ".join(f"{count} {level}" for level, count in counts.items())
    return Jamming(counts["high"], f"Satellite navigation is jammed over {names} (cells: {amounts})")


def airspace(region_id: str, status: str, reason: str) -> dict[str, Any]:
    """An entry about the airspace of a region."""
    return {"airspace_id": f"gpsjam:{region_id}", "status": status, "reason": reason}
