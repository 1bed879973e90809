"""Points on the map: the country that holds one, else the nearest within 500 km, else none.

``grid.txt`` says which country that is for every tenth of a degree (a cell of at most 11 km), so that thousands of
flights cost milliseconds; ``tools/make_country_grid.py`` makes it from the outlines. Source: method 2, section 2.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from functools import cache
from importlib.resources import files

CELLS_PER_DEGREE = 10

_RUN = re.compile(r"([A-Z]{2}|-)(\d+)")

Row = tuple[list[int], list[str]]
"""One row of cells: where each run of equal cells begins, and the country of each run ("" for none)."""


def country_of_point(lat: float, lon: float) -> str | None:
    """The country (ISO alpha-2) of a point in degrees; longitudes beyond 180 go on around the globe.

    None far from all land, and for what is no point: not finite, or a latitude beyond the poles.
    """
    if not (math.isfinite(lon) and -90.0 <= lat <= 90.0):
        return None
    row = min(int((lat + 90.0) * CELLS_PER_DEGREE), 180 * CELLS_PER_DEGREE - 1)
    starts, countries = _rows()[row]
    cell = (lon + 180.0) % 360.0 * CELLS_PER_DEGREE
    return countries[bisect_right(starts, cell) - 1] or None


@cache
def _rows() -> tuple[Row, ...]:
    text = (files("regional_snapshots.model.places") / "grid.txt").read_text(encoding="ascii")
    return tuple(_row(line) for line in text.splitlines())


def _row(line: str) -> Row:
    starts, countries, at = [], [], 0
    for code, count in _RUN.findall(line):
        starts.append(at)
        countries.append(code.strip("-"))
        at += int(count)
    return starts, countries
