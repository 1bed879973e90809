"""The words of the report, the same in the UI, in the terminal and on the page: names, numbers, moments, spans."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.model.regions import CORRIDORS, REGIONS
from regional_snapshots.model.values import clean, spoken

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
UNKNOWN = "not known"

UNITS = {
    "pct": "%",
    "pp": "percentage points",
    "usd_bbl": "USD a barrel",
    "usd_teu": "USD a container",
    "usd_b": "billion USD",
    "basis_points": "basis points",
}
"""Units of a transmission's magnitude; the others (days) are words already."""

_CORRIDOR_LABELS = {corridor.id: corridor.label for corridor in CORRIDORS}
_FEED_NAMES = {feed.key: feed.name for feed in FEEDS}


def words(name: object) -> str:
    """An id of ours or a foreign text, as words in one safe line: ``coercive_stalemate`` is ``coercive stalemate``."""
    return spoken(clean(name, keep_brackets=True))


def region_label(region_id: str) -> str:
    """The label of a region; its id where the table of regions does not know it."""
    return REGIONS[region_id].label if region_id in REGIONS else words(region_id)


def region_short(region_id: str) -> str:
    """A region in a line among others."""
    return REGIONS[region_id].short if region_id in REGIONS else words(region_id)


def corridor_label(corridor_id: str) -> str:
    """The name of a sea corridor."""
    return _CORRIDOR_LABELS.get(corridor_id) or words(corridor_id)


def feed_name(key: str) -> str:
    """What the feed under a Redis key is called, as its asset is, with blanks."""
    return words(_FEED_NAMES.get(key, key))


def decimals(value: float | None, places: int = 2, *, sign: bool = False) -> str:
    """A number for people: two decimals; a word where it is not known."""
    if value is None:
        return UNKNOWN
    text = f"{value:{'+' if sign else ''}.{places}f}"
    return text if float(text) else f"{0:.{places}f}"


def figure(value: float | None) -> str:
    """A measured number of any size, without decimals that say nothing: 218, 0.85, -0.333."""
    return UNKNOWN if value is None else f"{round(value, 3):,.10g}"


def percent(share: float | None) -> str:
    """A share of 1 as percent."""
    return UNKNOWN if share is None else f"{share * 100:.0f} %"


def counted(number: int, noun: str) -> str:
    """``1 region``, ``2 regions``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(items: Iterable[str], most: int = 10**6) -> str:
    """``a, b and c``; what is beyond ``most`` is counted."""
    every = list(items)
    shown = every[:most]
    if len(every) > most:
        return f"{', '.join(shown)} and {len(every) - most} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]])) if shown else "none"


def utc(instant_ms: float) -> str:
    """An instant to the minute, whole: ``2026-05-28 16:00 UTC``."""
    moment = _moment(instant_ms)
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else UNKNOWN


def since(instant_ms: float, now_ms: float) -> str:
    """An instant as people say it: ``06:00``, ``yesterday 18:00``, ``23 Nov 18:00``, ``2025-11-23`` (all UTC)."""
    moment, now = _moment(instant_ms), _moment(now_ms)
    if moment is None or now is None:
        return UNKNOWN
    if moment.date() == now.date():
        return f"{moment:%H:%M}"
    if moment.date() == now.date() - timedelta(days=1):
        return f"yesterday {moment:%H:%M}"
    if abs(now - moment) < timedelta(days=300):
        return f"{moment.day} {moment:%b %H:%M}"
    return f"{moment:%Y-%m-%d}"


def span(minutes: float | None) -> str:
    """A length of time: ``40 min``, ``6 h``, ``5 days``."""
    if minutes is None:
        return UNKNOWN
    if minutes < 119.5:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 2880 else f"{minutes / 1440:,.0f} days"


def _moment(instant_ms: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(instant_ms / 1000, tz=timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None
