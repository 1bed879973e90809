"""Texts and points find their regions, and nothing else does."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from functools import cache
from itertools import pairwise

import pytest

from regional_snapshots.model.countries import REGION_OF
from regional_snapshots.model.places import country_of_point, regions_of
from regional_snapshots.model.places.gazetteer import IN_CAPITALS_ONLY, entries
from regional_snapshots.model.places.outlines import Ring, outlines
from regional_snapshots.model.regions import REGION_IDS

TEXTS: dict[str, set[str]] = {
    # whole words, in any case, without accents
    "Red Sea": {"mena"},
    "TÜRKİYE": {"mena"},
    "Turkiye": {"mena"},
    "Côte d’Ivoire": {"sub-saharan-africa"},
    "Menaka (Mali)": {"sub-saharan-africa"},
    "Tapachula (Mexico)": {"north-america"},
    "north-africa": {"mena"},
    "bab_el_mandeb": {"mena", "sub-saharan-africa"},
    "east  \n asia": {"east-asia"},
    "I\u00adran\u200b": {"mena"},
    "Iran's coast": {"mena"},
    "thousands": set(),
    "Menaka": set(),
    # the longest wins, and what it took is no part of another
    "North Africa": {"mena"},
    "Northern Africa": {"mena"},
    "South Sudan": {"sub-saharan-africa"},
    "Papua New Guinea": {"east-asia"},
    "New Guinea": {"east-asia"},
    "Central African Republic": {"sub-saharan-africa"},
    "South Africa": {"sub-saharan-africa"},
    "Georgia": {"europe"},
    "South Georgia": set(),
    "British Indian Ocean Territory": set(),
    "Indian Ocean": {"south-asia"},
    "American Samoa": {"east-asia"},
    "Latin America": {"latam"},
    "Bank of America": {"north-america"},
    "U.S. Virgin Islands": {"latam"},
    "Panama Canal": {"latam", "north-america"},
    "Panama": {"latam"},
    "South China Sea": {"east-asia"},
    # all matches count
    "Iran, Ukraine and Niger": {"mena", "europe", "sub-saharan-africa"},
    "Middle East & North Africa": {"mena"},
    "Eastern Mediterranean": {"mena", "europe"},
    # abbreviations
    "U.S.-led": {"north-america"},
    "the U.S.A.": {"north-america"},
    "U.K.": {"europe"},
    "let us go": set(),
    "u.s.": set(),
    "Us": set(),
    "eu, uk, uae, drc": set(),
    "EU": {"europe"},
    "DRC": {"sub-saharan-africa"},
    "UAE": {"mena"},
    "Iran.Iraq": {"mena"},
    # one region's entry is not the world's
    "Global Markets": {"global"},
    "Worldwide": {"global"},
    # no place that has a region
    "Antarctica": set(),
    "Western Sahara": set(),
    "Asia": set(),
    "Other": set(),
    "": set(),
}

POINTS: dict[tuple[float, float], str | None] = {
    (15.5, 42.0): "mena",  # in the Red Sea, nearest to Yemen
    (12.6, 43.4): "mena",
    (35.78, -5.8): "mena",  # either shore of Gibraltar's strait
    (36.1, -5.6): "europe",
    (26.1, 50.6): "mena",  # states that a coarser atlas leaves out
    (1.3, 103.8): "east-asia",
    (-20.2, 57.5): "sub-saharan-africa",
    (4.0, -53.0): "latam",  # French Guiana has no region: its nearest neighbour's
    (66.0, 179.0): "europe",  # Chukotka, on both sides of the antimeridian
    (66.0, -172.0): "europe",
    (52.0, -179.0): "north-america",  # the Aleutians
    (52.0, 181.0): "north-america",
    (-18.0, -179.95): "east-asia",
    (0.0, 397.0): "sub-saharan-africa",
    (0.0, -30.0): None,
    (-80.0, 0.0): None,
    (90.0, 0.0): None,
    (91.0, 0.0): None,
    (math.nan, 0.0): None,
    (0.0, math.inf): None,
}


def _region_of_point(lat: float, lon: float) -> str | None:
    return REGION_OF.get(country_of_point(lat, lon) or "")


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_concerns_the_regions_it_names(text: str) -> None:
    assert regions_of(text) == TEXTS[text]


def test_every_name_of_the_gazetteer_is_found_whole() -> None:
    """No name is cut short by another, in its own case or in capitals."""
    regions: dict[str, set[str]] = defaultdict(set)
    for name, its_regions in entries():
        regions[name] |= set(its_regions)
    assert {name: regions_of(name) for name in regions} == regions
    assert {name: regions_of(name.upper()) for name in regions} == regions
    assert {name: regions_of(name.lower()) for name in regions if name not in IN_CAPITALS_ONLY} == {
        name: found for name, found in regions.items() if name not in IN_CAPITALS_ONLY
    }


def test_the_gazetteer_names_every_region_of_ours_and_no_other() -> None:
    assert set(REGION_IDS) == {region for _, regions in entries() for region in regions}


def test_a_name_amid_others_takes_its_own_words_only() -> None:
    assert regions_of("Sudan South Sudan") == {"sub-saharan-africa"}
    assert regions_of("Guinea, Papua New Guinea") == {"sub-saharan-africa", "east-asia"}
    assert regions_of("Middle East Asia") == {"mena"}  # "Middle East" is longer than "East Asia"


@pytest.mark.parametrize("point", POINTS)
def test_a_point_lies_in_the_region_of_the_country_that_holds_it_or_is_nearest(point: tuple[float, float]) -> None:
    assert _region_of_point(*point) == POINTS[point]


def test_the_grid_says_what_the_outlines_say() -> None:
    """Points more than a cell from any border lie in the region of the outline that holds them."""
    choice = random.Random(1)  # noqa: S311
    checked = 0
    while checked < 150:
        lat, lon = choice.uniform(-56, 75), choice.uniform(-180, 180)
        corners = {_holder(lat + north, lon + east) for north in (-0.1, 0.1) for east in (-0.1, 0.1)}
        if len(corners) == 1 and (holder := corners.pop()) in REGION_OF:
            assert _region_of_point(lat, lon) == REGION_OF[holder], (lat, lon)
            checked += 1


def test_far_from_land_the_nearest_within_500_km_counts() -> None:
    choice = random.Random(2)  # noqa: S311
    for _ in range(25):
        lat, lon = choice.uniform(-60, 70), choice.uniform(-180, 180)
        nearest = _distances(lat, lon)
        first, second = sorted(nearest.values())[:2]
        if _holder(lat, lon) or second - first < 20 or abs(first - 500) < 20:
            continue
        wanted = min(nearest, key=lambda region: nearest[region]) if first < 500 else None
        assert _region_of_point(lat, lon) == wanted, (lat, lon, nearest)


def _holder(lat: float, lon: float) -> str:
    """The country whose outline holds a point: by counting crossings, ring by ring."""
    for code in outlines():
        if sum(_crossings(ring, lat, lon) for ring, south, north in _with_heights(code) if south <= lat <= north) % 2:
            return code
    return ""


@cache
def _with_heights(code: str) -> list[tuple[Ring, float, float]]:
    return [(ring, min(y for _, y in ring), max(y for _, y in ring)) for ring in outlines()[code]]


def _crossings(ring: Ring, lat: float, lon: float) -> int:
    count = 0
    for (x0, y0), (x1, y1) in pairwise(ring):
        if (y0 > lat) != (y1 > lat) and x0 + (lat - y0) * (x1 - x0) / (y1 - y0) > lon:
            count += 1
    return count


def _distances(lat: float, lon: float) -> dict[str, float]:
    """Region -> kilometres to the nearest corner of its outlines."""
    nearest = dict.fromkeys(REGION_OF.values(), math.inf)
    for code, rings in outlines().items():
        if region := REGION_OF.get(code):
            nearest[region] = min(nearest[region], *(_km(lat, lon, y, x) for ring in rings for x, y in ring))
    return nearest


def _km(lat: float, lon: float, lat2: float, lon2: float) -> float:
    a, b = math.radians(lat), math.radians(lat2)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(lon2 - lon) / 2) ** 2
    return 6371.0 * 2 * math.asin(math.sqrt(half))
