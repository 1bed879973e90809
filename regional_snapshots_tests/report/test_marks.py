"""Whoever shows numbers that rest on samples or on stale feeds says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.narrative.brief import template_brief, week_of
from regional_snapshots.report.headlines import headline, headlines
from regional_snapshots.report.markup import why_text
from regional_snapshots.report.pictures.history import history_picture
from regional_snapshots.report.pictures.map import map_picture
from regional_snapshots.report.pictures.world import world_picture
from regional_snapshots.report.standing import standing
from regional_snapshots.report.story import Story
from regional_snapshots.report.why.card import card
from regional_snapshots.report.why.explanation import why
from regional_snapshots_tests.report.stories import NOW, document

STALE = FEEDS[4]
"""The signals."""


def brief(told: Story) -> str:
    """The text of the template brief."""
    latest = document(scenario_sets=[]) | dict(told.now.document)
    return str(template_brief(week_of("mena", NOW, latest, (), ())).document)


PLACES: dict[str, Callable[[Story], str]] = {
    "headline": headline,
    "the five lines": lambda told: " ".join(headlines([told])),
    "card": lambda told: " ".join(f"{name} {value}" for name, value in card(told.now.document)),
    "why": lambda told: why_text(why(told)),
    "world picture": lambda told: world_picture([told]).title,
    "map": lambda told: map_picture([told]).title,
    "history picture": lambda told: history_picture(told).title,
    "brief": brief,
}


def told(**meta: Any) -> Story:
    """A calm region of which these members of ``meta`` are as given."""
    made = document()
    made["meta"] |= meta
    return Story(standing(made))


@pytest.mark.parametrize("place", PLACES)
def test_samples_and_stale_feeds_are_named_wherever_numbers_are(place: str) -> None:
    show = PLACES[place]
    assert "sample" not in show(told())
    assert "stale" not in show(told(stale_inputs=[])).lower().replace("stalemate", "").replace("stale feeds none", "")
    assert "sample" in show(told(sample=True))
    assert "stale" in show(told(stale_inputs=[STALE.key])).lower().replace("stalemate", "")


def test_a_card_says_what_is_not_known() -> None:
    rows = dict(card(document(coercive_pressure=None, net=None)))
    assert rows["net balance"] == "not known"
    assert "coercive pressure not known" in rows["pressures"]
    assert dict(card({}))["generated"].startswith("1970-01-01")
