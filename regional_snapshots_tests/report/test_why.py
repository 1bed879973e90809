"""Why: in words, short first, everything on request, for documents of every method and of other programs."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from regional_snapshots.files.feed_files import SAMPLE, brought_up_to, read_directory
from regional_snapshots.model.feeds import FeedReport, Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.report.board import board
from regional_snapshots.report.headlines import headlines
from regional_snapshots.report.markup import why_text
from regional_snapshots.report.page import page
from regional_snapshots.report.pictures.history import history_picture
from regional_snapshots.report.story import Story, story
from regional_snapshots.report.why.explanation import why
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots_tests.report.stories import (
    NOW,
    SIGNALS,
    SIX_HOURS,
    document,
    driver,
    event,
    hostile_document,
    rows,
    trigger,
)

JUNK = (None, "x", True, -5, 1e300, 10**30, [], {}, [None, 3, "x", []], {"a": [1]}, "9" * 700)


def answer(told: Story, *reports: FeedReport, full: bool = False) -> list[str]:
    """The lines of the terminal, without folding."""
    return [line.strip() for line in why_text(why(told, reports), full=full, width=1000).splitlines()]


def test_an_axis_names_its_largest_contributions_with_value_weight_feed_and_age() -> None:
    parts = [
        driver("breadth", contribution=0.1, magnitude=0.5, weight=0.2),
        driver(),
        driver("forecasts", contribution=0.3),
    ]
    report = FeedReport(SIGNALS, "signals", "fresh", 12.0, 45)
    lines = answer(story(document(pressures=parts)), report)
    at = lines.index("coercive pressure (pressure) 0.06")
    assert lines[at + 1] == (
        "· +0.45 from severe signals: 3 critical, 6 high (value 1.00 × weight 0.45 of 1.10; signals, 12 min old)"
    )
    assert "forecasts, fresh" in lines[at + 2]
    assert lines[at + 3].startswith("· +0.10 from number of signals")


def test_a_stale_feed_counts_less_and_is_told_so() -> None:
    assert any(
        "signals, stale: counts 50 %" in line for line in answer(story(document(pressures=[driver(coverage=0.5)])))
    )


def test_what_was_not_measured_is_named_with_its_feed() -> None:
    told = story(document(capital_stress=None))
    assert "capital stress (pressure) not known: coverage 0 %, 50 % is needed" in answer(told)
    assert "· not measured: macro verdict (macro verdict, weight 0.25)" in answer(told, full=True)
    assert "· not measured: public debt (debts, weight 0.2)" in answer(told, full=True)


def test_a_trigger_says_its_value_and_its_distance() -> None:
    near = trigger("taiwan_tension_high", activated=False, value=0.5, distance=-0.1, threshold={"value": 0.6})
    blind = trigger("oref_cluster", activated=False, value=None, distance=None, data="none")
    lines = answer(story(document(triggers={"active": [trigger()], "watching": [near], "dormant": [blind]})), full=True)
    assert "red sea critical active since 06:00: value 0.85, 0.05 past 0.8" in lines
    assert "taiwan tension high: value 0.5, 0.1 short of 0.6" in lines
    assert "oref cluster: no data" in lines


def test_a_scenario_says_its_bounds_and_how_many_forecasts_speak_of_it() -> None:
    lanes = [
        {"name": "base", "n": 0, "low": None, "high": None, "probability": 0.258},
        {"name": "escalation", "n": 6, "low": 0.5, "high": 1.0, "point": 0.742, "probability": 0.742},
    ]
    sets = [{"horizon": "7d", "lanes": lanes}, {"horizon": "24h", "lanes": [{"name": "base", "probability": None}]}]
    lines = answer(story(document(scenario_sets=sets)), full=True)
    assert "within 7d: escalation 74 % (6 forecasts: 74 %, between 50 and 100 %), base 26 %" in lines
    assert "within 24h: no forecast speaks of it" in lines


def test_a_step_of_transmission_is_a_sentence() -> None:
    step = {
        "start": "Fewer ships pass", "mechanism": "insurance gets dearer", "end": "rates multiply", "confidence": 0.9,
        "magnitude_low": 200, "magnitude_high": 400, "magnitude_unit": "pct", "latency_hours": 12,
        "impacted_regions": ["mena", "europe"], "origin": "mena",
    }  # fmt: skip
    lines = answer(story(document("europe", transmission_paths=[step])))
    assert "Fewer ships pass → insurance gets dearer → rates multiply: 200 to 400 % within 12 h" in lines
    assert "· from MENA, confidence 90 %, reaches MENA and Europe" in lines


def test_the_short_answer_is_short_and_the_full_one_has_the_evidence() -> None:
    proof = [
        {"id": f"e{n}", "summary": f"fact {n}", "type": "news_headline", "source": "s", "observed_at": NOW}
        for n in range(30)
    ]
    told = story(document(evidence=proof))
    assert not any("fact" in line for line in answer(told))
    assert sum("fact" in line for line in answer(told, full=True)) == 30


def sample_stories() -> list[Story]:
    """All regions by method 2, of the sample feeds as if made now."""
    values, _ = read_directory(SAMPLE)
    fresh = {key: brought_up_to(NOW, value) for key, value in values.items()}
    scored = METHODS["2"].score_regions(REGION_IDS, Feeds.from_raw(fresh, NOW), {}, {}, NOW)
    return [story(each.snapshot.document) for each in scored.values()]


NUMBER = r"([0-9.]+)"


def test_every_contribution_can_be_checked_by_reading() -> None:
    checked = 0
    for told in sample_stories():
        for line in answer(told):
            shown = re.search(rf"^· [+]?{NUMBER} from .*value {NUMBER} × weight {NUMBER} of {NUMBER};", line)
            if shown:
                share, value, weight, whole = map(float, shown.groups())
                assert abs(share - value * weight / whole) < 0.0125, line
                checked += 1
    assert checked > 80


def test_the_contributions_of_an_axis_sum_to_it() -> None:
    for told in sample_stories():
        lines = answer(told)
        for axis in told.now.measured:
            at = next(n for n, line in enumerate(lines) if line.startswith(f"{axis.name.replace('_', ' ')} ("))
            rest = itertools.takewhile(lambda line: line.startswith("· "), lines[at + 1 :])
            shares = [float(line.split()[1]) for line in rest if " from " in line]
            assert axis.value is None or abs(sum(shares) - axis.value) < 0.025, lines[at]


def test_the_fragility_of_a_region_can_be_checked_by_reading() -> None:
    checked = 0
    for told in sample_stories():
        for line in answer(told):
            parts = re.search(rf"mean {NUMBER} × 0.4, 90th percentile {NUMBER} × 0.4, highest {NUMBER} × 0.2", line)
            if parts:
                mean, high, top = map(float, parts.groups())
                found = told.now.axis("domestic_fragility").value or 0.0
                assert abs(found - (0.4 * mean + 0.4 * high + 0.2 * top) / 100) < 0.002, line
                checked += 1
    assert checked == len(REGION_IDS)


def test_a_probability_outside_the_bounds_of_its_own_forecasts_says_how_it_was_shared() -> None:
    lanes = [
        {"name": "base", "probability": 0.25},
        {"name": "escalation", "n": 1, "low": 0.5, "high": 0.5, "point": 0.5, "probability": 0.375},
        {"name": "containment", "n": 1, "low": 0.5, "high": 0.5, "point": 0.5, "probability": 0.375},
    ]
    lines = answer(story(document(scenario_sets=[{"horizon": "7d", "lanes": lanes}])))
    at = lines.index("within 7d: escalation 38 % (1 forecast: 50 %), containment 38 % (1 forecast: 50 %), base 25 %")
    assert lines[at + 1] == (
        "· base is (1 - 0.50) × (1 - 0.50); escalation and containment share the rest as 0.50 : 0.50"
    )


def test_a_throughput_that_is_not_known_says_what_of_the_transits_it_lacks() -> None:
    corridor = {"id": "suez", "access": 0.7, "openness": 0.7, "throughput": None, "basis": "none"}
    here = document(corridors=[{**corridor, "today_total": 31}])
    assert (
        "· openness 0.70, throughput not known: 31 ships counted in transits, which need 20 days to be compared with"
        in answer(story(here))
    )
    assert "· openness 0.70, throughput not known: no ships counted in transits" in answer(
        story(document(corridors=[corridor]))
    )
    gone = document(corridors=[corridor], missing=["supply_chain:transit-summaries:v1"])
    assert "· openness 0.70, throughput not known: transits missing" in answer(story(gone))


def test_words_of_a_document_count_right() -> None:
    said = " ".join(line for told in sample_stories() for line in answer(told, full=True))
    assert "unknown of the usual" not in said
    assert not re.search(r"\b1 (countries|case files|forecasts|ships|regions)\b", said)
    assert not re.search(r"(Suez Canal|Strait of Hormuz): \1:", said)


def test_terminal_lines_fit_80_columns() -> None:
    assert max(map(len, why_text(why(story(hostile_document())), full=True).splitlines())) <= 80


def test_a_parity_document_is_explained_too_and_its_assumed_values_are_not_known() -> None:
    values, _ = read_directory(SAMPLE)
    scored = METHODS["1.1"].score_regions(
        REGION_IDS, Feeds.from_raw({**values, "risk:scores:sebuf:stale:v8": None}, NOW), {}, {}, NOW
    )
    told = [story(each.snapshot.document) for each in scored.values()]
    assert all(each.now.axis("domestic_fragility").value is None for each in told)
    assert "domestic fragility (pressure) not known" in answer(told[0])
    assert any("Cross-source signals" in line for line in answer(told[0]))
    assert headlines(told)[-1].startswith("Not known: domestic fragility (8 regions)")


def test_a_region_without_corridors_does_not_lack_maritime_access() -> None:
    values, _ = read_directory(SAMPLE)
    scored = METHODS["1.1"].score_regions(["south-asia"], Feeds.from_raw(values, NOW), {}, {}, NOW)
    told = story(scored["south-asia"].snapshot.document)
    assert not told.now.axis("maritime_access").applicable
    assert "maritime access" not in " ".join(answer(told))


def broken(document: dict[str, Any], depth: int = 4, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of a document's members, down to a depth."""
    value: Any = document
    for step in path:
        value = value[step]
    keys = list(value) if isinstance(value, dict) else range(min(len(value), 1)) if isinstance(value, list) else ()
    for key in keys:
        yield (*path, key)
        if depth > 1:
            yield from broken(document, depth - 1, (*path, key))


@pytest.mark.parametrize("turn", range(3))
def test_whatever_a_foreign_document_holds_is_shown_or_left_out(turn: int) -> None:
    past = {"coercive_pressure": {"n": 40, "z": 4, "median": 0.1, "p10": 0.1, "p90": 0.2}}
    whole = hostile_document() | {"baseline": past}
    for number, path in enumerate(broken(whole)):
        damaged = copy.deepcopy(whole)
        place = damaged
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = JUNK[(number + 4 * turn) % len(JUNK)]
        told = story(damaged, document(at=NOW - SIX_HOURS), rows(8), [event()])
        headlines([told])
        history_picture(told)
        why_text(why(told), full=True)
        if len(path) == 1:
            page([told], board(()), NOW)
