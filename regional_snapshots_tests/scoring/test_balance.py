"""Axes of the balance at their boundaries (sections 6.1 to 6.8 of the pipeline specification)."""

from __future__ import annotations

from typing import Any

import pytest

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.snapshot import BUFFERS, PRESSURES
from regional_snapshots.scoring.parity.blocks import balance
from regional_snapshots_tests.scoring.worlds import chokepoint, document, forecasts, many_signals, scope, signals


def axis(name: str, region: str = "mena", **payloads: Any) -> float:
    return document(region, **payloads)["balance"][name]


def drivers(name: str, region: str = "mena", **payloads: Any) -> list[tuple[float, list[str]]]:
    block = document(region, **payloads)["balance"]
    listed = block["pressures"] + block["buffers"]
    return [(item["magnitude"], item["evidence_ids"]) for item in listed if item["axis"] == name]


@pytest.mark.parametrize(
    ("critical", "high", "other", "score"),
    [
        (0, 0, 0, 0.0),
        (0, 0, 50, 0.25),
        (0, 0, 51, 0.25),
        (1, 0, 0, 0.125),
        (0, 1, 0, 0.05),
        (3, 0, 0, 0.315),
        (0, 7, 0, 0.335),
        (41, 0, 0, 0.505),
    ],
)
def test_coercion_counts_signals_by_severity_and_number(critical: int, high: int, other: int, score: float) -> None:
    assert axis("coercive_pressure", signals=many_signals(critical, high, other)) == score


def test_a_severity_can_count_as_critical_and_as_high() -> None:
    both = signals({"theater": "Red Sea", "severity": "highly-Critical"})
    assert axis("coercive_pressure", signals=both) == pytest.approx(0.3 * 0.55 + 0.25 * 0.02)


@pytest.mark.parametrize(("count", "score"), [(1, 0.03), (5, 0.15), (6, 0.15)])
def test_coercion_counts_rising_military_forecasts_up_to_five(count: int, score: float) -> None:
    entries = [{"trend": "Escalating", "domain": "MILITARY"}] * count
    assert axis("coercive_pressure", forecasts=forecasts(*entries)) == score


@pytest.mark.parametrize("entry", [{"trend": "stable", "domain": "military"}, {"trend": "rising", "domain": "market"}])
def test_other_forecasts_exert_no_pressure(entry: dict[str, Any]) -> None:
    assert axis("coercive_pressure", forecasts=forecasts(entry)) == 0


def test_the_signal_driver_names_the_first_five_signals_even_without_ids() -> None:
    listed = signals(
        {"theater": "mena", "severity": "critical"},
        {"theater": "mena", "type": "T"},
        {"theater": "mena", "type": ""},
        *({"theater": "mena", "id": i} for i in range(5)),
    )
    assert drivers("coercive_pressure", signals=listed) == [(0.4, ["xss:unknown", "xss:T", "xss:", "0", "1"])]


def test_low_signals_give_no_driver() -> None:
    assert drivers("coercive_pressure", signals=many_signals(0, 0, 9)) == []


@pytest.mark.parametrize(
    ("scores", "fragility"),
    [
        ({}, 0.0),
        ({"IR": 50}, 0.5),
        ({"IR": 250}, 1.0),
        ({"IR": -5}, 0.0),
        ({"IR": 100, "PS": 0}, 0.868),  # base 100/130, 90th percentile 0.9, maximum 1
        ({"IR": "50"}, 0.5),
        ({"FR": 90}, 0.0),
    ],
)
def test_fragility_weighs_base_ninetieth_percentile_and_maximum(scores: dict[str, Any], fragility: float) -> None:
    rows = {"ciiScores": [{"region": iso2, "combinedScore": score} for iso2, score in scores.items()]}
    assert axis("domestic_fragility", country_scores=rows) == fragility


def test_a_country_that_is_listed_twice_counts_twice() -> None:
    rows = [{"region": "IR", "combinedScore": score} for score in (0, 0, 100)]
    once = axis("domestic_fragility", country_scores={"ciiScores": rows[1:]})
    twice = axis("domestic_fragility", country_scores={"ciiScores": rows})
    assert (once, twice) == (0.76, 0.653)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([("IR", 30)], []),
        ([("IR", 31)], [(0.31, ["cii:IR"])]),
        ([("PS", 90), ("IR", 27)], [(0.27, ["cii:PS"])]),  # 0.9 * 0.3 ties with 0.27 * 1.0: the first wins
        ([("IR", 27), ("PS", 90)], []),
    ],
)
def test_the_fragility_driver_is_the_top_country_above_thirty(scores: list[Any], expected: list[Any]) -> None:
    rows = {"ciiScores": [{"region": iso2, "combinedScore": score} for iso2, score in scores]}
    assert drivers("domestic_fragility", country_scores=rows) == expected


@pytest.mark.parametrize(
    ("verdict", "score"),
    [("CASH", 0.25), ("cash", 0.25), ("BUY", 0.0), ("UNKNOWN", 0.125), (" CASH", 0.125), (None, 0.125)],
)
def test_the_macro_verdict_weighs_a_quarter(verdict: str | None, score: float) -> None:
    assert axis("capital_stress", macro_verdict={"verdict": verdict}) == score


@pytest.mark.parametrize(
    ("values", "score", "driven"),
    [
        ([60], 0.125, False),
        ([140], 0.325, True),
        ([200], 0.325, True),
        ([92], 0.205, False),  # exactly 0.4: not above
        ([92.1], 0.205, True),
        ([60, 140], 0.225, True),
        (["100"], 0.225, True),
        (["n/a"], 0.125, False),
    ],
)
def test_debt_counts_from_sixty_percent_on(values: list[Any], score: float, driven: bool) -> None:
    entries = {"entries": [{"iso3": "IRN", "debtToGdp": value} for value in values]}
    assert axis("capital_stress", debts=entries) == score
    assert bool(drivers("capital_stress", debts=entries)) is driven


@pytest.mark.parametrize(("iso3", "counts"), [("IRN", True), ("irn", False), ("FRA", False), ("XXX", False)])
def test_debt_is_placed_by_the_upper_case_alpha_3_code(iso3: str, counts: bool) -> None:
    entries = {"entries": [{"iso3": iso3, "debtToGdp": 140}]}
    assert (axis("capital_stress", debts=entries) > 0.2) is counts


@pytest.mark.parametrize(("score", "stress", "driven"), [(50, 0.275, False), (50.1, 0.275, True), (200, 0.425, True)])
def test_the_stress_index_is_the_same_everywhere(score: float, stress: float, driven: bool) -> None:
    for region in REGION_IDS:
        assert axis("capital_stress", region, stress={"compositeScore": score}) == stress
        assert bool(drivers("capital_stress", region, stress={"compositeScore": score})) is driven


@pytest.mark.parametrize(
    ("mix", "gas", "reserve", "score", "driven"),
    [
        ({"FR": {"importShare": 90}}, None, None, 0.0, False),  # no country of the region: gas and reserve are ignored
        ({"IR": None}, None, None, 0.125, False),
        ({"IR": {"importShare": None}}, 0, 0, 0.5, False),
        ({"IR": {"importShare": 40}}, 80, 90, 0.2, False),  # exactly 0.4
        ({"IR": {"importShare": 41}}, 80, 90, 0.205, True),
        ({"IR": {"importShare": 120}, "IL": {"importShare": -20}}, 100, 120, 0.25, True),
        ({"IR": {"importShare": "55"}, "IL": {"importShare": None}}, 40, 45, 0.525, True),
        ({"IR": {"importShare": "much"}}, 80, 90, 0.0, False),
    ],
)
def test_energy_vulnerability_weighs_imports_gas_and_reserve(
    mix: Any, gas: float | None, reserve: float | None, score: float, driven: bool
) -> None:
    payloads = {"energy_mix": mix}
    if gas is not None:
        payloads |= {
            "gas_fill": {"months": [{"fillPct": 1}, {"fillPct": gas}]},
            "days_of_cover": {"daysOfCover": reserve},
        }
    assert axis("energy_vulnerability", **payloads) == score
    assert bool(drivers("energy_vulnerability", **payloads)) is driven


@pytest.mark.parametrize(
    ("count", "score", "driven"), [(0, 0.3, 0), (1, 0.38, 0), (2, 0.46, 1), (5, 0.7, 1), (9, 0.7, 1)]
)
def test_alliance_cohesion_counts_case_files_that_speak_of_alliances(count: int, score: float, driven: int) -> None:
    entries = forecasts(*({"caseFile": {"Coalition": 1}} for _ in range(count)), {"caseFile": "calm"})
    assert axis("alliance_cohesion", forecasts=entries) == score
    assert len(drivers("alliance_cohesion", forecasts=entries)) == driven


@pytest.mark.parametrize(
    ("level", "score"),
    [
        ("war_zone", 0.333),
        ("CRITICAL", 0.453),
        ("high", 0.573),
        ("elevated", 0.693),
        ("normal", 0.933),
        ("odd", 0.753),
        ("", 0.753),
    ],
)
def test_maritime_access_weighs_threat_and_throughput(level: str, score: float) -> None:
    assert axis("maritime_access", chokepoints=chokepoint("suez", threatLevel=level)) == score


@pytest.mark.parametrize(
    ("change", "score"), [(20, 1.0), (50, 1.0), (-100, 0.6), (-200, 0.6), (-40, 0.8), ("-40", 0.8)]
)
def test_throughput_runs_from_no_ships_to_a_fifth_more_than_last_week(change: Any, score: float) -> None:
    traffic = {"summaries": {"suez": {"wowChangePct": change}}}
    assert axis("maritime_access", chokepoints=chokepoint("suez", threatLevel="normal"), transits=traffic) == score


def test_of_duplicate_chokepoints_the_last_counts() -> None:
    listed = {"chokepoints": [{"id": "suez", "threatLevel": word} for word in ("war_zone", "normal")]}
    assert axis("maritime_access", chokepoints=listed) == 0.933


@pytest.mark.parametrize(
    ("chokepoint_id", "regions"),
    [
        ("babelm", {"mena", "sub-saharan-africa"}),
        ("panama", {"north-america", "latam"}),
        ("danish", {"europe"}),
        ("malacca", {"east-asia"}),
        ("gibraltar", set()),
    ],
)
def test_corridors_belong_to_the_regions_whose_theaters_hold_or_claim_them(
    chokepoint_id: str, regions: set[str]
) -> None:
    closed = chokepoint(chokepoint_id, threatLevel="war_zone")
    assert {region for region in REGION_IDS if axis("maritime_access", region, chokepoints=closed) != 0.7} == regions


@pytest.mark.parametrize(("level", "driven"), [("elevated", False), ("high", True), ("odd", False)])
def test_a_corridor_is_a_driver_from_high_threat_on(level: str, driven: bool) -> None:
    found = drivers("maritime_access", chokepoints=chokepoint("hormuz", threatLevel=level))
    assert found == ([(0.6, ["chokepoint:hormuz"])] if driven else [])


@pytest.mark.parametrize(
    ("region", "score", "producers"),
    [
        ("mena", 1.0, "AE IQ IR KW QA SA"),
        ("north-america", 0.9, "CA MX US"),
        ("europe", 0.6, "NO RU"),
        ("latam", 0.6, "BR VE"),
        ("east-asia", 0.6, "AU"),
        ("sub-saharan-africa", 0.6, "NG"),
        ("south-asia", 0.0, ""),
        ("global", 0.0, ""),
    ],
)
def test_energy_leverage_depends_on_the_producers_alone(region: str, score: float, producers: str) -> None:
    assert axis("energy_leverage", region) == score
    named = [identity for _, ids in drivers("energy_leverage", region) for identity in ids]
    assert named == [f"producer:{iso2}" for iso2 in producers.split()]


def test_net_balance_is_mean_buffer_less_mean_pressure() -> None:
    scores = dict.fromkeys(BUFFERS, 0.9) | dict.fromkeys(PRESSURES, 0.4)
    assert balance.net_balance(scores) == pytest.approx(0.5)
    assert balance.balance(scope("mena"), balance.energy_vulnerability)["net_balance"] == 0.635
