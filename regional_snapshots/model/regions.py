"""The table of regions of this process: that of the package, or the file that ``REGIONAL_SNAPSHOTS_REGIONS`` names.

It is read once, when this module is imported, so that partitions, scoring and commands cannot disagree about it;
another table needs another process, which is what a reload of the code location starts. See decision 20.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from regional_snapshots.model.geography import CORRIDORS, PACKAGED, Corridor, Region, RegionsFileError, read_regions

__all__ = [
    "CORRIDORS",
    "GEOGRAPHY_VERSION",
    "PLACE_OF",
    "REGIONS",
    "REGIONS_DIGEST",
    "REGION_IDS",
    "WORLD_IDS",
    "Corridor",
    "Region",
    "digest_of",
    "homes_of",
    "named_regions",
    "regions_file",
]

SETTING = "REGIONAL_SNAPSHOTS_REGIONS"
GEOGRAPHY_VERSION = "1.0.0"


def regions_file() -> Path:
    """The file of the table, as the environment has it now. Raises :class:`RegionsFileError` for an unknown home."""
    named = os.environ.get(SETTING, "").strip()
    try:
        return Path(named).expanduser().absolute() if named else PACKAGED
    except RuntimeError:
        raise RegionsFileError(f"{SETTING} is {named!r}: there is no such home; write the whole path") from None


def digest_of(regions: Mapping[str, Region]) -> str:
    """Tells one table of regions and corridors from another: snapshots that were scored by different ones differ.

    Countries and places joined the table later: they count where they are not those of the package's table, whose
    digest so is what it was.
    """
    told: list[Any] = [[_first_told(region) for region in regions.values()], [asdict(each) for each in CORRIDORS]]
    later = _later_told(regions)
    if later != _later_told(read_regions(PACKAGED)):
        told.append(later)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]


def _first_told(region: Region) -> dict[str, Any]:
    names = ("id", "label", "forecast_label", "theaters", "signal_aliases", "key_countries")
    every = asdict(region)
    return {name: every[name] for name in names}


def _later_told(regions: Mapping[str, Region]) -> list[list[Any]]:
    return [[region.id, region.countries, region.places] for region in regions.values()]


REGIONS: dict[str, Region] = read_regions(regions_file())
"""The regions by id, in the order that is used everywhere."""

REGION_IDS: tuple[str, ...] = tuple(REGIONS)

PLACE_OF: dict[str, int] = {region: place for place, region in enumerate(REGION_IDS)}
"""Region id -> its place in that order."""

WORLD_IDS: tuple[str, ...] = tuple(region.id for region in REGIONS.values() if region.is_world)
"""The regions that are the world, such as ``global``."""

REGIONS_DIGEST = digest_of(REGIONS)

_HOMES: dict[str, list[str]] = {}
for _region in REGIONS.values():
    for _iso2 in _region.countries:
        _HOMES.setdefault(_iso2, []).append(_region.id)


MOST_NAMED = 12
"""Regions that a message names; more would bury what it says."""


def named_regions() -> str:
    """The ids of the regions for a message: the first of them, and how many there are beside these."""
    more = len(REGION_IDS) - MOST_NAMED
    return ", ".join(REGION_IDS[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def homes_of(iso2: str) -> tuple[str, ...]:
    """The ids of the regions that a country belongs to, in the order of regions; none for one without a region."""
    return tuple(_HOMES.get(iso2, ()))
