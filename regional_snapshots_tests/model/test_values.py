"""Numbers, texts and instants as feeds give them (sections 1 and 4 of the pipeline specification)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from regional_snapshots.model.instants import parse_date, stated_time
from regional_snapshots.model.values import as_text, clean, clip, number, percentile, round3, total, weighted_mean


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (5, 5),
        (-0.5, -0.5),
        ("55", 55),
        ("-1.5e2", -150),
        (".5", 0.5),
        ("5 %", None),
        ("", None),
        ("0x10", None),
        ("NaN", None),
        ("1e400", None),
        (math.nan, None),
        (math.inf, None),
        pytest.param(10**400, None, id="huge"),
        (1e300, None),
        (True, None),
        (None, None),
        ([], None),
        ({}, None),
        pytest.param("9" * 100_000, None, id="many digits"),
    ],
)
def test_a_number_is_a_json_number_or_text_that_is_wholly_one(given: Any, found: float | None) -> None:
    assert number(given) == found


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("a", "a"),
        (5, "5"),
        (5.0, "5"),
        (0.5, "0.5"),
        (True, "true"),
        (None, None),
        ([], None),
        pytest.param(10**5000, None, id="huge"),
    ],
)
def test_scalars_have_a_text_and_containers_have_none(given: Any, text: str | None) -> None:
    assert as_text(given) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("plain text", "plain text"),
        ("  a \t\n b\u2028c ", "a b c"),
        ("<script>x</script>", "scriptx/script"),
        ("a\u200bb\ufeffc\x00d", "abcd"),
        ("a\x07\x1b[31mb\x85c", "a[31mbc"),
        ("a\u202eb\u2066c\u200fd", "abcd"),
        ("a\ud800b\udfffc", "abc"),
        ("\U0001f600é", "\U0001f600é"),
        (None, ""),
        ({}, ""),
        (7, "7"),
    ],
)
def test_cleaned_text_holds_nothing_invisible_or_dangerous(given: Any, text: str) -> None:
    assert clean(given) == text
    assert clean(text) == text


def test_cleaned_text_is_cut_between_characters() -> None:
    assert clean("\U0001f600" * 600) == "\U0001f600" * 500
    assert clean("x" * 1_000_000, 60) == "x" * 60


@pytest.mark.parametrize(
    ("given", "rounded"),
    [(0.0005, 0.001), (0.00049, 0.0), (-0.0004, 0.0), (-0.0005, 0.0), (-0.1235, -0.123), (0.2875, 0.288), (1, 1.0)],
)
def test_halves_are_rounded_up_and_zero_has_no_sign(given: float, rounded: float) -> None:
    assert round3(given) == rounded
    assert math.copysign(1, round3(-0.0001)) == 1


@pytest.mark.parametrize(
    ("given", "clipped"), [(-1, 0.0), (0.3, 0.3), (2, 1.0), (math.nan, 0.0), (math.inf, 0.0), (-math.inf, 0.0)]
)
def test_clipping_holds_values_and_drops_what_is_not_finite(given: float, clipped: float) -> None:
    assert clip(given) == clipped


@pytest.mark.parametrize(
    ("values", "found"),
    [([], 0.0), ([0.4], 0.4), ([1, 0], 0.9), ([0, 0.5, 1], 0.9), ([0.1] * 5, 0.1), (range(11), 9.0)],
)
def test_the_percentile_interpolates_between_ranks(values: Any, found: float) -> None:
    assert percentile(values, 90) == pytest.approx(found)


def test_sums_run_left_to_right_on_every_python() -> None:
    assert total([0.1] * 10) == 0.9999999999999999
    assert weighted_mean([(1, 0.0)]) == 0
    assert weighted_mean([(1, 3.0), (0, 1.0)]) == 0.75


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-08-22T12:00:00.000Z", 1_787_400_000_000),
        ("2026-08-22T12:00:00Z", 1_787_400_000_000),
        ("2026-08-22T14:00+02:00", 1_787_400_000_000),
        ("2026-08-22T12:00:00", 1_787_400_000_000),
        ("2026-08-22T12:00:00.123456789Z", 1_787_400_000_123),
        ("2026-08-22T12:00:00.5Z", 1_787_400_000_500),
        ("2026-08-22", 1_787_356_800_000),
        ("Sat, 22 Aug 2026 12:00:00 GMT", 1_787_400_000_000),
        ("22 Aug 2026 14:00:00 +0200", 1_787_400_000_000),
        ("2026-13-01", None),
        ("2026-02-30", None),
        ("2026-08-22T25:00:00Z", None),
        ("2026-08-22T12:00:00+99:00", None),
        ("August 22, 2026", None),
        ("1787400000000", None),
        ("22 Foo 2026 12:00 GMT", None),
        ("yesterday", None),
        ("", None),
        pytest.param("2" * 1_000_000, None, id="long"),
    ],
)
def test_dates_are_iso_or_rfc_1123_and_nothing_laxer(text: str, instant: int | None) -> None:
    assert parse_date(text) == instant


@pytest.mark.parametrize(
    ("payload", "time"),
    [
        ({"fetchedAt": 5}, 5),
        ({"seededAt": 7, "generatedAt": 6}, 6),
        ({"fetchedAt": "soon", "timestamp": "1970-01-01"}, 0),
        ({"fetchedAt": None, "generatedAt": True, "timestamp": [], "seededAt": -3}, -3),
        ({"fetchedAt": math.nan, "seededAt": 10**400}, None),
        ({"persistedAt": 5}, None),
        ([{"fetchedAt": 5}], None),
        (None, None),
    ],
)
def test_the_first_readable_field_states_the_time(payload: Any, time: float | None) -> None:
    assert stated_time(payload) == time
