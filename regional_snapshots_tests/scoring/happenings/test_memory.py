"""Under method 2, which remembers, a lost feed has effects two snapshots later: they are not told either."""

from __future__ import annotations

import copy
import functools
import itertools

import pytest

from regional_snapshots.analysis.worlds import phases, world
from regional_snapshots.scoring.happenings.falls import Past
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots_tests.scoring.happenings.lives import NAMES, Life, without
from regional_snapshots_tests.scoring.happenings.test_losses import IMPORTANT

CRISIS = phases("red-sea")
ATTACK, HOLD = 11, 20
REGIONS = ("mena", "sub-saharan-africa")


@functools.cache
def lived(until: int) -> Life:
    """The crisis up to a step, and then that step's world for three steps more."""
    life = Life(REGIONS, method="2")
    for step in [*range(until), *[until] * 4]:
        life.step(world(CRISIS[step], life.at))
    return life


def kinds(life: Life, step: int, *gone: str) -> list[tuple[str, str, str]]:
    return life.events(without(world(CRISIS[step], life.at), *gone))


@pytest.mark.parametrize("gone", [(name,) for name in NAMES] + list(itertools.combinations(IMPORTANT, 2)))
def test_a_feed_that_goes_and_comes_back_is_data_loss_and_nothing_else(gone: tuple[str, ...]) -> None:
    life = copy.deepcopy(lived(ATTACK))
    told = [event for _ in range(3) for event in kinds(life, ATTACK, *gone)]
    assert {kind for _, kind, _ in told} == {"data_loss"}
    assert {subject for _, _, subject in told} >= set(gone)
    back = [event for _ in range(4) for event in kinds(life, ATTACK)]
    assert {kind for _, kind, _ in back} == {"data_restored"}
    assert life.latest["mena"].document["regime"]["label"] == "escalation_ladder"


def test_an_unknown_region_is_undetermined_and_nobody_is_told_of_a_shift() -> None:
    life = copy.deepcopy(lived(HOLD))
    before = life.latest["mena"].document["regime"]
    told = kinds(life, HOLD, "signals", "forecasts")
    assert ("mena", "data_loss", "coercive_pressure") in told
    document = life.latest["mena"].document
    assert document["regime"]["label"] == "undetermined"
    assert document["meta"]["told"]["regime"]["label"] == before["label"]
    kinds(life, HOLD)
    assert life.latest["mena"].document["regime"] == before


def test_a_real_change_at_the_moment_of_a_loss_is_told() -> None:
    """Counter-check: with the axis of the lost feed as it was, the label would be the same."""
    life = Life(REGIONS, method="2")
    for step in range(10):
        life.step(world(CRISIS[step], life.at))
    told = kinds(life, 10, "stress")
    assert ("mena", "regime_shift", "regime") in told
    assert ("mena", "data_loss", "stress") in told


def test_the_replay_is_told_as_one_event_a_fact() -> None:
    life = Life(REGIONS, method="2")
    told = [
        (step, kind, subject) for step in range(30) for region, kind, subject in kinds(life, step) if region == "mena"
    ]
    assert [(kind, subject) for _, kind, subject in told if kind == "regime_shift"] == [("regime_shift", "regime")] * 3
    activated = [subject for _, kind, subject in told if kind == "trigger_activated"]
    cleared = [subject for _, kind, subject in told if kind == "trigger_cleared"]
    assert sorted(activated) == sorted(cleared) == ["mena_coercive_high", "oref_cluster", "red_sea_critical"]
    assert [subject for _, kind, subject in told if kind == "corridor_break"] == ["babelm", "suez", "babelm"]
    assert [subject for _, kind, subject in told if kind == "buffer_failure"] == ["maritime_access"]


def test_only_what_looks_back_reads_the_series() -> None:
    assert {name for name, method in METHODS.items() if method.looks_back} == {"2"}
    assert Past([], {}).week(0) == []
