"""Make ``regional_snapshots/model/places/outlines.json`` from Natural Earth, as the package ``world-atlas`` carries it.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python tools/make_outlines.py package/countries-50m.json

Natural Earth (1:50 million, version 4.1) is in the public domain. Kept: the outline of every country, simplified to
0.05 degrees (5.5 km; the same along both sides of a border), without islets under 20 square kilometres unless a country
has nothing else. Overseas parts that the atlas draws with their motherland become countries of their own, since the
table of countries has them so.

Output, one country a line: ISO alpha-2 code -> rings, each a flat list of degrees times 100: the first longitude and
latitude, then the differences from point to point. A point lies in a country if it lies in an odd number of its rings.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pycountry

OUTPUT = Path(__file__).parent.parent / "regional_snapshots" / "model" / "places" / "outlines.json"

TOLERANCE_DEGREES = 0.05
SMALLEST_SQUARE_DEGREES = 0.0016

Point = tuple[float, float]
Ring = list[Point]

WITHOUT_ISO = {
    "Somaliland": "SO",
    "Kosovo": "XK",
    "N. Cyprus": "CY",
    "Indian Ocean Ter.": "CX",
    "Siachen Glacier": "IN",
}
"""What the atlas draws without an ISO number, and the country whose region it shares."""

OVERSEAS = {
    # drawn with: [(code of its own, west, south, east, north)]
    "FR": [
        ("GF", -56, 1, -50, 7),
        ("GP", -62, 15.8, -60.9, 17),
        ("MQ", -62, 14, -60, 15.2),
        ("RE", 54, -23, 57, -20),
        ("YT", 44, -14, 46, -12),
    ],
    "NL": [("BQ", -69, 11, -62, 18)],
    "NO": [("SJ", -10, 70.6, -7, 72), ("SJ", 9, 74, 36, 81), ("BV", 2, -56, 5, -53)],
}


def main(source: str) -> None:
    atlas = json.loads(Path(source).read_text(encoding="utf-8"))
    countries: dict[str, list[Ring]] = {}
    for code, ring in rings(atlas):
        countries.setdefault(owner(code, ring), []).append(ring)
    lines = [
        f"{json.dumps(code)}:{json.dumps([flat(r) for r in large(found)], separators=(',', ':'))}"
        for code, found in sorted(countries.items())
    ]
    OUTPUT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def rings(atlas: dict[str, Any]) -> Iterator[tuple[str, Ring]]:
    """Every ring of the atlas with the ISO code of its country. Arcs are simplified before they are joined."""
    full = list(arcs(atlas))
    simple = [simplified(arc) for arc in full]
    for country in atlas["objects"]["countries"]["geometries"]:
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        for numbers in (ring for polygon in polygons for ring in polygon):
            ring = joined(simple, numbers)
            whole = ring if len(set(ring)) > 3 else joined(full, numbers)
            yield from ((iso2(country), piece) for piece in cut(whole))


def arcs(atlas: dict[str, Any]) -> Iterator[Ring]:
    (scale_x, scale_y), (left, bottom) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    for arc in atlas["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale_x + left, y * scale_y + bottom))
        yield points


def simplified(line: Ring) -> Ring:
    """Douglas and Peucker: the points that stray more than the tolerance from the line between those kept."""
    if len(line) < 3:
        return line
    strays = [distance(point, line[0], line[-1]) for point in line[1:-1]]
    if max(strays) <= TOLERANCE_DEGREES:
        return [line[0], line[-1]]
    at = strays.index(max(strays)) + 1
    return simplified(line[: at + 1])[:-1] + simplified(line[at:])


def distance(point: Point, start: Point, end: Point) -> float:
    """From a point to a stretch, in degrees."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length
    along = max(0.0, min(1.0, along))
    return math.hypot(point[0] - start[0] - along * dx, point[1] - start[1] - along * dy)


def joined(parts: list[Ring], numbers: list[int]) -> Ring:
    """Arcs joined to a ring; ``~i`` is arc i backwards."""
    ring: Ring = []
    for number in numbers:
        part = parts[number] if number >= 0 else parts[~number][::-1]
        ring += part[1:] if ring else part
    return ring


def cut(ring: Ring) -> Iterator[Ring]:
    """A ring as rings that do not cross the antimeridian, where the atlas jumps from edge to edge of the map."""
    line = unrolled(ring)
    if line[0][0] != line[-1][0]:  # it goes round the pole: close it along the lower edge of the map
        start = max(range(len(ring)), key=lambda at: ring[at][0])
        line = unrolled(ring[start:-1] + ring[: start + 1])
        line += [(line[-1][0], -90.0), (line[0][0], -90.0), line[0]]
    for turn in (-360.0, 0.0, 360.0):
        piece = clipped(clipped([(x + turn, y) for x, y in line], 180.0, 1), -180.0, -1)
        if len(set(piece)) > 2:
            yield piece


def unrolled(ring: Ring) -> Ring:
    """The ring with longitudes that go on beyond 180, so that no step is longer than half a turn."""
    line = ring[:1]
    for x, y in ring[1:]:
        line.append((x - 360 * round((x - line[-1][0]) / 360), y))
    return line


def clipped(ring: Ring, edge: float, sign: int) -> Ring:
    """What of a ring lies on the near side of a meridian: ``sign`` 1 for west of it, -1 for east of it."""
    kept: Ring = []
    for (x0, y0), (x1, y1) in pairwise(ring):
        if sign * x0 <= sign * edge:
            kept.append((x0, y0))
        if (sign * x0 < sign * edge) != (sign * x1 < sign * edge) and x0 != edge != x1:
            kept.append((edge, y0 + (edge - x0) * (y1 - y0) / (x1 - x0)))
    return kept + kept[:1]


def iso2(country: dict[str, Any]) -> str:
    if not country.get("id"):
        return WITHOUT_ISO[country["properties"]["name"]]
    return str(pycountry.countries.get(numeric=country["id"]).alpha_2)


def owner(code: str, ring: Ring) -> str:
    x, y = ring[0]
    for part, west, south, east, north in OVERSEAS.get(code, []):
        if west <= x <= east and south <= y <= north:
            return part
    return code


def large(found: list[Ring]) -> list[Ring]:
    kept = [ring for ring in found if area(ring) >= SMALLEST_SQUARE_DEGREES]
    return kept or [max(found, key=area)]


def area(ring: Ring) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2


def flat(ring: Ring) -> list[int]:
    points = [(round(x * 100), round(y * 100)) for x, y in ring]
    points = points[:1] + [b for a, b in pairwise(points) if a != b]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    return [number for pair in points[:1] + steps for number in pair]


if __name__ == "__main__":
    main(sys.argv[1])
