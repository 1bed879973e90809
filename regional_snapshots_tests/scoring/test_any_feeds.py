"""Whatever the feeds hold, every region has a valid document, and the same one each time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regional_snapshots.model.document import problems
from regional_snapshots.model.feeds import DATA_KEYS, META_KEYS, Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.scoring.scored import Previous, Scored
from regional_snapshots_tests.report.stories import HOSTILE
from regional_snapshots_tests.scoring.happenings.lives import sample_world
from regional_snapshots_tests.scoring.strategies import anything, metas, nested, sources, well_formed
from regional_snapshots_tests.scoring.worlds import KEYS, NOW, document
from regional_snapshots_tests.support.examples import examples

LISTS = {
    "country_scores": "ciiScores",
    "forecasts": "predictions",
    "signals": "signals",
    "debts": "entries",
    "hexes": "hexes",
    "flights": "flights",
    "world_airports": "alerts",
}


def score(feeds: Feeds, previous: dict[str, Previous] | None = None) -> dict[str, Scored]:
    """By every method; answers what method 1.1 says."""
    by_method = {
        name: method.score_regions(REGION_IDS, feeds, previous or {}, {}, NOW) for name, method in METHODS.items()
    }
    for results in by_method.values():
        for result in results.values():
            assert problems(result.snapshot.document, REGION_IDS) == []
    return by_method["1.1"]


def _with(value: Any, text: str) -> Any:
    """The same document, with this text after every text in it."""
    if isinstance(value, dict):
        return {name: _with(member, text) for name, member in value.items()}
    if isinstance(value, list):
        return [_with(member, text) for member in value]
    return f"{value} {text}" if isinstance(value, str) else value


@pytest.mark.parametrize("spoilt", DATA_KEYS)
def test_no_text_of_a_feed_makes_a_document_that_cannot_be_published(spoilt: str) -> None:
    documents = sample_world()
    documents[spoilt] = _with(documents[spoilt], " ".join(HOSTILE)) if spoilt in documents else {"verdict": HOSTILE[0]}
    score(Feeds.parse(documents, documents, NOW))


@examples(25)
@given(sources=sources(), metas=metas())
def test_any_feeds_at_all_give_eight_valid_documents_and_the_same_bytes_twice(sources: Any, metas: Any) -> None:
    once, again = (score(Feeds.parse(sources, metas, NOW)) for _ in range(2))
    assert list(once) == list(REGION_IDS)
    assert [r.snapshot.payload for r in once.values()] == [r.snapshot.payload for r in again.values()]


@examples(25)
@given(raw=st.dictionaries(st.sampled_from(DATA_KEYS + META_KEYS), st.one_of(st.binary(), st.text(max_size=20))))
def test_any_bytes_at_all_give_eight_valid_documents(raw: Any) -> None:
    score(Feeds.from_raw(raw, NOW))


@examples(25)
@given(data=st.data(), part=st.sampled_from(["regime", "balance", "actors", "triggers", "scenario_sets", "region_id"]))
def test_any_previous_document_at_all_is_compared_or_named_unreadable(data: st.DataObject, part: str) -> None:
    whole = {**document("mena"), part: data.draw(anything)}
    previous = data.draw(st.one_of(st.just(whole), anything))
    result = score(Feeds.parse({}, {}, NOW), {"mena": Previous(previous)})["mena"]
    assert result.note == "" or not result.changes["trigger_activations"]


@examples(25)
@given(rows=well_formed(), random=st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_nothing_but_ties(rows: dict[str, list[Any]], random: Any) -> None:
    shuffled = {name: random.sample(listed, len(listed)) for name, listed in rows.items()}
    before, after = (score(Feeds.parse(_payloads(world), {}, NOW)) for world in (rows, shuffled))
    for region in REGION_IDS:
        _assert_same_but_for_ties(before[region].snapshot.document, after[region].snapshot.document)


def _payloads(rows: dict[str, list[Any]]) -> dict[str, Any]:
    return {KEYS[name]: {LISTS[name]: listed} for name, listed in rows.items()}


def _assert_same_but_for_ties(one: dict[str, Any], other: dict[str, Any]) -> None:
    for axis, value in one["balance"].items():
        if not isinstance(value, list):
            assert other["balance"][axis] == pytest.approx(value, abs=0.0011)
    assert one["evidence"] == other["evidence"]
    assert one["triggers"] == other["triggers"]
    assert one["transmission_paths"] == other["transmission_paths"]
    assert {(a["name"], a["leverage_score"], a["role"]) for a in one["actors"]} == {
        (a["name"], a["leverage_score"], a["role"]) for a in other["actors"]
    }
    assert one["mobility"]["airspace"] == other["mobility"]["airspace"]
    assert one["mobility"]["reroute_intensity"] == other["mobility"]["reroute_intensity"]
    assert _icaos(one) == _icaos(other)
    ids = [(item["type"], item["id"]) for item in one["evidence"]]
    assert len(ids) == len(set(ids))


def _icaos(snapshot: dict[str, Any]) -> list[str]:
    return sorted(airport["icao"] for airport in snapshot["mobility"]["airports"])


FIELDS = (
    *("id", "region", "theater", "summary", "title", "name", "type", "icao", "iata", "country", "severity", "reason"),
    *("caseFile", "signals", "probability", "trend", "combinedScore", "computedAt", "threatLevel", "status", "level"),
    *("wowChangePct", "iso3", "debtToGdp", "importShare", "lat", "lon", "label", "verdict"),
)
HUGE_TEXT = "iran <b>\u202e\x07 nato " * 1_000


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(HUGE_TEXT, id="twenty thousand characters"),
        pytest.param(nested(100_000), id="nested a hundred thousand deep"),
        pytest.param(10**400, id="a number of 400 digits"),
        pytest.param(float("nan"), id="not a number"),
        pytest.param("\ud800" * 1000, id="lone surrogates"),
        pytest.param([None] * 1000, id="nulls"),
    ],
)
def test_one_extreme_value_in_every_place_spoils_no_region(value: Any) -> None:
    entry = dict.fromkeys(FIELDS, value)
    good = {"region": "Middle East", "theater": "Levant", "id": "a", "probability": 1, "lat": 30, "lon": 40}
    listed = [entry, *({**good, field: value} for field in FIELDS)]
    payload: dict[str, Any] = dict.fromkeys(LISTS.values(), listed)
    payload |= {"chokepoints": listed, "fetchedAt": value, "verdict": value, "summaries": {"suez": entry}}
    payload |= {"months": [entry], "IR": entry, "closedIcaos": [value], "reasons": {"a": value}}
    results = score(Feeds.parse(dict.fromkeys(DATA_KEYS, payload), dict.fromkeys(META_KEYS, entry), NOW))
    assert max(len(result.snapshot.payload) for result in results.values()) < 200_000
