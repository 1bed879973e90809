"""The gazetteer: every name that a text is searched for, with the regions that it stands for.

Three sources: the names of the countries (``names.csv``, made from the ISO 3166 list, and the table of other names
here), the regions with their theaters, and the tables of seas and areas. Source: method 2, section 2.

``names.csv``, ``outlines.json`` and ``grid.txt`` are made by the scripts in ``tools/`` and are data, not code: names of
ISO 3166 as pycountry carries them, English names of the Unicode locale data as Babel carries them, and outlines of
Natural Earth 4.1 (1:50 million, public domain, naturalearthdata.com).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files

from regional_snapshots.model.countries import REGION_OF
from regional_snapshots.model.regions import REGIONS

OTHER_COUNTRY_NAMES: dict[str, tuple[str, ...]] = {
    "AE": ("UAE",),
    "AG": ("Antigua",),
    "BA": ("Bosnia", "Herzegovina"),
    "CD": ("DRC", "DR Congo"),
    "CI": ("Ivory Coast",),
    "CV": ("Cape Verde",),
    "CW": ("Netherlands Antilles",),
    "CZ": ("Czech Republic",),
    "FK": ("Falklands", "Malvinas"),
    "GB": ("UK", "Britain", "Great Britain"),
    "GS": ("South Georgia", "South Sandwich Islands"),
    "KN": ("Saint Kitts",),
    "LA": ("Lao PDR",),
    "MK": ("Macedonia",),
    "MM": ("Burma",),
    "MO": ("Macau",),
    "NL": ("Holland",),
    "PG": ("New Guinea",),
    "PS": ("Gaza", "Gaza Strip", "West Bank", "Palestinian Territory"),
    "SO": ("Somaliland",),
    "ST": ("Sao Tome",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "TT": ("Trinidad", "Tobago"),
    "TW": ("Chinese Taipei",),
    "US": ("US", "USA", "America", "New Jersey"),
    "VA": ("Vatican",),
    "VC": ("Saint Vincent",),
    "XK": ("Kosovo",),
}
"""ISO alpha-2 code -> what else people call the country. Some stand here to keep a shorter name out: New Guinea is not
Guinea, New Jersey not Jersey, South Georgia not Georgia."""

SEAS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("mena",): ("Red Sea", "Suez", "Persian Gulf", "Arabian Gulf", "Strait of Hormuz", "Hormuz"),
    ("mena", "sub-saharan-africa"): (
        "Bab el-Mandeb",
        "Bab al-Mandeb",
        "Bab al-Mandab",
        "Bab el-Mandab",
        "Gulf of Aden",
    ),
    ("europe",): ("Black Sea", "Bosphorus", "Bosporus", "Baltic Sea", "Baltic", "Arctic"),
    ("east-asia",): ("Taiwan Strait", "South China Sea", "East China Sea", "Strait of Malacca", "Malacca"),
    ("mena", "europe"): ("Mediterranean", "Eastern Mediterranean"),
    ("latam", "north-america"): ("Panama Canal",),
    ("north-america",): ("Gulf of Mexico",),
    ("south-asia", "mena"): ("Arabian Sea",),
    ("south-asia",): ("Indian Ocean",),
}
"""Regions -> seas and straits that stand for all of them."""

AREAS: dict[str, tuple[str, ...]] = {
    # Beside the names of the specification: those of the United Nations' list of areas ("Northern Africa" is no more
    # "Africa" than "North Africa" is).
    "mena": (
        "Middle East",
        "MENA",
        "Levant",
        "Maghreb",
        "North Africa",
        "Northern Africa",
        "West Asia",
        "Western Asia",
    ),
    "sub-saharan-africa": (
        "Horn of Africa",
        "Sahel",
        "West Africa",
        "East Africa",
        "Central Africa",
        "Southern Africa",
        "Africa",
    ),
    "europe": (
        "Europe",
        "EU",
        "European Union",
        "Northern Europe",
        "Southern Europe",
        "Eastern Europe",
        "Western Europe",
        "Central Europe",
        "Balkans",
        "Caucasus",
        "Central Asia",
    ),
    "east-asia": (
        "Asia Pacific",
        "APAC",
        "East Asia",
        "Northeast Asia",
        "Southeast Asia",
        "Eastern Asia",
        "South-Eastern Asia",
        "Pacific",
        "Oceania",
        "Melanesia",
        "Polynesia",
    ),
    "south-asia": ("South Asia", "Southern Asia"),
    "north-america": ("North America",),
    "latam": ("Latin America", "South America", "Central America", "Caribbean"),
    "global": ("Global", "World", "Worldwide", "Global Markets"),
}
"""Region -> areas that stand for it. What is in no table ("Asia", "Other") stands for no region."""

IN_CAPITALS_ONLY = frozenset({"US", "UK", "UAE", "EU", "DRC"})
"""Names that are found in capitals only: "us" is a word."""


def entries() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every name as it is written, with its regions: none for a country without one. A name can come several times."""
    for iso2, name in _country_names():
        yield name, (REGION_OF[iso2],) if iso2 in REGION_OF else ()
    for regions, names in SEAS.items():
        yield from ((name, regions) for name in names)
    for area, names in AREAS.items():
        yield from ((name, (area,)) for name in names)
    for region in REGIONS.values():
        theaters = [theater.id for theater in region.theaters]
        names = (region.id, region.label, region.forecast_label, *region.signal_aliases, *theaters)
        yield from ((name, (region.id,)) for name in names if name)


def _country_names() -> Iterator[tuple[str, str]]:
    text = (files("regional_snapshots.model.places") / "names.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield row["iso2"], row["name"]
    for iso2, names in OTHER_COUNTRY_NAMES.items():
        yield from ((iso2, name) for name in names)
