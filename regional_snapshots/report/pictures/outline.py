"""The land of each region as the ``d`` of an SVG path, on an equal-area map of the world.

Projection: Equal Earth (Šavrič, Patterson and Jenny, 2018). Outlines: see ``model.places.outlines``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

from regional_snapshots.model.places.outlines import outlines

WIDTH = 960.0
NORTH, SOUTH = 78.0, -56.0
"""Latitudes at the edges of the map: nobody of ours lives beyond."""

A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796
HALF_ROOT_3 = math.sqrt(3) / 2

FINENESS = 1.25
"""Points nearer together than this (in units of the map) are one point."""

SMALLEST = 4.0
"""Islands smaller than this (square units) are left out, unless the country has no larger part."""

Point = tuple[float, float]


def projected(longitude: float, latitude: float) -> Point:
    """Where a place lies on the map, in units from its top left corner."""
    x, y = _equal_earth(longitude, latitude)
    return (x - LEFT) * SCALE, (TOP - y) * SCALE


def _equal_earth(longitude: float, latitude: float) -> Point:
    t = math.asin(HALF_ROOT_3 * math.sin(math.radians(latitude)))
    t2 = t * t
    t6 = t2**3
    slope = 9 * A4 * t6 * t2 + 7 * A3 * t6 + 3 * A2 * t2 + A1
    return math.radians(longitude) * math.cos(t) / (HALF_ROOT_3 * slope), t * (A4 * t6 * t2 + A3 * t6 + A2 * t2 + A1)


LEFT = _equal_earth(-180, 0)[0] * 0.93  # nothing but ocean lies further west: the map may be larger
TOP = _equal_earth(0, NORTH)[1]
SCALE = WIDTH / (-2 * LEFT)
HEIGHT = round((TOP - _equal_earth(0, SOUTH)[1]) * SCALE)


@cache
def country_paths() -> Mapping[str, str]:
    """ISO alpha-2 code -> path; countries too small to be seen are left out."""
    paths = {code: "".join(_path(ring) for ring in _seen(rings)) for code, rings in _drawn().items()}
    return {code: path for code, path in paths.items() if path}


@cache
def middle_of(code: str) -> Point:
    """Where a country's name would stand: in the middle of its largest part."""
    ring = max(_drawn()[code], key=_area)
    twice = [(a[0] * b[1] - b[0] * a[1]) for a, b in pairwise(ring)]
    area = sum(twice) or 1.0
    pairs = [(t, a, b) for t, (a, b) in zip(twice, pairwise(ring), strict=True)]
    x = sum(t * (a[0] + b[0]) for t, a, b in pairs) / (3 * area)
    y = sum(t * (a[1] + b[1]) for t, a, b in pairs) / (3 * area)
    return x, y


def size_of(code: str) -> float:
    """Area of a country on the map, which keeps areas."""
    return sum(map(_area, _drawn()[code]))


@cache
def _drawn() -> Mapping[str, Sequence[list[Point]]]:
    """Every country's rings on the map: some 34,000 points, which one overview needs several times."""
    return {
        code: [[projected(longitude, latitude) for longitude, latitude in ring] for ring in rings]
        for code, rings in outlines().items()
    }


def _seen(rings: Sequence[list[Point]]) -> Sequence[list[Point]]:
    return [ring for ring in rings if _area(ring) >= SMALLEST] or [max(rings, key=_area)]


def _area(ring: list[Point]) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2


def _path(ring: list[Point]) -> str:
    """Steps between points on a grid, so that neighbours share the points of their border."""
    cells = [(round(x / FINENESS), round(y / FINENESS)) for x, y in ring]
    thinned = [cell for cell, before in zip(cells, [None, *cells], strict=False) if cell != before]
    if len(thinned) < 4:
        return ""
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(thinned)]
    written = " ".join(f"{x} {y}" for x, y in steps[:-1]).replace(" -", "-")
    return f"M{thinned[0][0]} {thinned[0][1]}l{written}z"
