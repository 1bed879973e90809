"""A snapshot that is sealed verifies its content; one that another program wrote is unsealed, and not damaged."""

from __future__ import annotations

import json

import pytest

from regional_snapshots.model.snapshot import UNSEALED_LEAD_MS, DamagedSnapshotError, Snapshot
from regional_snapshots_tests.support.documents import document
from regional_snapshots_tests.support.script import unsealed

NOW_MS = 1_787_400_000_208


def opened(made, **options):
    return Snapshot.open(json.dumps(made), **options)


def test_what_was_sealed_verifies():
    sealed = Snapshot.seal(document("mena", NOW_MS))
    assert Snapshot.open(sealed.payload, region="mena", id=sealed.id) == sealed
    assert sealed.sealed


def test_one_of_our_own_earlier_versions_is_sealed_although_it_does_not_say_so():
    made = document("mena", NOW_MS)
    del made["meta"]["seal"]
    assert Snapshot.open(Snapshot.seal(made).payload).sealed


@pytest.mark.parametrize("lead_ms", [0, 1, 38, 434, UNSEALED_LEAD_MS])
def test_one_of_another_program_is_unsealed_and_its_id_may_be_a_little_older(lead_ms):
    made = unsealed("mena", NOW_MS, lead_ms=lead_ms)
    found = opened(made, region="mena", id=made["meta"]["snapshot_id"])
    assert (found.sealed, found.generated_at, found.document) == (False, NOW_MS, made)


def says_a_seal(made):
    made["meta"]["seal"] = "sha256-12"


def says_a_seal_of_nobody(made):
    made["meta"]["seal"] = None


def id_of_another_shape(made):
    made["meta"]["snapshot_id"] = "2026-05-28"


def id_younger_than_its_snapshot(made):
    made["generated_at"] -= 1000


def id_much_older_than_its_snapshot(made):
    made["generated_at"] += UNSEALED_LEAD_MS


def a_number_that_is_none(made):
    made["balance"]["net_balance"] = float("nan")


def without_a_time(made):
    del made["generated_at"]


def time_as_text(made):
    made["generated_at"] = str(NOW_MS)


def without_a_region(made):
    del made["region_id"]


@pytest.mark.parametrize(
    "harm",
    [
        says_a_seal, says_a_seal_of_nobody, id_of_another_shape, id_younger_than_its_snapshot,
        id_much_older_than_its_snapshot, a_number_that_is_none, without_a_time, time_as_text, without_a_region,
    ],
)  # fmt: skip
def test_what_says_a_seal_or_disagrees_with_itself_is_damaged(harm):
    made = unsealed("mena", NOW_MS)
    harm(made)
    with pytest.raises(DamagedSnapshotError):
        opened(made)


@pytest.mark.parametrize("options", [{"region": "europe"}, {"id": "01a029579200-000000000000"}])
def test_an_unsealed_one_is_never_taken_for_another(options):
    with pytest.raises(DamagedSnapshotError):
        opened(unsealed("mena", NOW_MS), **options)


def test_half_a_character_of_another_program_is_replaced_and_never_printed():
    made = unsealed("mena", NOW_MS)
    made["narrative"]["situation"]["text"] = "cut \ud83d here"
    found = opened(made)
    assert not found.sealed
    assert found.document["narrative"]["situation"]["text"] == "cut \ufffd here"
    json.dumps(found.document, ensure_ascii=False).encode()
