"""Why a corridor's throughput is not known although the feed of ship traffic is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from regional_snapshots.model.feeds.grounds import feed_name
from regional_snapshots.model.values import number
from regional_snapshots.report.standing import Standing, mappings, text
from regional_snapshots.report.words import corridor_label, figure, listed

LEAST_DAYS = 20
"""So many different days with ships counted make a usual traffic (method 2, section 4)."""

FEED = "transits"


def unknown_traffic(corridor: Mapping[str, Any], now: Standing) -> str:
    """``transits missing``, ``no ships counted in transits``, or how many ships there is nothing to compare with."""
    ships = number(corridor.get("today_total"))
    if FEED in map(feed_name, now.missing):
        return f"{FEED} missing"
    if not ships:
        return f"no ships counted in {FEED}"
    return f"{figure(ships)} ships counted in {FEED}, which need {LEAST_DAYS} days to be compared with"


def without_throughput(standings: Iterable[Standing]) -> str:
    """Which corridors of these snapshots have no throughput, and why, as a remark on the feed; else nothing."""
    why: dict[str, dict[str, None]] = {}
    for now in standings:
        for corridor in mappings(now.document.get("corridors")):
            if number(corridor.get("throughput")) is None and FEED not in map(feed_name, now.missing):
                ships = number(corridor.get("today_total"))
                reason = f"fewer than {LEAST_DAYS} days of ships to compare with" if ships else "no ships counted"
                why.setdefault(reason, {})[corridor_label(text(corridor.get("id")))] = None
    said = [f"throughput of {listed(names, 4)} not known: {reason}" for reason, names in why.items()]
    return "; ".join(said)
