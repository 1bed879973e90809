"""Mobility: disturbed airports, closure notices, jammed airspace, and how many military flights are about.

Source: the pipeline specification, section 12 (12.1 to 12.5).
"""

from __future__ import annotations

import math
from typing import Any

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.shapes.movement import Airport, Flight
from regional_snapshots.scoring.parity.scope import Scope

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

BOXES: tuple[tuple[str, float, float, float, float], ...] = (
    ("mena", 12, 42, 20, 63),
    ("europe", 35, 72, -10, 60),
    ("sub-saharan-africa", -35, 20, -18, 52),
    ("south-asia", 5, 38, 60, 97),
    ("east-asia", -45, 55, 90, 180),
    ("north-america", 16, 75, -170, -50),
    ("latam", -56, math.nextafter(16, 0), -120, -34),
)
"""(region, least and greatest latitude, least and greatest longitude), edges included; the first box that holds a
position wins. latam ends just below 16 degrees north (12.4)."""
FULL_INTENSITY_FLIGHTS = 50

JAMMING_AREAS: dict[str, tuple[str, ...]] = {
    "mena": ("iran-iraq", "levant", "israel-sinai", "yemen-horn", "turkey-caucasus"),
    "europe": ("ukraine-russia", "russia-north", "northern-europe", "western-europe"),
    "sub-saharan-africa": ("sudan-sahel", "east-africa"),
    "south-asia": ("afghanistan-pakistan",),
    "east-asia": ("southeast-asia", "east-asia"),
    "north-america": ("north-america",),
}
"""Region -> labels of jammed areas that lie in it; latam and global have none (12.5)."""


def mobility(scope: Scope) -> dict[str, Any]:
    """The ``mobility`` block."""
    region_id, feeds = scope.region.id, scope.feeds
    flying = sum(flight_region(flight) == region_id for flight in feeds.flights)
    return {
        "airspace": _airspace(region_id, feeds),
        "flight_corridors": [],
        "airports": _airports(region_id, feeds),
        "reroute_intensity": min(1.0, flying / FULL_INTENSITY_FLIGHTS),
        "notam_closures": _notam_closures(region_id, feeds),
    }


def airport_region(airport: Airport) -> str | None:
    """Region of an airport, by its producer's region and country (section 12.1)."""
    for word, countries, inside, outside in AIRPORT_REGIONS:
        if word in airport.region:
            return inside if airport.country in countries else outside
    return None


def flight_region(flight: Flight) -> str | None:
    """Region whose box is the first to hold a position (section 12.4)."""
    for region_id, south, north, west, east in BOXES:
        if south <= flight.lat <= north and west <= flight.lon <= east:
            return region_id
    return None


def _airports(region_id: str, feeds: Feeds) -> list[dict[str, Any]]:
    listed = []
    for airport in (*feeds.faa_airports, *feeds.world_airports):
        rank = SEVERITY_RANK.get(airport.severity, 0)
        if rank >= DISRUPTED_RANK and airport_region(airport) == region_id:
            listed.append(
                {
                    "icao": airport.icao,
                    "name": airport.name,
                    "status": "closed" if rank >= CLOSED_RANK else "disrupted",
                    "disruption_reason": airport.reason,
                }
            )
    return listed


def _notam_closures(region_id: str, feeds: Feeds) -> list[str]:
    """Airports are placed by the delay alerts of any severity; an international alert overrides an American one."""
    placed = {
        airport.icao: place
        for airport in (*feeds.faa_airports, *feeds.world_airports)
        if airport.icao and (place := airport_region(airport))
    }
    return [f"{code}: {reason}" for code, reason in feeds.notices.items() if placed.get(code) == region_id]


def _airspace(region_id: str, feeds: Feeds) -> list[dict[str, Any]]:
    areas = JAMMING_AREAS.get(region_id, ())
    jammed = [cell for cell in feeds.hexes if cell.area in areas]
    if not jammed:
        return []
    counts = {level: sum(cell.level == level for cell in jammed) for level in ("high", "medium", "low")}
    names = ", ".join(sorted({cell.area for cell in jammed}))
    amounts = ", ".join(f"{count} {level}" for level, count in counts.items())
    reason = f"Satellite navigation is jammed over {names} (cells: {amounts})"
    return [{"airspace_id": f"gpsjam:{region_id}", "status": "restricted", "reason": reason}]
