"""Too little known means nothing published, and the message names what is missing."""

from __future__ import annotations

import pytest

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.scoring.withholding import CRUCIAL, withheld_because
from regional_snapshots_tests.scoring.happenings.lives import NAMES, NOW, sample_world, without

OTHERS = tuple(name for name in NAMES if name not in CRUCIAL)


def because(*gone: str, limit: float = 0.0) -> str:
    documents = without(sample_world(), *gone)
    return withheld_because(Feeds.parse(documents, documents, NOW), limit)


def test_one_fresh_feed_of_seventeen_is_too_little() -> None:
    assert because(*(name for name in NAMES if name != "stress"))


def test_a_full_world_is_published_however_stale() -> None:
    assert because() == ""


@pytest.mark.parametrize("left", CRUCIAL)
def test_one_of_the_three_crucial_feeds_is_enough(left: str) -> None:
    assert because(*(name for name in CRUCIAL if name != left)) == ""


def test_without_all_three_crucial_feeds_nothing_is_published() -> None:
    text = because(*CRUCIAL)
    assert text.startswith("signals, forecasts and country_scores are all missing; 3 of 17 feeds are missing (")


def test_where_no_feed_is_there_none_is_named() -> None:
    assert because(*NAMES) == "all 17 feeds are missing"


@pytest.mark.parametrize(("present", "published"), [(9, True), (8, False)])
def test_nine_feeds_are_needed(present: int, published: bool) -> None:
    gone = OTHERS[: len(NAMES) - present]
    text = because(*gone)
    assert (text == "") is published
    assert published or all(name in text for name in gone)


def test_the_operators_own_limit_is_on_top() -> None:
    confidence = Feeds.parse(sample_world(), sample_world(), NOW).confidence
    assert because(limit=confidence) == ""
    assert "below" in because(limit=min(1.0, confidence + 0.01))
    assert ": 0 of 17 feeds are missing, " in because(limit=1.1)
