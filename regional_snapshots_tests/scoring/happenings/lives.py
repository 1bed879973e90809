"""Lives of regions: snapshots one after another from changing feeds, each with what happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regional_snapshots.files.feed_files import SAMPLE, read_directory
from regional_snapshots.model.feeds import FEEDS, Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.happenings.happening import Happening
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.scoring.run import compute_run
from regional_snapshots.scoring.scored import Previous

NOW = 1_787_400_000_000
HOUR_MS = 3_600_000
NAMES = tuple(spec.name for spec in FEEDS)
KEYS = {spec.name: spec.key for spec in FEEDS}


def sample_world() -> dict[str, Any]:
    """All sample documents, data and companions, by Redis key."""
    return {key: json.loads(raw) for key, raw in read_directory(SAMPLE)[0].items()}


def world(**payloads: Any) -> dict[str, Any]:
    """Documents by the names of the registry."""
    return {KEYS[name]: payload for name, payload in payloads.items()}


def without(documents: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The world when these feeds are gone."""
    gone = {KEYS[name] for name in names}
    return {key: value for key, value in documents.items() if key not in gone}


@dataclass
class Life:
    """Regions that live on; ``at`` is the time of the next step, six hours after the one before."""

    regions: tuple[str, ...] = REGION_IDS
    at: int = NOW
    method: str = "1.1"
    latest: dict[str, Snapshot] = field(default_factory=dict)
    rows: dict[str, list[SeriesRow]] = field(default_factory=dict)

    def step(self, documents: Mapping[str, Any], hours: float = 6) -> dict[str, Happening]:
        """One refresh."""
        method = METHODS[self.method]
        feeds = Feeds.parse(documents, documents, self.at, energy=method.energy_feed)
        before = {region: Previous(snapshot.document) for region, snapshot in self.latest.items()}
        found = compute_run(method, self.regions, feeds, before, self.rows, self.at)
        for region, entry in found.items():
            self.latest[region] = entry.snapshot
            assert entry.snapshot.problems == ()
            assert entry.news.row is not None
            self.rows.setdefault(region, []).append(SeriesRow.decode(entry.news.row.encode()))
        self.at += int(hours * HOUR_MS)
        return found

    def events(self, documents: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """The events of one refresh: ``(region, type, subject)``."""
        return [
            (region, event.type, event.subject)
            for region, entry in self.step(documents).items()
            for event in entry.news.events
        ]
