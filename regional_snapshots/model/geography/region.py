"""What a region is, and the sea corridors that regions can own.

Source: the pipeline specification, sections 2.2 (theaters), 2.3 (corridors), 2.6 and 2.7 (matching).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

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
    """A region; its id doubles as its partition key.

    ``forecast_label``, ``signal_aliases`` and ``places`` are the words by which feed entries are matched to it;
    ``key_countries`` (ISO 3166 alpha-2) are those whose instability becomes evidence, ``countries`` those that belong
    to it, ordered by code. ``short`` names it in a line among others.
    """

    id: str
    label: str
    short: str
    forecast_label: str
    theaters: tuple[Theater, ...]
    signal_aliases: tuple[str, ...]
    key_countries: tuple[str, ...]
    countries: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def is_world(self) -> bool:
        """Whether it is the world: every forecast concerns it, and no country belongs to it."""
        return not self.forecast_label

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
