"""Countries: which region each belongs to, its ISO codes, and how critical it is to the world's supply.

``countries.csv`` merges two public facts, ordered by ISO 3166-1 alpha-2 code: each country's alpha-3 code (ISO 3166-1)
and its region. A row may lack either. Regions follow the World Bank's list of country groups, with the deviations of
the pipeline specification, section 2.5: AF and PK are in south-asia, TR, DJ and MT in mena, MX in north-america, TW in
east-asia. Criticality is section 2.4 of the specification.
"""

from __future__ import annotations

import csv
from importlib.resources import files

DEFAULT_CRITICALITY = 0.3

_CRITICALITY: dict[str, float] = {
    **dict.fromkeys(["IR", "OM", "AE", "SA", "EG", "YE", "CN", "TW", "TR", "US", "RU", "CA"], 1.0),
    **dict.fromkeys(
        [
            "MY",
            "SG",
            "ID",
            "PA",
            "DK",
            "DE",
            "FR",
            "GB",
            "JP",
            "IN",
            "BR",
            "MX",
            "KR",
            "IL",
            "IQ",
            "KW",
            "QA",
            "NG",
            "AU",
        ],
        0.6,
    ),
}


def _rows() -> list[dict[str, str]]:
    text = (files("regional_snapshots.model") / "countries.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


REGION_OF: dict[str, str] = {row["iso2"]: row["region"] for row in _rows() if row["region"]}
"""ISO alpha-2 code -> the region that it belongs to, where a table has that id and gives it no countries of its own;
ordered by code."""

ISO2_OF: dict[str, str] = {row["iso3"]: row["iso2"] for row in _rows() if row["iso3"]}
"""ISO alpha-3 code (upper case) -> alpha-2 code."""


def criticality(iso2: str) -> float:
    """Weight of a country, 0.3 to 1.0."""
    return _CRITICALITY.get(iso2, DEFAULT_CRITICALITY)
