"""The type of the snapshot document: what methods make fits it, and every departure is found where it is."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from regional_snapshots.files.feed_files import SAMPLE, brought_up_to, read_directory
from regional_snapshots.model.document import problems
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots_tests.support import documents

NOW = 1_787_400_000_000
Path = tuple[str | int, ...]


def sampled() -> dict[str, dict[str, Any]]:
    """The documents that the parity method makes of the sample feeds."""
    feeds = {key: brought_up_to(NOW, feed) for key, feed in read_directory(SAMPLE)[0].items()}
    scored = METHODS["1.1"].score_regions(REGION_IDS, Feeds.from_raw(feeds, NOW), {}, {}, NOW)
    return {region: entry.snapshot.document for region, entry in scored.items()}


PARITY = sampled()["mena"]
METHOD2 = Snapshot.seal(documents.method2_document("mena", NOW)).document
DOCUMENTS = {"parity": PARITY, "method 2": METHOD2}


def at(document: Any, path: Path) -> Any:
    """What stands at a path."""
    for step in path:
        document = document[step]
    return document


def changed(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy with another value at a path."""
    result = copy.deepcopy(document)
    at(result, path[:-1])[path[-1]] = value
    return result


def places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every place of a document; of a list the first two items."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value[:2]):
            yield from places(item, (*path, index))


def written(path: Path) -> str:
    """A path as problems write it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


WRONG: dict[type, tuple[Any, ...]] = {
    bool: (1, "true"),
    int: (True, "1", float("nan"), 1e19, -1e19, 10**400),
    float: (True, "1", float("nan"), float("inf"), 1e19, -1e19),
    str: (5, ["text"], "a\x07b", "a\u202eb", "two  spaces", "\ud800", "x" * 20_000),
    list: ({}, "items", None),
    dict: ([], "members"),
    type(None): (True, "null", ["null"]),
}
"""By the type of what stands there: values that fit nowhere in its stead."""


@pytest.mark.parametrize("region", REGION_IDS)
def test_what_the_parity_method_makes_of_the_samples_is_valid(region: str) -> None:
    assert problems(sampled()[region], REGION_IDS) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_each_method_is_valid(name: str) -> None:
    assert problems(DOCUMENTS[name], REGION_IDS) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whatever_is_of_the_wrong_kind_is_found_where_it_is(name: str) -> None:
    document = DOCUMENTS[name]
    for path, value in places(document):
        for wrong in WRONG[type(value)]:
            found = problems(changed(document, path, wrong))
            assert any(line.startswith((f"{written(path)}:", f"{written(path)}.")) for line in found), (path, wrong)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_member_that_is_missing_or_not_known_is_found(name: str) -> None:
    document = DOCUMENTS[name]
    optional = ("component",)
    for path, value in places(document):
        if isinstance(value, dict):
            found = problems(changed(document, path, {**value, "surprise": 1}))
            assert found == [f"{written(path)}.surprise: Extra inputs are not permitted"]
        elif path[-1] not in optional and isinstance(path[-1], str):
            short = copy.deepcopy(document)
            del at(short, path[:-1])[path[-1]]
            assert problems(short), path


def _many(part: str, count: int) -> Callable[[dict[str, Any]], object]:
    return lambda document: document.update({part: (PARITY[part] * count)[:count]})


def _set(*path: str | int, to: Any) -> Callable[[dict[str, Any]], object]:
    return lambda document: at(document, path[:-1]).__setitem__(path[-1], to)


DEPARTURES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "eleven actors": (_many("actors", 11), "actors: List should have at most 10 items"),
    "a thousand actors": (_many("actors", 1000), "actors: List should have at most 10 items"),
    "31 pieces of evidence": (_many("evidence", 31), "evidence: List should have at most 30 items"),
    "six evidence ids of an actor": (_set("actors", 0, "evidence_ids", to=["e"] * 6), "actors[0].evidence_ids: "),
    "six domains of an actor": (
        _set("actors", 0, "leverage_domains", to=["energy"] * 6),
        "actors[0].leverage_domains: ",
    ),
    "two horizons": (_many("scenario_sets", 2), "scenario_sets: List should have at least 3 items"),
    "three lanes": (
        lambda document: document["scenario_sets"][1]["lanes"].pop(),
        "scenario_sets[1].lanes: List should have at least 4 items",
    ),
    "a lane twice": (_set("scenario_sets", 0, "lanes", 1, "name", to="base"), "scenario_sets[0].lanes: the lanes are"),
    "a horizon twice": (_set("scenario_sets", 0, "horizon", to="7d"), "scenario_sets: the horizons are not"),
    "lanes that sum to more than one": (
        _set("scenario_sets", 2, "lanes", 0, "probability", to=1.0),
        "scenario_sets[2].lanes: the probabilities sum",
    ),
    "four decimals": (_set("balance", "net_balance", to=0.1234), "balance.net_balance: has more than 3 decimals"),
    "a last bit too many": (_set("balance", "net_balance", to=0.1 + 0.2), "balance.net_balance: has more than 3"),
    "an axis above one": (_set("balance", "capital_stress", to=1.001), "balance.capital_stress: "),
    "an axis below nought": (_set("balance", "capital_stress", to=-0.001), "balance.capital_stress: "),
    "a net below minus one": (_set("balance", "net_balance", to=-1.001), "balance.net_balance: "),
    "valid for ever": (_set("meta", "valid_until", to=NOW + 6 * 3_600_000 + 1), "meta.valid_until: not between"),
    "valid before it was made": (_set("meta", "valid_until", to=NOW - 1), "meta.valid_until: not between"),
    "a label of method 2": (_set("regime", "label", to="undetermined"), "regime.label: "),
    "a reason of nobody": (_set("meta", "trigger_reason", to="boredom"), "meta.trigger_reason: "),
    "a feed of nobody": (_set("meta", "stale_inputs", to=["weather:v1"]), "meta.stale_inputs[0]: is not one of"),
    "a version that is none": (_set("meta", "scoring_version", to="1.1"), "meta.scoring_version: "),
    "a method that does not score so": (_set("meta", "method", to="1.2"), "meta.method: 1.2 does not score"),
    "a seal of another kind": (_set("meta", "seal", to="md5"), "meta.seal: "),
    "mark-up": (_set("triggers", "dormant", 0, "description", to="<b>"), "triggers.dormant[0].description: "),
    "a text of 561 characters": (
        _set("triggers", "dormant", 0, "description", to="x" * 561),
        "triggers.dormant[0].description: String should have at most 560 characters",
    ),
    "a corridor of nobody": (_set("transmission_paths", 0, "corridor_id", to="rhine"), "transmission_paths[0].corr"),
    "a pressure among the buffers": (
        _set("balance", "buffers", 0, "orientation", to="pressure"),
        "balance.buffers[0].orientation: ",
    ),
    "an instant that is a fraction": (_set("generated_at", to=NOW + 0.5), "generated_at: "),
    "a region of another table": (_set("region_id", to="atlantis"), "region_id: atlantis is no region of ours"),
    "a region that is no id": (_set("region_id", to="Middle East"), "region_id: the text has not the form"),
}


@pytest.mark.parametrize("name", DEPARTURES)
def test_a_departure_is_found_and_named(name: str) -> None:
    change, told = DEPARTURES[name]
    document = copy.deepcopy(PARITY)
    change(document)
    assert any(line.startswith(told) for line in problems(document, REGION_IDS)), problems(document, REGION_IDS)


METHOD2_DEPARTURES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "statistics and a reason": (
        lambda document: document["baseline"]["net_balance"].update(reason="why not"),
        "baseline.net_balance: has not exactly",
    ),
    "statistics in part": (lambda document: document["baseline"]["net_balance"].pop("mad"), "baseline.net_balance: "),
    "lanes of which one is unknown": (
        _set("scenario_sets", 0, "lanes", 1, "probability", to=None),
        "scenario_sets[0].lanes: the probabilities sum",
    ),
    "z beyond eight": (_set("baseline", "net_balance", "z", to=8.5), "baseline.net_balance.z: "),
    "openness above one": (_set("corridors", 0, "openness", to=1.5), "corridors[0].openness: "),
    "a throughput from nowhere": (_set("corridors", 0, "basis", to="guess"), "corridors[0].basis: "),
    "a leverage that is not known": (_set("balance", "energy_leverage", to=None), "balance.energy_leverage: "),
}


@pytest.mark.parametrize("name", METHOD2_DEPARTURES)
def test_a_departure_of_method_2_is_found_and_named(name: str) -> None:
    change, told = METHOD2_DEPARTURES[name]
    document = copy.deepcopy(METHOD2)
    change(document)
    assert any(line.startswith(told) for line in problems(document)), problems(document)


@pytest.mark.parametrize("part", ["coercive_pressure", "alliance_cohesion", "net_balance"])
def test_what_method_2_does_not_know_is_null_and_valid(part: str) -> None:
    assert problems(changed(METHOD2, ("balance", part), None)) == []
    assert problems(changed(PARITY, ("balance", part), None)) != []


@pytest.mark.parametrize("value", [None, [], "text", 5, {}, {"meta": None}, {"meta": {"scoring_version": 1}}])
def test_what_is_no_document_at_all_has_problems_and_raises_nothing(value: Any) -> None:
    assert problems(value)


def test_existing_documents_keep_their_bytes() -> None:
    before = json.dumps(PARITY)
    problems(PARITY)
    assert json.dumps(PARITY) == before


def test_the_words_of_the_document_cost_no_pydantic() -> None:
    code = "import sys, regional_snapshots.model.snapshot as s; print('pydantic' in sys.modules, len(s.AXES))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "7"]
