"""A run, computed: what its inputs say of each region, ready to be published. Pure, so that it can be computed again.

A refresh, a replay, a verification and a rescoring differ in where inputs come from and where results go, in nothing
else: all of them pass through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGIONS
from regional_snapshots.model.series import SeriesRow, series_bucket
from regional_snapshots.scoring.happenings.happening import Happening, happening
from regional_snapshots.scoring.methods import Method
from regional_snapshots.scoring.scored import Previous

DAY_MS = 86_400_000
SERIES_DAYS = 90
"""Rows older than this are not looked at, whether the store still has them or not."""


def compute_run(
    method: Method,
    region_ids: Iterable[str],
    feeds: Feeds,
    previous: Mapping[str, Previous],
    series: Mapping[str, Sequence[SeriesRow]],
    now_ms: int,
) -> dict[str, Happening]:
    """What is published of each region. ``previous`` and ``series`` (oldest first) may hold other regions too, and rows
    that the method must not see: those of the bucket of ``now_ms`` and later ones, and old ones.

    Raises ``KeyError`` for an unknown region, and for nothing that feeds, previous snapshots or series hold.
    """
    known = {region: visible(rows, now_ms) for region, rows in series.items()} if method.looks_back else {}
    scored = method.score_regions(region_ids, feeds, previous, known, now_ms)
    published = {}
    for region, entry in scored.items():
        before, rows = previous.get(region, Previous()).document, known.get(region, ())
        found = happening(entry.snapshot, entry.changes, before, rows, key_scores(region, feeds), method.relabel)
        published[region] = replace(found, note=entry.note)
    return published


def visible(rows: Sequence[SeriesRow], now_ms: int) -> list[SeriesRow]:
    """The rows that a run at ``now_ms`` may see: a later commit replaces none of them."""
    return [row for row in rows if now_ms - SERIES_DAYS * DAY_MS <= row.at and row.bucket < series_bucket(now_ms)]


def key_scores(region_id: str, feeds: Feeds) -> dict[str, float]:
    """The scores of the region's key countries, 0 to 100, by ISO code: the first that the feed has of each."""
    scores: dict[str, float] = {}
    for row in feeds.country_scores:
        if row.country in REGIONS[region_id].key_countries and row.score is not None:
            scores.setdefault(row.country, row.score)
    return scores
