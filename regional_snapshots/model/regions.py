"""Geography as data: the eight regions, their theaters and the sea corridors they own.

Source: the pipeline specification, sections 2.1 (regions), 2.2 (theaters), 2.3 (corridors), 2.6 and 2.7 (matching).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from functools import cached_property

GEOGRAPHY_VERSION = "1.0.0"
REGION_ID_PATTERN = re.compile("[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
REGION_ID_LIMIT = 32
"""Source of both: the pipeline specification, section 22."""


@dataclass(frozen=True)
class Theater:
    """A part of a region. ``corridors`` are the ids of the corridors that it claims, besides those that lie in it."""

    id: str
    corridors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corridor:
    """A sea corridor. ``chokepoint`` is its id in the feeds, or None when no feed covers it."""

    id: str
    label: str
    theater: str
    chokepoint: str | None
    weight: float


CORRIDORS: tuple[Corridor, ...] = (
    Corridor("hormuz", "Strait of Hormuz", "persian-gulf", "hormuz", 1.0),
    Corridor("suez", "Suez Canal", "red-sea", "suez", 1.0),
    Corridor("babelm", "Bab el-Mandeb", "red-sea", "babelm", 0.9),
    Corridor("taiwan-strait", "Taiwan Strait", "east-asia", "taiwan_strait", 0.9),
    Corridor("bosphorus", "Bosphorus", "eastern-europe", "bosphorus", 0.7),
    Corridor("malacca", "Strait of Malacca", "southeast-asia", "malacca", 0.8),
    Corridor("panama", "Panama Canal", "north-america", "panama", 0.6),
    Corridor("danish", "Danish Straits", "baltic", "danish", 0.5),
    Corridor("cape-of-good-hope", "Cape of Good Hope", "southern-africa", None, 0.4),
    Corridor("south-china-sea", "South China Sea", "southeast-asia", None, 0.6),
    Corridor("english-channel", "English Channel", "western-europe", None, 0.4),
)


@dataclass(frozen=True)
class Region:
    """One of the eight regions; the ids double as partition keys.

    ``forecast_label`` and ``signal_aliases`` are the words by which feed entries are matched to the region;
    ``key_countries`` (ISO 3166 alpha-2) are those whose instability becomes evidence.
    """

    id: str
    label: str
    forecast_label: str
    theaters: tuple[Theater, ...]
    signal_aliases: tuple[str, ...]
    key_countries: tuple[str, ...]

    @cached_property
    def corridors(self) -> tuple[Corridor, ...]:
        """Corridors that lie in one of the region's theaters or that one of them claims, in table order."""
        theaters = {theater.id for theater in self.theaters}
        claimed = {corridor for theater in self.theaters for corridor in theater.corridors}
        return tuple(c for c in CORRIDORS if c.theater in theaters or c.id in claimed)

    @cached_property
    def theater_words(self) -> tuple[str, ...]:
        """Theater ids and aliases in the form that a signal's theater is searched for: lower case, no hyphens."""
        words = [theater.id for theater in self.theaters] + list(self.signal_aliases)
        return tuple(word.lower().replace("-", " ") for word in words)

    def has_signal_theater(self, theater: str) -> bool:
        """Whether a signal with this theater text concerns the region (section 2.6)."""
        text = theater.lower().strip().replace("-", " ")
        return bool(text) and any(word in text for word in self.theater_words)

    def has_forecast_region(self, name: str) -> bool:
        """Whether a forecast with this free region text concerns the region (section 2.7); all concern ``global``."""
        return self.forecast_label.lower() in name.lower()


REGIONS: dict[str, Region] = {
    region.id: region
    for region in (
        Region(
            id="mena",
            label="Middle East & North Africa",
            forecast_label="Middle East",
            theaters=(
                Theater("levant"),
                Theater("persian-gulf", ("hormuz",)),
                Theater("red-sea", ("babelm", "suez")),
                Theater("north-africa"),
            ),
            signal_aliases=("middle east", "mena"),
            key_countries=("SA", "IR", "IL", "AE", "EG", "IQ", "TR", "YE", "SY", "PS", "LB", "LY"),
        ),
        Region(
            id="east-asia",
            label="East Asia & Pacific",
            forecast_label="East Asia",
            theaters=(
                Theater("east-asia", ("taiwan-strait",)),
                Theater("southeast-asia", ("malacca", "south-china-sea")),
            ),
            signal_aliases=("asia pacific", "apac"),
            key_countries=("CN", "JP", "KR", "TW", "AU", "SG", "ID"),
        ),
        Region(
            id="europe",
            label="Europe & Central Asia",
            forecast_label="Europe",
            theaters=(
                Theater("eastern-europe", ("bosphorus",)),
                Theater("western-europe", ("english-channel",)),
                Theater("baltic", ("danish",)),
                Theater("arctic"),
            ),
            signal_aliases=("europe", "european union"),
            key_countries=("DE", "FR", "GB", "UA", "RU", "PL", "IT"),
        ),
        Region(
            id="north-america",
            label="North America",
            forecast_label="North America",
            theaters=(Theater("north-america", ("panama",)),),
            signal_aliases=(),
            key_countries=("US", "CA", "MX"),
        ),
        Region(
            id="south-asia",
            label="South Asia",
            forecast_label="South Asia",
            theaters=(Theater("south-asia"),),
            signal_aliases=(),
            key_countries=("IN", "PK", "BD", "LK", "AF"),
        ),
        Region(
            id="latam",
            label="Latin America & Caribbean",
            forecast_label="Latin America",
            theaters=(
                Theater("latin-america"),
                Theater("caribbean", ("panama",)),
            ),
            signal_aliases=("latam",),
            key_countries=("BR", "AR", "CO", "CL", "VE", "PE", "HT", "CU"),
        ),
        Region(
            id="sub-saharan-africa",
            label="Sub-Saharan Africa",
            forecast_label="Africa",
            theaters=(
                Theater("horn-of-africa", ("babelm",)),
                Theater("sahel"),
                Theater("southern-africa", ("cape-of-good-hope",)),
                Theater("central-africa"),
            ),
            signal_aliases=("sub-saharan africa", "subsaharan africa"),
            key_countries=("NG", "ZA", "KE", "ET", "SD", "CD", "ML", "BF", "NE", "CM"),
        ),
        Region(
            id="global",
            label="Global",
            forecast_label="",
            theaters=(Theater("global-markets"),),
            signal_aliases=("global",),
            key_countries=("US", "CN", "RU", "DE", "JP", "IN", "GB", "SA"),
        ),
    )
}
"""The regions by id, in the order that is used everywhere."""

REGION_IDS: tuple[str, ...] = tuple(REGIONS)

REGIONS_DIGEST = hashlib.sha256(
    json.dumps([[asdict(region) for region in REGIONS.values()], [asdict(each) for each in CORRIDORS]]).encode()
).hexdigest()[:12]
"""Tells one table of regions and corridors from another: snapshots that were scored by different ones differ."""
