"""Make ``regional_snapshots/model/places/grid.txt``: the country of every tenth of a degree, from ``outlines.json``.

    pip install numpy scipy
    python tools/make_country_grid.py

A cell holds the country in whose outline its middle lies, else the nearest one within 500 km (along the great circle),
else none. Countries without a region are passed over, so that a point above one counts for its nearest neighbour.

Output: one row of cells a line, from south to north, each from longitude -180 to 180 as runs: an ISO alpha-2 code (or
``-`` for none) and the number of cells.
"""

from __future__ import annotations

import json
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from regional_snapshots.model.countries import REGION_OF

PLACES = Path(__file__).parent.parent / "regional_snapshots" / "model" / "places"

CELLS_PER_DEGREE = 10
REACH_KM = 500.0
EARTH_RADIUS_KM = 6371.0
STEP_DEGREES = 0.02
"""Outlines are searched for the nearest at points this far apart: nearer together than a cell is wide."""

NONE = -1
Ring = np.ndarray


def main() -> None:
    outlines = json.loads((PLACES / "outlines.json").read_text(encoding="utf-8"))
    codes = [code for code in sorted(outlines) if code in REGION_OF]
    countries = [[ring_of(numbers) for numbers in outlines[code]] for code in codes]
    cells = held(countries)
    fill_with_nearest(cells, countries)
    (PLACES / "grid.txt").write_text("".join(f"{row_text(row, codes)}\n" for row in cells), encoding="ascii")


def ring_of(numbers: list[int]) -> Ring:
    """A ring of ``outlines.json`` as an array of (longitude, latitude), in degrees."""
    return np.cumsum(np.array(numbers).reshape(-1, 2), axis=0) / 100


def middles(count: int, first: float) -> np.ndarray:
    return first + (np.arange(count) + 0.5) / CELLS_PER_DEGREE


def held(countries: list[list[Ring]]) -> np.ndarray:
    """The number of the country that holds each cell's middle: between every second pair of its outline's crossings."""
    longitudes, latitudes = middles(360 * CELLS_PER_DEGREE, -180.0), middles(180 * CELLS_PER_DEGREE, -90.0)
    cells = np.full((len(latitudes), len(longitudes)), NONE, dtype=np.int16)
    for number, rings in enumerate(countries):
        starts = np.concatenate([ring[:-1] for ring in rings])
        ends = np.concatenate([ring[1:] for ring in rings])
        for row, latitude in enumerate(latitudes):
            crossed = (starts[:, 1] > latitude) != (ends[:, 1] > latitude)
            a, b = starts[crossed], ends[crossed]
            at = np.sort(a[:, 0] + (latitude - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1]))
            for west, east in zip(at[::2], at[1::2], strict=True):
                cells[row, slice(*np.searchsorted(longitudes, (west, east)))] = number
    return cells


def fill_with_nearest(cells: np.ndarray, countries: list[list[Ring]]) -> None:
    """Give the cells that no country holds to the nearest one within reach."""
    points, owners = [], []
    for number, rings in enumerate(countries):
        dense = np.concatenate([densified(ring) for ring in rings])
        points.append(on_sphere(dense[:, 0], dense[:, 1]))
        owners.append(np.full(len(dense), number))
    tree, owner = cKDTree(np.concatenate(points)), np.concatenate(owners)
    chord = 2 * np.sin(REACH_KM / EARTH_RADIUS_KM / 2)
    longitudes, latitudes = middles(cells.shape[1], -180.0), middles(cells.shape[0], -90.0)
    for row, latitude in enumerate(latitudes):
        free = np.flatnonzero(cells[row] == NONE)
        _, found = tree.query(on_sphere(longitudes[free], np.full(len(free), latitude)), distance_upper_bound=chord)
        near = found < len(owner)
        cells[row, free[near]] = owner[found[near]]


def densified(ring: Ring) -> Ring:
    """The ring with points between its points."""
    pieces = [ring[-1:]]
    for start, end in pairwise(ring):
        count = max(1, int(np.ceil(np.abs(end - start).max() / STEP_DEGREES)))
        pieces.append(start + (end - start) * (np.arange(count) / count)[:, None])
    return np.concatenate(pieces)


def on_sphere(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Points of the unit sphere: there the nearest is the nearest across the antimeridian and the poles too."""
    x, y = np.radians(longitude), np.radians(latitude)
    return np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=-1)


def row_text(row: np.ndarray, codes: list[str]) -> str:
    return "".join(f"{'-' if n == NONE else codes[n]}{len(list(run))}" for n, run in groupby(row.tolist()))


if __name__ == "__main__":
    main()
