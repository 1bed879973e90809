"""Mobility of a region: disturbed airports, closure notices, jammed airspace, and how many military flights are about.

Source: the pipeline specification, section 12 (12.1 to 12.5).
"""

from __future__ import annotations

import math
from typing import Any

from regional_snapshots.model.places import country_of_point
from regional_snapshots.model.regions import Region
from regional_snapshots.model.shapes.movement import Flight
from regional_snapshots.scoring.mobility import airports, airspace, jamming, notam_closures
from regional_snapshots.scoring.parity.scope import Scope

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
_BOXED = frozenset(region_id for region_id, *_ in BOXES)
FULL_INTENSITY_FLIGHTS = 50


def mobility(scope: Scope) -> dict[str, Any]:
    """The ``mobility`` block."""
    region_id, feeds = scope.region.id, scope.feeds
    flying = sum(_is_over(scope.region, flight) for flight in feeds.flights)
    jammed = jamming(region_id, feeds)
    return {
        "airspace": [airspace(region_id, "restricted", jammed.words)] if jammed else [],
        "flight_corridors": [],
        "airports": airports(region_id, feeds),
        "reroute_intensity": min(1.0, flying / FULL_INTENSITY_FLIGHTS),
        "notam_closures": notam_closures(region_id, feeds),
    }


def _is_over(region: Region, flight: Flight) -> bool:
    """Whether a flight is in the box of a region; of one without a box, over one of its countries."""
    if region.id in _BOXED or region.is_world:
        return flight_region(flight) == region.id
    return country_of_point(flight.lat, flight.lon) in region.countries


def flight_region(flight: Flight) -> str | None:
    """Region whose box is the first to hold a position (section 12.4)."""
    for region_id, south, north, west, east in BOXES:
        if south <= flight.lat <= north and west <= flight.lon <= east:
            return region_id
    return None
