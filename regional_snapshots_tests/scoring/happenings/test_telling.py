"""Since when and why, what the claim says, and what an event holds."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.news import shift_of
from regional_snapshots.model.series import row_of
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.happenings.happening import Happening, happening
from regional_snapshots.scoring.parity.blocks.regime import relabelled
from regional_snapshots.scoring.parity.snapshot import Previous, score_region
from regional_snapshots_tests.scoring.happenings.lives import NOW, Life, sample_world
from regional_snapshots_tests.scoring.happenings.test_losses import ALERTS, QUIET, TENSE
from regional_snapshots_tests.scoring.strategies import anything
from regional_snapshots_tests.scoring.worlds import KEYS, chokepoint
from regional_snapshots_tests.support.examples import examples

SIX_H = 6 * 3_600_000


def mena(*worlds: dict[str, Any]) -> list[Happening]:
    life = Life(("mena",))
    return [life.step(documents)["mena"] for documents in worlds]


def test_what_was_before_stays_what_it_was_while_nothing_changes() -> None:
    _, _, tense, again, calm, still = (
        entry.snapshot.document["regime"] for entry in mena(QUIET, QUIET, TENSE, TENSE, QUIET, QUIET)
    )
    assert (tense["previous_label"], tense["transitioned_at"]) == ("calm", NOW + 2 * SIX_H)
    assert again == tense
    assert (calm["previous_label"], calm["transitioned_at"]) == (tense["label"], NOW + 4 * SIX_H)
    assert still == calm


def test_a_trigger_is_active_since_it_became_so() -> None:
    first, second, _, anew = mena(TENSE, TENSE, QUIET, TENSE)
    since = [entry.snapshot.document["triggers"]["active"][0]["activated_at"] for entry in (first, second, anew)]
    assert since == [NOW, NOW, NOW + 3 * SIX_H]


def test_a_former_snapshot_that_names_itself_as_the_one_before_is_not_believed() -> None:
    life = Life(("mena",))
    life.step(QUIET)
    document = copy.deepcopy(life.latest["mena"].document)
    document["regime"]["previous_label"] = "calm"
    life.latest["mena"] = Snapshot.seal(document)
    assert life.step(QUIET)["mena"].snapshot.document["regime"]["previous_label"] == ""


def test_a_claim_names_what_happened() -> None:
    quiet, _, tense = mena(QUIET, QUIET, TENSE)
    assert quiet.news.what == "scheduled_6h"
    assert tense.news.what.startswith("regime_shift-")


def test_two_different_alarms_have_two_claims_and_the_same_alarm_has_one() -> None:
    alerts = {**QUIET, KEYS["alert_count"]: ALERTS}
    strait = {**QUIET, KEYS["chokepoints"]: chokepoint("babelm", threatLevel="critical")}
    claims = [mena(QUIET, world)[1] for world in (alerts, strait, alerts)]
    assert {entry.snapshot.reason for entry in claims} == {"trigger_activation"}
    assert claims[0].news.what != claims[1].news.what
    assert claims[0].news.what == claims[2].news.what


def test_a_loss_within_the_bucket_has_a_claim_of_its_own() -> None:
    _, lost = mena(QUIET, {**QUIET, KEYS["signals"]: None})
    assert lost.snapshot.reason == "scheduled_6h"
    assert lost.news.what.startswith("scheduled_6h-")


def test_an_event_names_its_snapshot_the_one_before_and_what_moved() -> None:
    before, after = mena(QUIET, TENSE)
    shift, trigger = after.news.events
    assert shift.id == f"{after.snapshot.id}:regime_shift:regime"
    assert (shift.snapshot_id, shift.previous_snapshot_id) == (after.snapshot.id, before.snapshot.id)
    assert (shift.before, shift.after, shift.severity) == ("calm", "managed_deescalation", "info")
    assert shift.cause[0].axis == "coercive_pressure"
    assert shift.cause[0].delta > 0
    assert shift.cause[0].evidence_ids
    assert (trigger.type, trigger.subject, trigger.after, trigger.threshold) == (
        "trigger_activated", "oref_cluster", "active", 10,
    )  # fmt: skip
    assert (trigger.confidence, trigger.generated_at) == (
        after.snapshot.document["meta"]["snapshot_confidence"], after.snapshot.generated_at,
    )  # fmt: skip


def test_shift_and_row_can_be_told_again_from_the_documents() -> None:
    before, after = mena(QUIET, TENSE)
    assert after.news.shift is not None
    assert shift_of(after.snapshot.document, before.snapshot.document) == after.news.shift
    assert shift_of(after.snapshot.document, None) == replace(after.news.shift, why="first snapshot")
    assert shift_of(before.snapshot.document, None) is None
    assert row_of(after.snapshot.document, {}) == after.news.row


def test_what_is_published_is_sealed_and_the_same_each_time() -> None:
    once, again = mena(QUIET, TENSE)[1], mena(QUIET, TENSE)[1]
    assert once == again
    opened = Snapshot.open(once.snapshot.payload, region="mena", id=once.snapshot.id)
    assert opened.document == once.snapshot.document


PARTS = ("meta", "regime", "balance", "triggers", "actors", "scenario_sets", "corridors", "baseline", "generated_at")
MEMBERS = ("gaps", "told", "missing_inputs", "snapshot_id", "scoring_version", "geography_version", "label", "active")


@examples(150)
@given(st.dictionaries(st.sampled_from(PARTS), anything), st.dictionaries(st.sampled_from(MEMBERS), anything))
def test_whatever_the_previous_document_holds_a_snapshot_can_be_published(parts: Any, members: Any) -> None:
    feeds = Feeds.parse(TENSE, TENSE, NOW + SIX_H)
    [base] = mena(QUIET)
    document = {**copy.deepcopy(base.snapshot.document), **parts}
    for part in ("meta", "regime", "triggers"):
        if isinstance(document.get(part), dict):
            document[part] = {**document[part], **members}
    scored = score_region("mena", feeds, Previous(document), NOW + SIX_H)
    found = happening(scored.snapshot, scored.changes, document, (), {}, relabelled)
    assert Snapshot.open(found.snapshot.payload) == found.snapshot
    assert found.snapshot.problems == ()


@pytest.mark.parametrize("region", ["mena", "global"])
def test_the_sample_world_makes_events_that_are_small(region: str) -> None:
    found = Life().step(sample_world())[region]
    assert sum(len(event.fields()["body"]) for event in found.news.events) < 4_000
