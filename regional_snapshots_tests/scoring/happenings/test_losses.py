"""A lost feed is data loss: it is never told as anything else, and nothing real is swallowed with it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots_tests.scoring.happenings.lives import NAMES, NOW, Life, sample_world, without, world
from regional_snapshots_tests.scoring.worlds import chokepoint, forecasts, many_signals

IMPORTANT = ("signals", "forecasts", "country_scores", "chokepoints", "alert_count")
ALERTS = {"activeAlertCount": 11}
QUIET: dict[str, Any] = world(
    signals=many_signals(0, theater="Nowhere"),
    forecasts=forecasts(),
    chokepoints=chokepoint("suez", threatLevel="normal"),
    alert_count={"activeAlertCount": 0},
    transits={"summaries": {}},
)
TENSE = {**QUIET, **world(signals=many_signals(4, 3, 30), alert_count=ALERTS)}


def told(events: list[tuple[str, str, str]], region: str = "mena") -> list[tuple[str, str]]:
    return [(kind, subject) for where, kind, subject in events if where == region]


@pytest.mark.parametrize("gone", [(name,) for name in NAMES] + list(itertools.combinations(IMPORTANT, 2)))
def test_a_feed_that_goes_and_comes_back_is_told_as_that_and_nothing_else(gone: tuple[str, ...]) -> None:
    documents, life = sample_world(), Life()
    life.step(documents)
    labels = {region: snapshot.document["regime"] for region, snapshot in life.latest.items()}
    active = {region: _active(snapshot.document) for region, snapshot in life.latest.items()}

    lost = life.step(without(documents, *gone))
    for entry in lost.values():
        assert [(event.type, event.subject) for event in entry.news.events] == [("data_loss", n) for n in sorted(gone)]
        assert (entry.news.shift, entry.snapshot.reason) == (None, "scheduled_6h")
        assert not any(entry.changes.values())
    assert not life.events(without(documents, *gone))

    back = life.step(documents)
    for region, entry in back.items():
        assert {(event.type, event.subject) for event in entry.news.events} == {("data_restored", n) for n in gone}
        assert not any(entry.changes.values())
        assert entry.snapshot.document["regime"] == labels[region]
        assert _active(entry.snapshot.document) == active[region]
        assert "told" not in entry.snapshot.document["meta"]
    assert not life.events(documents)


def _active(document: dict[str, Any]) -> dict[str, int]:
    return {trigger["id"]: trigger["activated_at"] for trigger in document["triggers"]["active"]}


def test_what_changed_while_a_feed_was_away_is_told_once_it_is_confirmed() -> None:
    life = Life(("mena",))
    life.step(QUIET)
    assert told(life.events(without(QUIET, "signals", "alert_count"))) == [
        ("data_loss", "alert_count"),
        ("data_loss", "signals"),
    ]
    assert {kind for kind, _ in told(life.events(TENSE))} == {"data_restored"}
    assert told(life.events(TENSE)) == [("regime_shift", "regime"), ("trigger_activated", "oref_cluster")]
    document = life.latest["mena"].document
    assert document["regime"]["previous_label"] == "calm"
    assert document["regime"]["transition_driver"] == document["meta"]["trigger_reason"] == "regime_shift"
    assert not life.events(TENSE)


def test_what_ended_while_a_feed_was_away_is_told_once_it_is_confirmed() -> None:
    life = Life(("mena",))
    life.step(TENSE)
    assert {kind for kind, _ in told(life.events(without(TENSE, "signals", "alert_count")))} == {"data_loss"}
    assert {kind for kind, _ in told(life.events(QUIET))} == {"data_restored"}
    assert told(life.events(QUIET)) == [("regime_shift", "regime"), ("trigger_cleared", "oref_cluster")]


def test_a_feed_that_stays_away_does_not_silence_what_happens_without_it() -> None:
    life = Life(("mena",))
    life.step(QUIET)
    life.step(without(QUIET, "country_scores"))
    assert told(life.events(without(TENSE, "country_scores"))) == [
        ("regime_shift", "regime"),
        ("trigger_activated", "oref_cluster"),
    ]


def test_a_feed_lost_at_the_same_moment_does_not_hide_a_change_that_has_nothing_to_do_with_it() -> None:
    """Counter-check: with the axes of the lost feed as they were, the region would have changed all the same."""
    life = Life(("mena",))
    life.step(QUIET)
    events = told(life.events(without(TENSE, "transits")))
    assert events == [("regime_shift", "regime"), ("trigger_activated", "oref_cluster"), ("data_loss", "transits")]


def test_a_lost_feed_is_told_again_only_when_it_was_back_between() -> None:
    life = Life(("mena",))
    life.step(QUIET)
    gone = without(QUIET, "signals")
    kinds = [{kind for kind, _ in told(life.events(it))} for it in (gone, gone, QUIET, gone)]
    assert kinds == [{"data_loss"}, set(), {"data_restored"}, {"data_loss"}]


def test_the_document_says_since_when_a_feed_is_missing_and_when_it_came_back() -> None:
    life = Life(("mena",))
    life.step(QUIET)
    spans = []
    for documents in (without(QUIET, "signals"), without(QUIET, "signals"), QUIET, QUIET):
        at = life.at
        life.step(documents)
        gap = life.latest["mena"].document["meta"]["gaps"]["signals"]
        spans.append([(instant or at) - NOW for instant in gap] if gap[1] else [gap[0] - NOW, None])
    six = 6 * 3_600_000
    assert spans == [[six, None], [six, None], [six, 3 * six], [six, 3 * six]]


def test_a_gap_is_forgotten_after_28_days() -> None:
    life = Life(("mena",))
    life.step(QUIET)
    life.step(without(QUIET, "signals"))
    life.step(QUIET, hours=28 * 24)
    life.step(QUIET)
    assert "signals" in life.latest["mena"].document["meta"]["gaps"]
    life.step(QUIET)
    assert "signals" not in life.latest["mena"].document["meta"]["gaps"]


@pytest.mark.parametrize("other", [{"geography_version": "9.9.9"}, {"method": "2"}])
def test_nothing_is_compared_across_methods_and_region_tables(other: dict[str, str]) -> None:
    life = Life(("mena",))
    life.step(QUIET)
    document = life.latest["mena"].document
    life.latest["mena"] = Snapshot.seal({**document, "meta": {**document["meta"], **other}})
    entry = life.step(without(TENSE, "debts"))["mena"]
    assert not any(entry.changes.values())
    assert (entry.news.events, entry.news.shift) == ((), None)
    assert entry.snapshot.reason == "scheduled_6h"
