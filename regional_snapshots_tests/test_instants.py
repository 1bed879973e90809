"""Times and regions as people write them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from regional_snapshots.commands.shared.instants import instant_ms
from regional_snapshots.commands.shared.parameters import nearest_region

NOW = datetime(2026, 8, 22, 12, 30, tzinfo=timezone.utc)


def ms(*parts: int) -> int:
    """Milliseconds of an instant, UTC."""
    return int(datetime(*parts, tzinfo=timezone.utc).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2h", ms(2026, 8, 22, 10, 30)),
        ("90 min", ms(2026, 8, 22, 11, 0)),
        ("1.5 hours ago", ms(2026, 8, 22, 11, 0)),
        ("1d6h", ms(2026, 8, 21, 6, 30)),
        ("1d 6h ago", ms(2026, 8, 21, 6, 30)),
        ("2w", ms(2026, 8, 8, 12, 30)),
        ("Yesterday 18:00", ms(2026, 8, 21, 18, 0)),
        ("yesterday at 6:05", ms(2026, 8, 21, 6, 5)),
        ("today", ms(2026, 8, 22)),
        ("now", ms(2026, 8, 22, 12, 30)),
        ("2026", ms(2026, 1, 1)),
        ("2026-05", ms(2026, 5, 1)),
        ("2026-05-28", ms(2026, 5, 28)),
        ("2026-05-28T16:00Z", ms(2026, 5, 28, 16)),
        ("2026-05-28T18:00+02:00", ms(2026, 5, 28, 16)),
        ("1779984000000", 1_779_984_000_000),
        ("999999w", 0),
    ],
)
def test_a_time_is_taken_as_people_mean_it(text: str, instant: int) -> None:
    assert instant_ms(text, int(NOW.timestamp() * 1000)) == instant


NO_TIMES = """²|٢٠٢٦|yesteryear|yesterday 24:00|today 12:60|20260528|2026-02-30|2026-13|-2h|2x|5 months|h|1..5h|99999"""


@pytest.mark.parametrize("text", ["", "9" * 17, "9" * 40 + "h", *NO_TIMES.split("|")])
def test_what_is_no_time_is_refused(text: str) -> None:
    assert instant_ms(text, int(NOW.timestamp() * 1000)) is None


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Mena", "mena"),
        ("meena", "mena"),
        ("middle east", "mena"),
        ("afrika", "sub-saharan-africa"),
        ("Latin America", "latam"),
        ("east_asia", "east-asia"),
        ("northamerica", "north-america"),
        ("globe", "global"),
        ("atlantis", None),
        ("", None),
    ],
)
def test_the_region_that_was_meant_is_proposed(text: str, region: str | None) -> None:
    assert nearest_region(text) == region
