"""The feeds: the table of them, what each said in one run, and what became of each."""

from regional_snapshots.model.feeds.parsed import MAX_VALIDITY_MS, MINUTE_MS, Feeds
from regional_snapshots.model.feeds.reports import FeedReport
from regional_snapshots.model.feeds.table import (
    DATA_KEYS,
    ENERGY_DEPENDENCY,
    ENERGY_FEEDS,
    FEEDS,
    META_KEYS,
    FeedSpec,
    feeds_of,
    keys_of,
    member_keys_of,
)

__all__ = [
    "DATA_KEYS",
    "ENERGY_DEPENDENCY",
    "ENERGY_FEEDS",
    "FEEDS",
    "MAX_VALIDITY_MS",
    "META_KEYS",
    "MINUTE_MS",
    "FeedReport",
    "FeedSpec",
    "Feeds",
    "feeds_of",
    "keys_of",
    "member_keys_of",
]
