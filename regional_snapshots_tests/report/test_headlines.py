"""What matters now: at most five lines, the worst first."""

from __future__ import annotations

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.report.headlines import MOST_LINES, headlines
from regional_snapshots.report.story import story
from regional_snapshots_tests.report.stories import (
    DAY,
    NOW,
    SIGNALS,
    SIX_HOURS,
    crisis,
    document,
    event,
    row,
    rows,
    trigger,
    world,
)


def test_a_line_says_regime_since_when_the_worst_against_its_past_and_what_is_unknown() -> None:
    assert headlines([crisis()])[0] == (
        "MENA: escalation ladder since 06:00 (was calm), "
        "coercive pressure 0.06 → 0.80, maritime access 0.37, lowest in 28 days; 3 of 4 pressures known"
    )


def test_a_record_reaches_back_to_when_it_was_last_as_bad() -> None:
    past = [row(20, maritime_access=0.2), *rows(19)]
    assert "maritime access 0.37, lowest in 5 days" in headlines([crisis(past)])[0]


def test_when_the_regime_changed_what_moved_most_comes_first() -> None:
    now = document(label="escalation_ladder", coercive_pressure=0.94, domestic_fragility=0.65)
    line = headlines([story(now, document(at=NOW - SIX_HOURS, coercive_pressure=0.12), rows())])[0]
    assert "(was calm), coercive pressure 0.12 → 0.94, domestic fragility 0.65, highest in 28 days" in line
    later = story(now, document(at=NOW - SIX_HOURS, label="escalation_ladder", coercive_pressure=0.12), rows())
    assert "→" not in headlines([later])[0]


def test_a_past_of_hardly_any_different_values_makes_no_record() -> None:
    flat = [row(number) for number in range(112, 0, -1)]
    line = headlines([story(document(maritime_access=0.37), document(at=NOW - SIX_HOURS), flat)])[0]
    assert line == "MENA: calm, maritime access 0.97 → 0.37"


def test_a_past_that_rests_on_other_feeds_makes_no_record() -> None:
    now = document(maritime_access=0.37, missing=["supply_chain:transit-summaries:v1"])
    assert "lowest in 28 days" in headlines([story(now, None, rows())])[0]
    now["meta"]["gaps"] = {"transits": [NOW - SIX_HOURS, None]}
    assert "lowest" not in headlines([story(now, None, rows())])[0]


def test_a_calm_region_without_its_signals_is_not_told_as_calm() -> None:
    lost = document(missing=[SIGNALS])
    assert headlines([story(lost, document(at=NOW - SIX_HOURS))])[0] == "MENA: calm (signals missing since 06:00)"
    begun = event("data_loss", SIGNALS, at=NOW - DAY)
    told = story(lost, document(at=NOW - SIX_HOURS, missing=[SIGNALS]), events=[begun])
    assert headlines([told])[0] == "MENA: calm (signals missing since yesterday 06:00)"
    assert headlines([story(lost)])[0] == "MENA: calm (signals missing)"
    lost["meta"]["gaps"] = {SIGNALS: [NOW - 3 * DAY, None]}
    assert headlines([story(lost)])[0] == "MENA: calm (signals missing since 21 Sep 06:00)"


def test_a_feed_that_came_back_and_went_again_is_missing_since_it_went_again() -> None:
    turns = [event("data_loss", SIGNALS, at=NOW - 2 * DAY), event("data_restored", SIGNALS, at=NOW - DAY)]
    told = story(document(missing=[SIGNALS]), document(at=NOW - SIX_HOURS), events=turns)
    assert headlines([told])[0] == "MENA: calm (signals missing since 06:00)"


def test_a_feed_on_which_no_axis_rests_does_not_make_a_line() -> None:
    told = story(document(missing=["military:flights:v1"]), document(at=NOW - SIX_HOURS))
    assert headlines([told]) == ["1 region calm"]


def test_the_worst_comes_first_and_there_are_never_more_than_five_lines() -> None:
    labels = ("calm", "coercive_stalemate", "escalation_ladder", "stressed_equilibrium", "managed_deescalation",
              "fragmentation_risk", "undetermined", "coercive_stalemate")  # fmt: skip
    told = [
        story(document(region, label=label, net=0.1 * place, energy_vulnerability=None))
        for place, (region, label) in enumerate(zip(REGION_IDS, labels, strict=True))
    ]
    lines = headlines(told)
    assert len(lines) == MOST_LINES
    assert lines[0].startswith("Europe: escalation ladder")
    assert lines[1].startswith("Latin America: fragmentation risk")
    assert lines[3] == "Also worth a look: North America, Sub-Saharan Africa and South Asia"
    assert lines[4] == "Not known: energy vulnerability (8 regions)"


def test_regions_of_which_the_same_is_to_be_told_share_a_line() -> None:
    told = [story(document(region, capital_stress=0.6), None, rows(capital_stress=0.3)) for region in REGION_IDS]
    assert headlines(told) == ["MENA, East Asia, Europe and 5 more: calm, capital stress 0.60, highest in 28 days"]


def test_when_nothing_matters_it_says_so() -> None:
    quiet = [story(document(region), document(region, at=NOW - SIX_HOURS)) for region in REGION_IDS]
    assert headlines(quiet) == ["8 regions calm; nothing changed since the last refresh"]
    assert headlines([]) == ["No region has a snapshot yet."]


def test_what_changed_in_a_calm_region_is_told() -> None:
    told = story(document(maritime_access=0.8), document(at=NOW - SIX_HOURS))
    assert headlines([told]) == ["MENA: calm, maritime access 0.97 → 0.80"]


def test_a_new_trigger_and_a_broken_corridor_are_told() -> None:
    now = document(label="coercive_stalemate", triggers={"active": [trigger()], "watching": [], "dormant": []})
    broken = event("corridor_break", "babelm", severity="critical", before=0.79, after=0.17)
    line = headlines([story(now, document(at=NOW - SIX_HOURS), events=[broken])])[0]
    assert "Bab el-Mandeb 0.79 → 0.17, trigger red sea critical active" in line


def test_nothing_is_compared_across_methods() -> None:
    other = document(at=NOW - SIX_HOURS, label="coercive_stalemate", maritime_access=0.1)
    other["meta"]["method"] = "1.2"
    assert headlines([story(document(), other)]) == ["1 region calm"]


def test_a_hundred_regions_make_no_more_lines() -> None:
    assert headlines(world(100, label="coercive_stalemate")) == [
        "region-000, region-001, region-002 and 97 more: coercive stalemate since 06:00, domestic fragility 0.50"
    ]
