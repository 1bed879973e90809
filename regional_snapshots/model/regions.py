"""Geography as data: the eight regions, their theaters and the sea corridors they own.

Source: the pipeline specification, sections 2.1 (regions), 2.2 (theaters), 2.3 (corridors), 2.6 and 2.7 (matching).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

GEOGRAPHY_VERSION = "1.0.0"


@dataclass(frozen=True)
class Theater:
    """A part of a region. ``corridors`` are the ids of the corridors that it claims, besides those that lie in it."""

    id: str
    label: str
    corridors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corridor:
    """A sea corridor. ``chokepoint`` is its id in the feeds, or None when no feed covers it."""

    id: str
    label: str
    theater: str
    chokepoint: str | None
    tier: int
    weight: float


CORRIDORS: tuple[Corridor, ...] = (
    Corridor("hormuz", "Strait of Hormuz", "persian-gulf", "hormuz", 1, 1.0),
    Corridor("suez", "Suez Canal", "red-sea", "suez", 1, 1.0),
    Corridor("babelm", "Bab el-Mandeb", "red-sea", "babelm", 1, 0.9),
    Corridor("taiwan-strait", "Taiwan Strait", "east-asia", "taiwan_strait", 1, 0.9),
    Corridor("bosphorus", "Bosphorus", "eastern-europe", "bosphorus", 1, 0.7),
    Corridor("malacca", "Strait of Malacca", "southeast-asia", "malacca", 2, 0.8),
    Corridor("panama", "Panama Canal", "north-america", "panama", 2, 0.6),
    Corridor("danish", "Danish Straits", "baltic", "danish", 2, 0.5),
    Corridor("cape-of-good-hope", "Cape of Good Hope", "southern-africa", None, 3, 0.4),
    Corridor("south-china-sea", "South China Sea", "southeast-asia", None, 3, 0.6),
    Corridor("english-channel", "English Channel", "western-europe", None, 3, 0.4),
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
    world_bank_code: str
    theaters: tuple[Theater, ...]
    signal_aliases: tuple[str, ...]
    feed_region: str
    map_view: str
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


def _region(
    id: str,
    label: str,
    forecast_label: str,
    world_bank_code: str,
    theaters: tuple[Theater, ...],
    aliases: tuple[str, ...],
    feed_and_view: str,
    countries: str,
) -> Region:
    feed, view = feed_and_view.split("/")
    return Region(id, label, forecast_label, world_bank_code, theaters, aliases, feed, view, tuple(countries.split()))


REGIONS: dict[str, Region] = {
    region.id: region
    for region in (
        _region(
            "mena",
            "Middle East & North Africa",
            "Middle East",
            "MEA",
            (
                Theater("levant", "Levant"),
                Theater("persian-gulf", "Persian Gulf", ("hormuz",)),
                Theater("red-sea", "Red Sea", ("babelm", "suez")),
                Theater("north-africa", "North Africa"),
            ),
            ("middle east", "mena"),
            "middleeast/mena",
            "SA IR IL AE EG IQ TR YE SY PS LB LY",
        ),
        _region(
            "east-asia",
            "East Asia & Pacific",
            "East Asia",
            "EAS",
            (
                Theater("east-asia", "East Asia", ("taiwan-strait",)),
                Theater("southeast-asia", "Southeast Asia", ("malacca", "south-china-sea")),
            ),
            ("asia pacific", "apac"),
            "asia/asia",
            "CN JP KR TW AU SG ID",
        ),
        _region(
            "europe",
            "Europe & Central Asia",
            "Europe",
            "ECS",
            (
                Theater("eastern-europe", "Eastern Europe", ("bosphorus",)),
                Theater("western-europe", "Western Europe", ("english-channel",)),
                Theater("baltic", "Baltic", ("danish",)),
                Theater("arctic", "Arctic"),
            ),
            ("europe", "european union"),
            "europe/eu",
            "DE FR GB UA RU PL IT",
        ),
        _region(
            "north-america",
            "North America",
            "North America",
            "NAC",
            (Theater("north-america", "North America", ("panama",)),),
            (),
            "us/america",
            "US CA MX",
        ),
        _region(
            "south-asia",
            "South Asia",
            "South Asia",
            "SAS",
            (Theater("south-asia", "South Asia"),),
            (),
            "asia/asia",
            "IN PK BD LK AF",
        ),
        _region(
            "latam",
            "Latin America & Caribbean",
            "Latin America",
            "LCN",
            (
                Theater("latin-america", "Latin America"),
                Theater("caribbean", "Caribbean", ("panama",)),
            ),
            ("latam",),
            "latam/latam",
            "BR AR CO CL VE PE HT CU",
        ),
        _region(
            "sub-saharan-africa",
            "Sub-Saharan Africa",
            "Africa",
            "SSF",
            (
                Theater("horn-of-africa", "Horn of Africa", ("babelm",)),
                Theater("sahel", "Sahel"),
                Theater("southern-africa", "Southern Africa", ("cape-of-good-hope",)),
                Theater("central-africa", "Central Africa"),
            ),
            ("sub-saharan africa", "subsaharan africa"),
            "africa/africa",
            "NG ZA KE ET SD CD ML BF NE CM",
        ),
        _region(
            "global",
            "Global",
            "",
            "1W",
            (Theater("global-markets", "Global Markets"),),
            ("global",),
            "worldwide/global",
            "US CN RU DE JP IN GB SA",
        ),
    )
}
"""The regions by id, in the order that is used everywhere."""

REGION_IDS: tuple[str, ...] = tuple(REGIONS)
