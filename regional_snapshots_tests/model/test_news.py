"""Why a regime changed: the axes that moved; where none did, the rule that decided."""

from __future__ import annotations

from typing import Any

import pytest

from regional_snapshots.model.document.words import REGIME_ENDS, REGIME_LABELS, REGIME_RULES, UNDETERMINED
from regional_snapshots.model.news import moves_in_words
from regional_snapshots_tests.report.stories import NOW, SIX_HOURS, document

NO_MOVE = "no axis moved since the snapshot before: "


def before(label: str, pending: str = "", **axes: float) -> dict[str, Any]:
    found = document(at=NOW - SIX_HOURS, label=label, **axes)
    found["regime"]["pending"] = {"label": pending, "since": NOW - SIX_HOURS} if pending else None
    return found


def test_the_axes_that_moved_are_named() -> None:
    assert moves_in_words(document(coercive_pressure=0.94), before("calm")) == "coercive pressure 0.06 → 0.94"


def test_where_no_axis_moved_the_rule_is_named_and_that_it_was_asked_for_twice() -> None:
    easing = document(label="managed_deescalation", coercive_pressure=0.45)
    asked = before("escalation_ladder", "managed_deescalation", coercive_pressure=0.45)
    twice = f"{REGIME_RULES['managed_deescalation']}, in the second snapshot running"
    assert moves_in_words(easing, asked) == NO_MOVE + twice
    assert moves_in_words(document(), before("coercive_stalemate")) == NO_MOVE + "coercive pressure is below 0.45"
    assert moves_in_words(document(), before("managed_deescalation")) == NO_MOVE + "coercive pressure is below 0.20"
    high, was = document(coercive_pressure=0.3), before("managed_deescalation", coercive_pressure=0.3)
    assert moves_in_words(high, was) == NO_MOVE + REGIME_ENDS["managed_deescalation"]


@pytest.mark.parametrize("label", [*REGIME_LABELS, UNDETERMINED])
def test_every_regime_has_a_rule_and_every_other_than_calm_an_end(label: str) -> None:
    assert label in REGIME_RULES
    assert label == "calm" or label in REGIME_ENDS


def test_the_methods_without_memory_have_no_rule_that_looks_back() -> None:
    old = document()
    old["meta"]["method"] = "1.1"
    assert moves_in_words(old, before("coercive_stalemate")) == "no axis moved"
