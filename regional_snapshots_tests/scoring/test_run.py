"""A run is computed from its inputs alone, and sees no more of the series than a later verification will."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from regional_snapshots.analysis.worlds import STEP_MS, phases, world
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.series import SERIES_BUCKET_MS, SeriesRow
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.scoring.run import DAY_MS, SERIES_DAYS, compute_run, key_scores, visible
from regional_snapshots.scoring.scored import Previous
from regional_snapshots_tests.scoring.worlds import feeds

NOW = 1_787_400_000_000
BUCKET = NOW - NOW % SERIES_BUCKET_MS
ROW = SeriesRow(BUCKET - 1, "1.1", {}, None, "calm", {}, {}, "")


def test_rows_of_this_bucket_of_later_ones_and_old_ones_are_not_seen() -> None:
    rows = [
        replace(ROW, at=NOW - SERIES_DAYS * DAY_MS - 1),
        replace(ROW, at=NOW - SERIES_DAYS * DAY_MS),
        ROW,
        replace(ROW, at=BUCKET),
        replace(ROW, at=BUCKET + SERIES_BUCKET_MS),
    ]
    assert visible(rows, NOW) == rows[1:3]
    assert visible(rows, BUCKET + SERIES_BUCKET_MS - 1) == [ROW]


def test_key_scores_are_the_first_of_each_key_country() -> None:
    entries = [("YE", 70), ("YE", 1), ("OM", 50), ("IR", None), ("SA", "40")]
    found = feeds(country_scores={"ciiScores": [{"region": code, "combinedScore": score} for code, score in entries]})
    assert key_scores("mena", found) == {"YE": 70, "SA": 40}
    assert key_scores("europe", found) == {}


@pytest.mark.parametrize("name", METHODS)
def test_the_same_inputs_give_the_same_snapshots_to_the_byte(name: str) -> None:
    """Step by step through a crisis, with the memory that the steps before left."""

    def lives() -> list[dict[str, bytes]]:
        previous: dict[str, Previous] = {}
        series: dict[str, list[Any]] = {}
        payloads = []
        for step, phase in enumerate(phases("red-sea")[:16]):
            now_ms = NOW + step * STEP_MS
            documents = world(phase, now_ms)
            read = Feeds.parse(documents, documents, now_ms, energy=METHODS[name].energy_feed)
            found = compute_run(METHODS[name], REGION_IDS, read, previous, series, now_ms)
            payloads.append({region: entry.snapshot.payload for region, entry in found.items()})
            for region, entry in found.items():
                previous[region] = Previous(entry.snapshot.document)
                series.setdefault(region, []).append(entry.news.row)
        return payloads

    assert lives() == lives()
