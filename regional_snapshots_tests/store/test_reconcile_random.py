"""Whatever combination of damage strikes several regions at once: named exactly, mended, and then at rest."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.drift import (
    EVERYTHING,
    TO_A_CLAIM,
    TO_A_SNAPSHOT,
    TO_THE_REGION,
    healthy,
    picture,
)
from regional_snapshots_tests.support.examples import examples
from regional_snapshots_tests.support.oracle import violations

REGIONS = ("latam", "mena", "east-asia")
COUNT = 5
APART = st.fixed_dictionaries(
    {},
    optional={
        region: st.tuples(
            st.dictionaries(st.integers(0, COUNT - 2), st.sampled_from([*TO_A_SNAPSHOT, *TO_A_CLAIM]), max_size=3),
            st.sampled_from([*TO_THE_REGION]),
        )
        for region in REGIONS
    },
)
"""Region -> (snapshot below the head -> its damage, damage to the region): none of them meets another."""

MIXED = st.lists(
    st.tuples(st.sampled_from(REGIONS), st.sampled_from([*EVERYTHING]), st.integers(0, COUNT - 1)), max_size=8
)
"""Anything, on top of anything."""


@pytest.fixture(params=["tagged", "worldmonitor"])
def store(request, server):
    with SnapshotStore(server.url, layout=request.param) as opened:
        yield opened


@examples(20)
@given(plan=APART)
def test_exactly_the_damage_is_named_and_nothing_else_is_touched(store, server, plan):
    client = server.client()
    client.flushall()
    scenes = {region: healthy(store, client, region, count=COUNT) for region in REGIONS}
    whole, expected, lost = picture(client), Counter(), set()
    for region, (snapshots, to_region) in plan.items():
        scene = scenes[region]
        for place, name in snapshots.items():
            which, damage = scene.snapshots[place], {**TO_A_SNAPSHOT, **TO_A_CLAIM}[name]
            damage.does(scene, which)
            expected.update((region, kind) for kind in damage.named(store.layout.name))
            if damage.lossy:
                lost |= {scene.payload(which), scene.view(which), scene.claim(which), scene.names.index}
        TO_THE_REGION[to_region].does(scene, scene.snapshots[-2])
        expected.update((region, kind) for kind in TO_THE_REGION[to_region].named(store.layout.name))
    damaged = picture(client)

    checked = store.reconcile(REGIONS, repair=False, deep=True)
    assert Counter((finding.region, finding.kind) for finding in checked.findings) == expected
    assert picture(client) == damaged

    mended = store.reconcile(REGIONS, deep=True, fix_types=True)
    assert Counter((finding.region, finding.kind) for finding in mended.findings) == expected
    assert mended.healthy
    assert mended.left == ()
    after = picture(client)
    kept = {key: held for key, held in whole.items() if key.decode() not in lost}
    assert {key: after.get(key) for key in kept} == kept
    at_rest(store, server, after)


@examples(20)
@given(plan=MIXED)
def test_damage_upon_damage_is_mended_in_one_go(store, server, plan):
    client = server.client()
    client.flushall()
    scenes = {region: healthy(store, client, region, count=COUNT) for region in REGIONS}
    for region, name, place in plan:
        EVERYTHING[name].does(scenes[region], scenes[region].snapshots[place])
    damaged = picture(client)
    wrong = {region for region in REGIONS if violations(client, store.layout.name, region)}

    checked = store.reconcile(REGIONS, repair=False, deep=True, fix_types=True)
    assert {finding.region for finding in checked.findings} >= wrong
    assert picture(client) == damaged

    assert store.reconcile(REGIONS, deep=True, fix_types=True).left == ()
    at_rest(store, server, picture(client))


def at_rest(store, server, before):
    client = server.client()
    assert [problem for region in REGIONS for problem in violations(client, store.layout.name, region)] == []
    again = store.reconcile(REGIONS, deep=True, fix_types=True)
    assert again.findings == ()
    assert picture(client) == before
