"""Regions, corridors and countries (section 2 of the pipeline specification)."""

from __future__ import annotations

from collections import Counter

import pytest

from regional_snapshots.model.countries import ISO2_OF, REGION_OF, criticality
from regional_snapshots.model.regions import CORRIDORS, REGION_IDS, REGIONS

COUNTS = {
    "europe": 57,
    "sub-saharan-africa": 48,
    "latam": 41,
    "east-asia": 38,
    "mena": 22,
    "south-asia": 8,
    "north-america": 4,
}

OWNED = {
    "mena": ["hormuz", "suez", "babelm"],
    "east-asia": ["taiwan-strait", "malacca", "south-china-sea"],
    "europe": ["bosphorus", "danish", "english-channel"],
    "north-america": ["panama"],
    "latam": ["panama"],
    "sub-saharan-africa": ["babelm", "cape-of-good-hope"],
}


def test_there_are_eight_regions_in_one_order() -> None:
    assert " ".join(REGION_IDS) == "mena east-asia europe north-america south-asia latam sub-saharan-africa global"
    assert sum(len(region.theaters) for region in REGIONS.values()) == 19


def test_countries_are_ordered_and_counted_as_published() -> None:
    assert Counter(REGION_OF.values()) == COUNTS
    assert list(REGION_OF) == sorted(REGION_OF)
    assert len(ISO2_OF) == len(set(ISO2_OF.values())) == 239


@pytest.mark.parametrize(
    ("iso2", "region"),
    [("AF", "south-asia"), ("PK", "south-asia"), ("TR", "mena"), ("MX", "north-america"), ("TW", "east-asia"),
     ("DJ", "mena"), ("MT", "mena"), ("EH", None), ("VA", None), ("PM", None)],
)  # fmt: skip
def test_deviations_from_the_world_bank_list_hold(iso2: str, region: str | None) -> None:
    assert REGION_OF.get(iso2) == region


@pytest.mark.parametrize(
    ("iso2", "weight"), [("IR", 1.0), ("TR", 1.0), ("MX", 0.6), ("NG", 0.6), ("PS", 0.3), ("?", 0.3)]
)
def test_criticality_has_three_steps(iso2: str, weight: float) -> None:
    assert criticality(iso2) == weight


def test_corridors_are_owned_in_table_order() -> None:
    for region in REGIONS.values():
        assert [corridor.id for corridor in region.corridors] == OWNED.get(region.id, [])
    assert {corridor.theater for corridor in CORRIDORS} <= {t.id for r in REGIONS.values() for t in r.theaters}


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("Middle East", "mena global"),
        ("the Middle East and South Asia", "mena south-asia global"),
        ("EUROPE", "europe global"),
        ("Sub-Saharan Africa", "sub-saharan-africa global"),
        ("Iran", "global"),
        ("", "global"),
    ],
)
def test_forecasts_are_matched_by_label(text: str, regions: str) -> None:
    assert [r.id for r in REGIONS.values() if r.has_forecast_region(text)] == regions.split()
