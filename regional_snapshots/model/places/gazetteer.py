"""The gazetteer: every name that a text is searched for, with the regions that it stands for.

Two sources: the names of the countries (``names.csv``, made from the ISO 3166 list, and the table of other names here),
and the table of regions, with their theaters, and the seas and areas that stand for them. Source: method 2, section 2.

``names.csv``, ``outlines.json`` and ``grid.txt`` are made by the scripts in ``tools/`` and are data, not code: names of
ISO 3166 as pycountry carries them, English names of the Unicode locale data as Babel carries them, and outlines of
Natural Earth 4.1 (1:50 million, public domain, naturalearthdata.com).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files

from regional_snapshots.model.regions import REGIONS, homes_of

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

IN_CAPITALS_ONLY = frozenset({"US", "UK", "UAE", "EU", "DRC"})
"""Names that are found in capitals only: "us" is a word."""


def entries() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every name as it is written, with its regions: none for a country without one. A name can come several times."""
    for iso2, name in country_names():
        yield name, homes_of(iso2)
    for region in REGIONS.values():
        theaters = [theater.id for theater in region.theaters]
        names = (region.id, region.label, region.forecast_label, *region.signal_aliases, *theaters, *region.places)
        yield from ((name, (region.id,)) for name in names if name)


def country_names() -> Iterator[tuple[str, str]]:
    """Every name of every country, with its ISO alpha-2 code: the first of a code is the one that it is called by."""
    text = (files("regional_snapshots.model.places") / "names.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield row["iso2"], row["name"]
    for iso2, names in OTHER_COUNTRY_NAMES.items():
        yield from ((iso2, name) for name in names)
