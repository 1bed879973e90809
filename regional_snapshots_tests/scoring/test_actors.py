"""Who is credited with leverage, and for what (section 8 of the pipeline specification)."""

from __future__ import annotations

from typing import Any

import pytest

from regional_snapshots_tests.scoring.worlds import document, forecasts


def found(*entries: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {actor["name"]: actor for actor in document("mena", forecasts=forecasts(*entries))["actors"]}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Tehran", ["Iran"]),
        ("IRGC of Iran", ["Iran", "IRGC"]),
        ("Russia", ["Russia", "United States"]),  # "us" is found inside the word
        ("Saudi Arabia", ["Saudi Arabia"]),
        ("Saudi", []),
        ("Houthis", ["Houthis"]),
        ("prc and idf", ["China", "Israel"]),
    ],
)
def test_actors_are_found_by_plain_containment(text: str, names: list[str]) -> None:
    assert sorted(found({"caseFile": {"t": text}})) == sorted(names)


def test_each_needle_that_is_found_credits_once_more() -> None:
    actors = found({"id": "f1", "caseFile": "houthis of ansarallah"})
    assert actors["Houthis"]["leverage_score"] == 0.6  # three needles of at least five
    assert actors["Houthis"]["evidence_ids"] == ["forecast:f1"] * 3


def test_key_names_of_the_case_file_are_searched_too() -> None:
    assert list(found({"caseFile": {"hamas": 0}})) == ["Hamas"]


def test_signals_stand_in_for_a_missing_case_file_only() -> None:
    assert list(found({"caseFile": None, "signals": ["hamas"]})) == ["Hamas"]
    assert list(found({"caseFile": {}, "signals": ["hamas"]})) == []


@pytest.mark.parametrize(
    ("text", "name", "role", "domains"),
    [
        ("iran naval", "Iran", "aggressor", ["military", "maritime"]),
        ("iran oil", "Iran", "swing", ["energy"]),
        ("iran summit", "Iran", "broker", ["diplomatic"]),
        ("nato missile treaty", "NATO", "stabilizer", ["military", "diplomatic"]),
        ("hamas alliance strike", "Hamas", "aggressor", ["military", "diplomatic"]),
        ("israel sanction", "Israel", "swing", ["economic"]),
        ("israel treaty", "Israel", "broker", ["diplomatic"]),
    ],
)
def test_roles_follow_from_name_and_domains(text: str, name: str, role: str, domains: list[str]) -> None:
    actor = found({"caseFile": text})[name]
    assert (actor["role"], actor["leverage_domains"]) == (role, domains)


def test_scores_are_shares_of_half_of_all_mentions_and_ties_keep_their_order() -> None:
    entries = [{"caseFile": "nato"}] * 12 + [{"caseFile": "hamas"}, {"caseFile": "israel"}] * 2
    actors = document("mena", forecasts=forecasts(*entries))["actors"]
    assert [(actor["name"], actor["leverage_score"]) for actor in actors] == [
        ("NATO", 1.0),
        ("Hamas", 0.25),
        ("Israel", 0.25),
    ]


def test_at_most_ten_actors_and_five_evidence_ids_are_kept() -> None:
    everyone = "iran irgc russia china usa israel saudi arabia nato hezbollah hamas houthis"
    actors = document("mena", forecasts=forecasts(*({"id": i + 1, "caseFile": everyone} for i in range(9))))["actors"]
    assert len(actors) == 10
    assert {len(actor["evidence_ids"]) for actor in actors} == {5}


@pytest.mark.parametrize("identity", [None, "", 0, False, {}])
def test_a_forecast_without_an_id_is_no_evidence(identity: Any) -> None:
    assert found({"id": identity, "caseFile": "hamas"})["Hamas"]["evidence_ids"] == []


def test_evidence_ids_are_cleaned() -> None:
    assert found({"id": "a\u202e\x07\ud800b", "caseFile": "hamas"})["Hamas"]["evidence_ids"] == ["forecast:ab"]


def test_actor_ids_are_lower_case_and_joined() -> None:
    assert found({"caseFile": "washington"})["United States"]["actor_id"] == "united-states"
