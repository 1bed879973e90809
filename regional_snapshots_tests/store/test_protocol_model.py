"""The commit protocol keeps its promises in every state that two writers and a reconciler can reach."""

from __future__ import annotations

import pytest

from regional_snapshots_tests.support.protocol_model import Violation, explore
from regional_snapshots_tests.support.protocol_scenarios import MISTAKES, SCENARIOS
from regional_snapshots_tests.support.slow import slow

LARGE = (
    "two buckets, latest damaged",
    "one bucket, claimed by a ghost",
    "two buckets, pinned",
    "two buckets, in tiers, pinned",
    "one snapshot, two processes, pinned for a time",
)
"""Explored by ``make test-slow``."""


@pytest.mark.parametrize("name", [pytest.param(it, marks=slow) if it in LARGE else it for it in SCENARIOS])
def test_every_reachable_state_keeps_every_promise(name):
    assert explore(SCENARIOS[name]) > 1_000


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found(mistake):
    name, protocol = MISTAKES[mistake]
    with pytest.raises(Violation):
        explore(SCENARIOS[name], protocol)
