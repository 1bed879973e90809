"""Withholding: with too little known, a region is not published at all. An outage must not read as calm."""

from __future__ import annotations

from regional_snapshots.model.feeds import FEEDS, Feeds

CRUCIAL = ("signals", "forecasts", "country_scores")
"""Without any of these, nothing is known of what people do to each other."""
LEAST_PRESENT = 9
"""So many of the feeds there must be, fresh or stale."""


def withheld_because(feeds: Feeds, min_confidence: float) -> str:
    """Why nothing can be said of any region, naming the missing feeds; the empty text when something can.

    ``min_confidence`` is the operator's own limit, 0 to 1, on top.
    """
    missing = [report.name for report in feeds.report if report.status == "missing"]
    if len(missing) == len(FEEDS):
        return f"all {len(FEEDS)} feeds are missing"
    named = f"{len(missing)} of {len(FEEDS)} feeds are missing" + (f" ({', '.join(missing)})" if missing else "")
    if all(name in missing for name in CRUCIAL):
        return f"{', '.join(CRUCIAL[:-1])} and {CRUCIAL[-1]} are all missing; {named}"
    if len(FEEDS) - len(missing) < LEAST_PRESENT:
        return f"{named}: fewer than {LEAST_PRESENT} are left"
    if feeds.confidence < min_confidence:
        stale = len(feeds.stale)
        return f"confidence {feeds.confidence:.3f} is below {min_confidence:g}: {named}, {stale} are stale"
    return ""
