"""Airports, notices, jamming and flights, region by region (section 12 of the pipeline specification)."""

from __future__ import annotations

from typing import Any

import pytest

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.shapes.movement import Flight
from regional_snapshots.scoring.parity.blocks.mobility import flight_region
from regional_snapshots_tests.scoring.worlds import document


def mobility(region: str, **payloads: Any) -> dict[str, Any]:
    return document(region, **payloads)["mobility"]


def alert(region: str, country: str = "", severity: str = "major", **members: Any) -> dict[str, Any]:
    return {"icao": "XXXX", "region": region, "country": country, "severity": severity, **members}


@pytest.mark.parametrize(
    ("region", "country", "place"),
    [
        ("AIRPORT_REGION_AMERICAS", "USA", "north-america"),
        ("americas", "Mexico", "north-america"),
        ("AIRPORT_REGION_AMERICAS", "usa", "latam"),
        ("AIRPORT_REGION_AMERICAS", "Brazil", "latam"),
        ("AIRPORT_REGION_APAC", "India", "south-asia"),
        ("apac", "Maldives", "south-asia"),
        ("AIRPORT_REGION_APAC", "Japan", "east-asia"),
        ("AIRPORT_REGION_EUROPE", "France", "europe"),
        ("mena", "UAE", "mena"),
        ("AIRPORT_REGION_AFRICA", "Kenya", "sub-saharan-africa"),
        ("elsewhere", "USA", None),
        ("", "USA", None),
    ],
)
def test_airports_are_placed_by_region_and_country(region: str, country: str, place: str | None) -> None:
    listed = {"alerts": [alert(region, country)]}
    assert [r for r in REGION_IDS if mobility(r, world_airports=listed)["airports"]] == ([place] if place else [])


@pytest.mark.parametrize(
    ("severity", "status"),
    [
        ("severe", "closed"),
        ("FLIGHT_DELAY_SEVERITY_SEVERE", "closed"),
        ("major", "disrupted"),
        ("FLIGHT_DELAY_SEVERITY_MAJOR", "disrupted"),
        ("moderate", None),
        ("SEVERE", None),
        ("", None),
    ],
)
def test_only_major_and_severe_delays_are_listed(severity: str, status: str | None) -> None:
    listed = mobility("mena", world_airports={"alerts": [alert("mena", severity=severity)]})["airports"]
    assert [airport["status"] for airport in listed] == ([status] if status else [])


def test_american_alerts_come_first_and_names_fall_back_to_the_short_code() -> None:
    airports = mobility(
        "latam",
        faa_airports={"alerts": [alert("americas", name=None, iata="SJU", reason="<b>wind\u202e</b>")]},
        world_airports={"alerts": [alert("americas", name="Guarulhos"), alert("americas", name="Guarulhos")]},
    )["airports"]
    assert [airport["name"] for airport in airports] == ["SJU", "Guarulhos", "Guarulhos"]
    assert airports[0]["disruption_reason"] == "bwind/b"


def test_notices_are_placed_by_alerts_of_any_severity_and_international_ones_override() -> None:
    notices = {
        "closedIcaos": ["AAAA", "BBBB", "CCCC", "AAAA"],
        "restrictedIcaos": ["AAAA", "DDDD"],
        "reasons": {"AAAA": "AD  CLSD", "BBBB": "", "CCCC": "RWY", "DDDD": "x" * 300},
    }
    world = {
        "faa_airports": {"alerts": [alert("americas", "USA", "normal", icao=code) for code in ("AAAA", "DDDD")]},
        "world_airports": {"alerts": [alert("mena", severity="minor", icao="AAAA"), alert("mena", icao="BBBB")]},
        "notices": notices,
    }
    assert mobility("mena", **world)["notam_closures"] == ["AAAA: AD CLSD"]
    assert mobility("north-america", **world)["notam_closures"] == ["DDDD: " + "x" * 200]
    assert mobility("mena", **{**world, "notices": {**notices, "reasons": "closed"}})["notam_closures"] == []


@pytest.mark.parametrize(
    ("lat", "lon", "region"),
    [
        (12, 20, "mena"),
        (42, 63, "mena"),
        (42.01, 20, "europe"),
        (11.99, 20, "sub-saharan-africa"),
        (35, -10, "europe"),
        (72, 60, "europe"),
        (72.01, 60, None),
        (20, 19.9, "sub-saharan-africa"),
        (-35, -18, "sub-saharan-africa"),
        (38, 64, "south-asia"),
        (5, 97, "south-asia"),
        (38.01, 95, "east-asia"),
        (-45, 180, "east-asia"),
        (16, -50, "north-america"),
        (75, -170, "north-america"),
        (15.999, -50, "latam"),
        (16, -49.99, None),
        (16, -40, None),
        (-56, -120, "latam"),
        (-56.01, -120, None),
        (0, 0, "sub-saharan-africa"),
    ],
)
def test_flights_are_placed_in_the_first_box_that_holds_them(lat: float, lon: float, region: str | None) -> None:
    assert flight_region(Flight(lat, lon)) == region


@pytest.mark.parametrize(("count", "intensity"), [(0, 0.0), (1, 0.02), (49, 0.98), (50, 1.0), (90, 1.0)])
def test_fifty_flights_are_full_intensity(count: int, intensity: float) -> None:
    flights = {"flights": [{"lat": 30, "lon": "40"}] * count}
    assert mobility("mena", flights=flights)["reroute_intensity"] == intensity


@pytest.mark.parametrize("nowhere", [None, "", False, [], {}, "x"])
def test_an_empty_coordinate_is_not_zero(nowhere: Any) -> None:
    flights = {"flights": [{"lat": nowhere, "lon": 0}, {"lat": 0, "lon": nowhere}, {"lon": 0}, None]}
    assert mobility("sub-saharan-africa", flights=flights)["reroute_intensity"] == 0


@pytest.mark.parametrize(
    ("area", "region"),
    [
        ("levant", "mena"),
        ("turkey-caucasus", "mena"),
        ("russia-north", "europe"),
        ("sudan-sahel", "sub-saharan-africa"),
        ("afghanistan-pakistan", "south-asia"),
        ("southeast-asia", "east-asia"),
        ("north-america", "north-america"),
        ("Levant", None),
        ("other", None),
    ],
)
def test_jammed_areas_are_placed_by_their_exact_label(area: str, region: str | None) -> None:
    cells = {"hexes": [{"region": area, "level": "high"}]}
    assert [r for r in REGION_IDS if mobility(r, hexes=cells)["airspace"]] == ([region] if region else [])


def test_a_region_has_one_entry_that_counts_its_jammed_cells() -> None:
    levels = ["HIGH", "medium", "low", None, "odd"]
    cells = {"hexes": [{"region": "levant", "level": level} for level in levels] + [{"region": "iran-iraq"}]}
    [entry] = mobility("mena", hexes=cells)["airspace"]
    assert entry["airspace_id"] == "gpsjam:mena"
    assert "iran-iraq, levant" in entry["reason"]
    assert "1 high, 1 medium, 4 low" in entry["reason"]
