"""The replay on a real server: a whole crisis, marked as a sample, only where nothing else is."""

from __future__ import annotations

import time

import pytest

from regional_snapshots.analysis.library import Library
from regional_snapshots.analysis.replay import publish, require_empty, steps
from regional_snapshots.analysis.verification import PROVED, verify
from regional_snapshots.analysis.worlds import STEP_MS
from regional_snapshots.model.document import problems
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.store.errors import OccupiedError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import fresh

METHOD = METHODS["1.1"]


@pytest.fixture
def store(server):
    with server.client() as client:
        client.flushall()
    with SnapshotStore(server.url) as made:
        yield made


def published(store, name="1.1"):
    end_ms = time.time_ns() // 1_000_000 - STEP_MS
    publish(store, "red-sea", METHODS[name], end_ms)
    return end_ms


@pytest.mark.parametrize("name", METHODS)
def test_a_replay_leaves_a_history_that_verifies_to_the_byte(store, name):
    end_ms = published(store, name)
    library = Library(store)
    names = library.ids(REGION_IDS, 0, MAX_INSTANT_MS)
    assert len(names) == 30 * len(REGION_IDS)
    assert {verdict.state for verdict in verify(library, names)} == {PROVED}
    latest = store.latest("mena")
    assert latest.generated_at == end_ms
    assert latest.document["meta"]["sample"] is True
    assert latest.document["meta"]["method"] == name
    assert problems(latest.document, REGION_IDS) == []


def test_the_snapshots_of_a_replay_lie_six_hours_apart(store):
    published(store)
    frame = store.history("mena", limit=100)
    assert set(frame["time"].diff(-1).dropna().dt.total_seconds()) == {STEP_MS / 1000}


def test_a_store_that_holds_a_snapshot_is_refused_before_any_write(store, server):
    with server.client() as client:
        store.commit(fresh(client))
        keys = client.dbsize()
        with pytest.raises(OccupiedError, match="NAMESPACE"):
            published(store)
        assert client.dbsize() == keys


def test_a_second_replay_is_refused_and_says_that_one_is_there(store):
    published(store)
    with pytest.raises(OccupiedError, match="a replay or a sample"):
        published(store)


def test_a_namespace_of_a_store_in_use_takes_a_replay(store, server):
    with server.client() as client:
        store.commit(fresh(client))
    with SnapshotStore(server.url, namespace="replay") as apart:
        published(apart)
        assert apart.latest("mena").document["meta"]["sample"] is True
    require = pytest.raises(OccupiedError)
    with require:
        require_empty(store)


def test_the_same_end_gives_the_same_ids():
    def ids():
        return [
            [entry.snapshot.id for entry in step.happenings.values()] for step, _ in steps("red-sea", METHOD, 10**12)
        ]

    assert ids() == ids()


def told(name):
    """What the replay tells: ``(phase, region, type, subject, from, to)``, in order."""
    return [
        (step.phase.phase, region, event.type, event.subject, event.before, event.after)
        for step, _ in steps("red-sea", METHODS[name], 10**12)
        for region, entry in step.happenings.items()
        for event in entry.news.events
    ]


def test_method_2_tells_the_crisis_each_fact_once_and_without_flapping():
    facts = told("2")
    shifts = [
        (phase, region, before, after) for phase, region, kind, _, before, after in facts if kind == "regime_shift"
    ]
    assert shifts == [
        ("attack", "mena", "calm", "escalation_ladder"),
        ("talks", "mena", "escalation_ladder", "managed_deescalation"),
        ("reopening", "mena", "managed_deescalation", "calm"),
    ]
    assert len(set(facts)) == len(facts)
    activated = [subject for _, _, kind, subject, _, _ in facts if kind == "trigger_activated"]
    cleared = [subject for _, _, kind, subject, _, _ in facts if kind == "trigger_cleared"]
    assert sorted(activated) == sorted(cleared) == ["mena_coercive_high", "oref_cluster", "red_sea_critical"]


def test_the_rerouting_of_ships_appears_in_all_four_regions_and_nowhere_else():
    for step, _ in steps("red-sea", METHODS["2"], 10**12):
        rerouted = {
            region
            for region, entry in step.happenings.items()
            for path in entry.snapshot.document["transmission_paths"]
            if (path["template_id"], path["origin"]) == ("red_sea_rerouting", "mena")
        }
        closed = step.phase.phase in ("closure", "hold")
        assert rerouted >= ({"mena", "europe", "east-asia", "sub-saharan-africa"} if closed else set())
        assert rerouted <= {"mena", "europe", "east-asia", "sub-saharan-africa"}
        assert closed or step.phase.phase == "talks" or not rerouted


def test_the_parity_method_tells_the_same_crisis_so():
    """A regression test: what 1.1 makes of the replay, of which it never sees the ladder."""
    shifts = [fact[:2] + fact[4:] for fact in told("1.1") if fact[2] == "regime_shift"]
    assert shifts == [
        ("attack", "mena", "calm", "managed_deescalation"),
        ("reopening", "mena", "managed_deescalation", "calm"),
    ]
