"""Calibration judges each forecast by what came within its horizon, and says so where there are too few."""

from __future__ import annotations

import math

import pytest

from regional_snapshots.analysis.calibration import FEWEST, HOUR_MS, LANES, Said, calibrate, outcome, said

STEP_MS = 6 * HOUR_MS
DAY = 24 * HOUR_MS


def history(pressures, labels=None, cohesions=None, p=(0.7, 0.1, 0.1, 0.1)):
    """Snapshots six hours apart, all of them with the same probabilities at each horizon."""
    forecast = dict(zip(LANES, p, strict=True))
    return [
        Said(
            at=step * STEP_MS,
            label=labels[step] if labels else "calm",
            pressure=pressure,
            cohesion=cohesions[step] if cohesions else None,
            probabilities=dict.fromkeys(("24h", "7d", "30d"), forecast),
        )
        for step, pressure in enumerate(pressures)
    ]


def came(entries, at=0, horizon_ms=DAY):
    return outcome(entries, [entry.at for entry in entries], at, horizon_ms)


@pytest.mark.parametrize(
    ("pressures", "wanted"),
    [
        ([0.3, 0.3, 0.3, 0.3, 0.3], "base"),
        ([0.3, 0.45, 0.3, 0.3, 0.3], "escalation"),  # 0.45 - 0.3 is a little less than 0.15 in binary
        ([0.3, 0.449, 0.3, 0.3, 0.3], "base"),
        ([0.3, 0.3, 0.3, 0.3, 0.5], "escalation"),  # the end of the window belongs to it
        ([0.3, 0.3, 0.3, 0.3, 0.3, 0.9], "base"),
        ([0.3, 0.15, 0.3, 0.3, 0.3], "containment"),
        ([0.3, 0.1, 0.5, 0.3, 0.3], "escalation"),  # escalation goes first
        ([0.3, None, None, None, None], "base"),
        ([None, 0.3, 0.9, 0.3, 0.3], None),
        ([0.3, 0.9, 0.3, 0.3], None),  # the horizon has not passed
    ],
)
def test_what_came_is_told_by_the_pressure_within_the_horizon(pressures, wanted):
    assert came(history(pressures)) == wanted


def test_fragmentation_is_adopting_its_label_or_losing_cohesion():
    flat = [0.3] * 5
    fragmented = ["calm", "calm", "fragmentation_risk", "fragmentation_risk", "calm"]
    assert came(history(flat, labels=fragmented)) == "fragmentation"
    assert came(history(flat, labels=["fragmentation_risk"] * 5)) == "base"  # it was held, not adopted
    assert came(history(flat, cohesions=[0.5, 0.5, 0.3, 0.5, 0.5])) == "fragmentation"
    assert came(history(flat, cohesions=[0.5, 0.5, 0.301, 0.5, 0.5])) == "base"
    assert came(history(flat, cohesions=[None, 0.5, 0.1, 0.5, 0.5])) == "base"
    assert came(history([0.3, 0.9, 0.3, 0.3, 0.3], labels=fragmented)) == "fragmentation"


def test_scores_of_a_forecast_that_is_right_seven_times_in_ten():
    pressures = [0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.5] * 8
    [day, *_] = calibrate([history(pressures)])
    share = day.outcomes["base"] / day.n
    assert set(day.outcomes) == set(LANES)
    assert day.brier_climatology == pytest.approx(1 - sum((n / day.n) ** 2 for n in day.outcomes.values()))
    assert day.brier == pytest.approx(share * (0.09 + 0.03) + (1 - share) * (0.49 + 0.81 + 0.02))
    assert day.log_score == pytest.approx(-share * math.log(0.7) - (1 - share) * math.log(0.1))
    assert day.skill == pytest.approx(1 - day.brier / day.brier_climatology)
    assert [entry.n for entry in day.bins] == [0, 3 * day.n, 0, 0, 0, 0, 0, day.n, 0, 0]
    assert day.bins[7].observed == pytest.approx(share)
    assert day.bins[0].mean_p is None


def test_a_uniform_forecast_scores_three_quarters():
    [day, *_] = calibrate([history([0.3, 0.3, 0.6, 0.6, 0.3] * 10, p=(0.25,) * 4)])
    assert day.brier == pytest.approx(day.brier_uniform)


def test_a_certain_forecast_that_failed_still_has_a_score():
    [day, *_] = calibrate([history([0.3] * 50, p=(0.0, 1.0, 0.0, 0.0))])
    assert math.isfinite(day.log_score)
    assert day.skill is None  # only one outcome ever came: the frequencies leave nothing to be better at
    assert day.bins[9].n == day.n


def test_fewer_than_thirty_have_no_score_but_words():
    steps = FEWEST + 3  # four steps more than forecasts: the last ones' horizon has not passed
    [day, week, _] = calibrate([history([0.3] * steps)])
    assert (day.n, day.brier) == (FEWEST - 1, None)
    assert "too few" in day.remark
    assert (week.n, week.brier, week.independent) == (steps - 28, None, 1)
    [day, *_] = calibrate([history([0.3] * (steps + 1))])
    assert day.brier is not None
    assert day.remark == ""


def test_regions_are_judged_by_their_own_history():
    [day, *_] = calibrate([history([0.3] * 20), history([0.3] * 10 + [0.9] * 10)])
    assert day.n == 32
    assert day.outcomes["escalation"] == 4
    assert day.independent == 2 * 4


def test_what_a_snapshot_said_is_read_from_its_document():
    lanes = [{"name": name, "probability": 0.25} for name in LANES]
    unknown = [{"name": name, "probability": None} for name in LANES]
    document = {
        "generated_at": 7,
        "regime": {"label": "calm"},
        "balance": {"coercive_pressure": 0.2, "alliance_cohesion": None},
        "scenario_sets": [{"horizon": "24h", "lanes": lanes}, {"horizon": "7d", "lanes": unknown}],
    }
    assert said(document) == Said(7, "calm", 0.2, None, {"24h": dict.fromkeys(LANES, 0.25)})
