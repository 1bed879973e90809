"""Mobility: airports and notices as ever; jammed airspace by how badly; military flights by where they are.

Source: method 2, section 9.
"""

from __future__ import annotations

from typing import Any

from regional_snapshots.model.values import round3
from regional_snapshots.scoring.method2.inputs.scope import Scope
from regional_snapshots.scoring.mobility import airports, airspace, jamming, notam_closures

FULL_INTENSITY_FLIGHTS = 50


def mobility(scope: Scope) -> dict[str, Any]:
    """The ``mobility`` block. ``reroute_intensity`` is None while nobody knows of the flights."""
    region_id, feeds = scope.region.id, scope.feeds
    jammed = jamming(region_id, feeds)
    status = "restricted" if jammed and jammed.high else "degraded"
    over = sum(scope.world.flights.get(country, 0) for country in scope.region.countries)
    flying = min(1.0, over / FULL_INTENSITY_FLIGHTS)
    return {
        "airspace": [airspace(region_id, status, jammed.words)] if jammed else [],
        "flight_corridors": [],
        "airports": airports(region_id, feeds),
        "reroute_intensity": round3(flying) if scope.world.weight("flights") > 0 else None,
        "notam_closures": notam_closures(region_id, feeds),
    }
