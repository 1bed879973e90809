"""Outlines of the countries, to draw a map from. Source: Natural Earth 4.1, 1:50 million, in the public domain."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from itertools import accumulate

Ring = tuple[tuple[float, float], ...]


@cache
def outlines() -> dict[str, tuple[Ring, ...]]:
    """ISO alpha-2 code -> rings of (longitude, latitude) in degrees, each closed.

    A point lies in a country if it lies in an odd number of its rings: an enclave is a ring within a ring. No ring
    crosses the antimeridian.
    """
    text = (files("regional_snapshots.model.places") / "outlines.json").read_text(encoding="ascii")
    return {code: tuple(_ring(numbers) for numbers in rings) for code, rings in json.loads(text).items()}


def _ring(numbers: list[int]) -> Ring:
    """A flat list of hundredths of a degree: the first point, then the steps from point to point."""
    longitudes, latitudes = accumulate(numbers[::2]), accumulate(numbers[1::2])
    return tuple((x / 100, y / 100) for x, y in zip(longitudes, latitudes, strict=True))
