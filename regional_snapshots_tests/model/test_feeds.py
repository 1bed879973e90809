"""Envelopes, freshness, confidence and the feed report (sections 3 and 4 of the pipeline specification)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from regional_snapshots.model.feeds import DATA_KEYS, FEEDS, META_KEYS, FeedReport, Feeds
from regional_snapshots.model.shapes.envelopes import decode, unwrap

NOW = 1_787_400_000_000
MINUTE = 60_000
SPEC = {spec.name: spec for spec in FEEDS}


def report(name: str, payload: Any, meta: Any = None) -> FeedReport:
    spec = SPEC[name]
    feeds = Feeds.parse({spec.key: payload}, {spec.meta_key: meta} if spec.meta_key else {}, NOW)
    [found] = [item for item in feeds.report if item.name == name]
    return found


def status(name: str, payload: Any, meta: Any = None) -> str:
    return report(name, payload, meta).status


def sealed(data: Any, fetched_at: Any = NOW) -> dict[str, Any]:
    return {"_seed": {"fetchedAt": fetched_at}, "data": data}


def test_the_registry_has_seventeen_feeds_and_eleven_companions() -> None:
    assert (len(DATA_KEYS), len(META_KEYS)) == (17, 11)


@pytest.mark.parametrize(
    ("value", "payload"),
    [
        (None, None),
        ({"a": 1}, {"a": 1}),
        ([1], [1]),
        ('{"a": 1}', {"a": 1}),
        ('"\\"a\\""', '"a"'),
        ("not json", "not json"),
        ("null", None),
        (sealed({"a": 1}), {"a": 1}),
        (sealed({"a": 1}, 0), {"a": 1}),
        (sealed(None), None),
        ({"_seed": {"fetchedAt": 1}, "a": 1}, None),
        (json.dumps(sealed({"a": 1})), {"a": 1}),
        (sealed(sealed(1)), sealed(1)),
        (sealed(1, "1"), sealed(1, "1")),
        (sealed(1, None), sealed(1, None)),
        (sealed(1, True), sealed(1, True)),
        ({"_seed": [], "data": 1}, {"_seed": [], "data": 1}),
    ],
)
def test_one_envelope_is_taken_off(value: Any, payload: Any) -> None:
    assert unwrap(value).payload == payload


@pytest.mark.parametrize("spec", FEEDS, ids=lambda spec: spec.name)
def test_a_feed_is_fresh_up_to_and_including_its_maximum_age(spec: Any) -> None:
    limit = NOW - spec.max_age_min * MINUTE
    assert status(spec.name, {"fetchedAt": limit}) == "fresh"
    assert status(spec.name, {"fetchedAt": limit - 1}) == "stale"
    assert status(spec.name, {"fetchedAt": NOW + 10**9}) == "fresh"


@pytest.mark.parametrize(
    ("payload", "meta", "expected"),
    [
        (None, {"fetchedAt": NOW}, "missing"),
        (sealed(None), {"fetchedAt": NOW}, "missing"),
        ({}, {"fetchedAt": NOW}, "fresh"),
        (5, {"fetchedAt": NOW}, "fresh"),
        ({}, None, "stale"),
        ([], None, "stale"),
        ({"fetchedAt": NOW}, {"fetchedAt": 1}, "stale"),
        ({"fetchedAt": NOW}, {"recordCount": 3}, "fresh"),
        ({"fetchedAt": NOW}, [], "fresh"),
        ({}, sealed({"fetchedAt": NOW}), "stale"),  # companions are not unwrapped
        (sealed({}), None, "stale"),  # a feed with a companion key takes no time from its envelope
    ],
)
def test_a_companion_key_speaks_before_the_payload(payload: Any, meta: Any, expected: str) -> None:
    assert status("country_scores", payload, meta) == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (sealed({}), "fresh"),
        (sealed({}, 0), "stale"),
        (sealed({"seededAt": 1}), "stale"),
        (sealed(sealed({})), "stale"),
        (sealed([]), "fresh"),
    ],
)
def test_an_envelope_dates_a_payload_that_has_neither_time_nor_companion(payload: Any, expected: str) -> None:
    assert status("forecasts", payload) == expected


def test_confidence_weighs_completeness_and_freshness() -> None:
    fresh, stale = {"fetchedAt": NOW}, {"fetchedAt": 1}
    payloads = [None] * 6 + [stale] * 6 + [fresh] * 5
    feeds = Feeds.parse(dict(zip(DATA_KEYS, payloads, strict=True)), {}, NOW)
    assert feeds.confidence == 0.57
    assert feeds.missing == DATA_KEYS[:6]
    assert feeds.stale == DATA_KEYS[6:12]
    assert Feeds.parse({}, {}, NOW).confidence == 0
    assert Feeds.parse(dict.fromkeys(DATA_KEYS, fresh), {}, NOW).confidence == 1
    assert Feeds.parse({key: {} for key in DATA_KEYS}, {}, NOW).confidence == 0.6


@pytest.mark.parametrize(
    ("times", "minutes"),
    [
        ({}, 0),
        ({"country_scores": NOW - 31 * MINUTE}, 0),
        ({"country_scores": NOW - 30 * MINUTE}, 0),
        ({"country_scores": NOW - 10 * MINUTE}, 20),
        ({"country_scores": NOW - 10 * MINUTE, "alert_count": NOW}, 15),
        ({"debts": NOW}, 360),
        ({"country_scores": NOW + 10**12}, 360),
    ],
)
def test_a_snapshot_is_valid_until_the_first_fresh_feed_ages_and_six_hours_at_most(
    times: dict[str, int], minutes: int
) -> None:
    sources = {SPEC[name].key: {"fetchedAt": time} for name, time in times.items()}
    assert Feeds.parse(sources, {}, NOW).valid_until == NOW + minutes * MINUTE


def test_raw_values_are_decoded_and_what_is_not_json_counts_as_missing() -> None:
    good, bad, deep = SPEC["stress"].key, SPEC["debts"].key, SPEC["flights"].key
    raw = {good: b'{"compositeScore": 40, "seededAt": 1}', bad: b"\xff{", deep: b"[" * 100_000}
    feeds = Feeds.from_raw({**raw, SPEC["debts"].meta_key: b'{"fetchedAt": 1}'}, NOW)
    assert feeds.stress.score == 40
    assert {bad, deep} <= set(feeds.missing)
    notes = {item.key: item.notes for item in feeds.report}
    assert notes[bad] == ("the value is not JSON",)
    assert notes[deep] == ("the value is nested too deeply",)


def test_a_number_of_many_digits_costs_its_entry_and_not_the_feed() -> None:
    digits = "9" * 6000
    raw = f'{{"entries": [{{"iso3": "IRN", "debtToGdp": {digits}}}, {{"iso3": "SAU", "debtToGdp": 90}}]}}'
    feeds = Feeds.from_raw({SPEC["debts"].key: raw.encode()}, NOW)
    assert [row.iso3 for row in feeds.debts] == ["SAU"]


@pytest.mark.parametrize(("raw", "value"), [(None, None), (b"null", None), (b"[1]", [1]), ("{}", {}), (b"{", None)])
def test_decoding_never_raises(raw: Any, value: Any) -> None:
    assert decode(raw)[0] == value


@pytest.mark.parametrize("payload", [5, "text", [], [[]], True])
@pytest.mark.parametrize("spec", FEEDS, ids=lambda spec: spec.name)
def test_a_payload_of_the_wrong_shape_is_named_in_the_report(spec: Any, payload: Any) -> None:
    found = report(spec.name, payload)
    assert found.used == 0
    assert "not an object" in found.notes[0]
