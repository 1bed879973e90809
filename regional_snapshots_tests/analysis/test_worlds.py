"""The worlds of the replay are what its table says, whole, fresh, and marked as a sample."""

from __future__ import annotations

import json

import pytest

from regional_snapshots.analysis.worlds import NAMES, phases, world
from regional_snapshots.model.feeds import DATA_KEYS, META_KEYS, Feeds

NOW_MS = 1_795_431_600_000


def read(step: int, name: str = "red-sea") -> Feeds:
    documents = world(phases(name)[step], NOW_MS)
    return Feeds.from_raw({key: json.dumps(document).encode() for key, document in documents.items()}, NOW_MS)


def test_the_crisis_has_thirty_steps_in_seven_phases() -> None:
    names = [phase.phase for phase in phases("red-sea")]
    assert len(names) == 30
    assert list(dict.fromkeys(names)) == ["quiet", "warning", "attack", "closure", "hold", "talks", "reopening"]


@pytest.mark.parametrize("name", NAMES)
def test_every_step_fills_every_feed_with_fresh_samples(name: str) -> None:
    for phase in phases(name):
        documents = world(phase, NOW_MS)
        assert set(documents) == {*DATA_KEYS, *META_KEYS}
        report = Feeds.parse(documents, documents, NOW_MS).report
        assert {(item.status, item.sample, item.rejected) for item in report} == {("fresh", True, ())}


def test_a_world_says_what_its_row_says() -> None:
    for step, phase in enumerate(phases("red-sea")):
        feeds = read(step)
        severities = [signal.severity for signal in feeds.signals]
        assert sum("critical" in severity for severity in severities) == phase.critical
        assert sum("high" in severity for severity in severities) == phase.high
        assert sum(forecast.trend == "rising" for forecast in feeds.forecasts) == phase.rising
        assert sum(forecast.trend == "falling" for forecast in feeds.forecasts) == phase.falling
        assert {row.country: row.score for row in feeds.country_scores}["YE"] == phase.yemen
        assert feeds.alert_count == phase.alerts
        assert feeds.stress.score == phase.stress
        assert (len(feeds.hexes), len(feeds.flights)) == (phase.jammed, phase.flights)


def test_the_same_step_is_the_same_world() -> None:
    phase = phases("red-sea")[15]
    assert world(phase, NOW_MS) == world(phase, NOW_MS)


def test_there_is_no_other_replay() -> None:
    with pytest.raises(KeyError):
        phases("../red-sea")
