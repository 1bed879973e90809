"""Edition 1.2: energy vulnerability from observed import dependency, one case for each rule of its table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from regional_snapshots.model.document import problems
from regional_snapshots.model.feeds import DATA_KEYS, ENERGY_DEPENDENCY, Feeds, keys_of, member_keys_of
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.scoring.methods import METHODS

NOW = 1_787_400_000_000
INDEX, COMPANION = "resilience:static:index:v1", "seed-meta:resilience:static"
GAS, RESERVE, MIX = "economic:eu-gas-storage:v1", "economic:spr:v1", "energy:mix:v1:_all"
STORES = {GAS: {"months": [{"fillPct": 40}]}, RESERVE: {"daysOfCover": 45}}
"""Storage 1 - 0.4/0.8 = 0.5, reserves 1 - 45/90 = 0.5."""


def observation(value: Any, year: Any = 2023, source: Any = "worldbank") -> dict[str, Any]:
    return {"value": value, "year": year, "source": source}


def sources(members: dict[str, Any], **more: Any) -> dict[str, Any]:
    documents = {f"resilience:static:{code}": document for code, document in members.items()}
    return {**STORES, INDEX: {"countries": list(members), "seededAt": NOW}, **documents, **more}


def document(region: str, documents: dict[str, Any], metas: dict[str, Any] | None = None) -> dict[str, Any]:
    method = METHODS["1.2"]
    feeds = Feeds.parse(documents, metas or {}, NOW, energy=method.energy_feed)
    found = method.score_regions([region], feeds, {}, {}, NOW)[region].snapshot.document
    assert problems(found, REGION_IDS) == []
    return found


def axis(members: dict[str, Any], region: str = "europe") -> float:
    return document(region, sources(members))["balance"]["energy_vulnerability"]


def test_the_share_is_the_mean_dependency_of_the_observed_countries() -> None:
    members = {
        "DE": {"iea": {"energyImportDependency": observation(60)}},
        "NO": {"iea": {"energyImportDependency": observation(-500, source="eurostat")}},  # an exporter counts as 0
        "FR": {"iea": {}},
        "US": {"iea": {"energyImportDependency": observation(99)}},  # another region's
    }
    assert axis(members) == pytest.approx(0.5 * 0.3 + 0.25 * 0.5 + 0.25 * 0.5)


def test_the_top_level_counts_where_the_agency_says_nothing() -> None:
    assert axis({"DE": {"energyImportDependency": observation(60)}}) == pytest.approx(0.5 * 0.6 + 0.25)
    both = {"iea": {"energyImportDependency": observation(80)}, "energyImportDependency": observation(60)}
    assert axis({"DE": both}) == pytest.approx(0.5 * 0.8 + 0.25)
    unfit = {"iea": {"energyImportDependency": observation(None)}, "energyImportDependency": observation(60)}
    assert axis({"DE": unfit}) == pytest.approx(0.5 * 0.6 + 0.25)


@pytest.mark.parametrize(
    "entry",
    [
        observation("60"),
        observation(None),
        observation(True),
        observation(float("inf")),
        observation(60, year=0),
        observation(60, year=-2020),
        observation(60, year=2020.5),
        observation(60, year="2020"),
        observation(60, year=True),
        observation(60, source="iea"),
        observation(60, source=None),
        {"value": 60},
        60,
        [],
    ],
)
def test_anything_but_an_observation_is_ignored_and_said(entry: Any) -> None:
    members = {"DE": {"iea": {"energyImportDependency": entry}}, "FR": {"energyImportDependency": observation(60)}}
    assert axis(members) == pytest.approx(0.5 * 0.6 + 0.25)
    [report] = [
        item for item in Feeds.parse(sources(members), {}, NOW, energy="dependency").report if item.key == INDEX
    ]
    assert (report.used, sum(count for _, count in report.rejected)) == (1, 1)


@pytest.mark.parametrize("region", REGION_IDS)
def test_without_an_observation_stores_alone_decide_and_never_an_early_0(region: str) -> None:
    assert document(region, STORES)["balance"]["energy_vulnerability"] == 0.5
    assert document(region, {})["balance"]["energy_vulnerability"] == 0.5 * 0.5  # unknown storage counts half


def test_a_country_that_the_index_does_not_list_is_not_read() -> None:
    documents = sources({"DE": {"energyImportDependency": observation(60)}})
    documents[INDEX]["countries"] = []
    assert document("europe", documents)["balance"]["energy_vulnerability"] == 0.5


def test_documents_may_be_in_their_envelopes() -> None:
    member = {"_seed": {"fetchedAt": NOW}, "data": {"energyImportDependency": observation(60)}}
    documents = sources({"DE": member})
    documents[INDEX] = {"_seed": {"fetchedAt": NOW}, "data": documents[INDEX]}
    assert document("europe", documents)["balance"]["energy_vulnerability"] == pytest.approx(0.55)


def test_its_driver_names_the_dependency_as_evidence() -> None:
    pressures = document("europe", sources({"DE": {"energyImportDependency": observation(60)}}))["balance"]["pressures"]
    [driver] = [item for item in pressures if item["axis"] == "energy_vulnerability"]
    assert (driver["magnitude"], driver["evidence_ids"]) == (0.6, ["resilience:static:energy-import:v1"])
    pressures = document("europe", sources({"DE": {"energyImportDependency": observation(40)}}))["balance"]["pressures"]
    assert [item for item in pressures if item["axis"] == "energy_vulnerability"] == []


def test_the_index_takes_the_place_of_the_mix_in_every_list() -> None:
    meta = document("europe", {})["meta"]
    assert meta["missing_inputs"] == [INDEX if key == MIX else key for key in DATA_KEYS]
    assert (meta["method"], meta["scoring_version"]) == ("1.2", "1.2.0")


@pytest.mark.parametrize(("minutes", "stale"), [(576_000, False), (576_001, True)])
def test_its_companion_says_how_old_it_is(minutes: int, stale: bool) -> None:
    documents = {INDEX: {"countries": []}}
    meta = document("europe", documents, {COMPANION: {"fetchedAt": NOW - minutes * 60_000}})["meta"]
    assert (INDEX in meta["stale_inputs"]) == stale


def test_one_reading_has_the_documents_of_all_countries_in_one_batch_more() -> None:
    keys, members = keys_of("dependency"), member_keys_of("dependency")
    assert {INDEX, COMPANION} < set(keys)
    assert MIX not in keys
    assert "resilience:static:DE" in members
    assert not set(keys) & set(members)
    assert member_keys_of("mix") == ()


def test_raw_documents_read_as_decoded_ones() -> None:
    decoded = sources({"DE": {"energyImportDependency": observation(60)}})
    raw = {key: json.dumps(value).encode() for key, value in decoded.items()}
    one, other = Feeds.parse(decoded, {}, NOW, energy="dependency"), Feeds.from_raw(raw, NOW, energy="dependency")
    assert one.energy_mix == other.energy_mix == {"DE": 60.0}
    assert Feeds.from_raw({**raw, "resilience:static:DE": b"{"}, NOW, energy="dependency").energy_mix == {}


def test_of_two_feeds_the_newer_that_has_shares_is_read() -> None:
    mix = {"fetchedAt": NOW - 1000, "DE": {"importShare": 10}}
    observed = sources({"DE": {"energyImportDependency": observation(60)}}, **{MIX: mix})

    def read(documents: dict[str, Any]) -> tuple[str, float | None]:
        feeds = Feeds.parse(documents, {}, NOW, energy="either")
        [report] = [item for item in feeds.report if item.name == ENERGY_DEPENDENCY.name]
        return report.key, feeds.energy_mix.get("DE")

    assert read(observed) == (INDEX, 60)
    assert read({**observed, MIX: {**mix, "fetchedAt": NOW + 1000}}) == (MIX, 10)
    assert read({**observed, MIX: {"fetchedAt": NOW + 1000, "DE": {"importShare": None}}}) == (INDEX, 60)
    assert read({**observed, INDEX: {"countries": [], "seededAt": NOW}}) == (MIX, 10)
    assert read({INDEX: {"countries": []}})[0] == INDEX
    assert read({})[0] == MIX
