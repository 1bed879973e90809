"""What differs between two snapshots is told completely, in words, and whatever the documents are."""

from __future__ import annotations

import copy
from typing import Any

from regional_snapshots.report.why.difference import Difference, differences, side
from regional_snapshots_tests.report.stories import document


def changed(**members: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A document, and the same with some blocks changed in part."""
    before = document()
    after = copy.deepcopy(before)
    for block, values in members.items():
        after[block] |= values
    return before, after


def test_the_same_document_differs_in_nothing() -> None:
    assert differences(document(), document()) == []


def test_regime_net_and_axes_are_told_with_their_change() -> None:
    before, after = changed(regime={"label": "calm"}, balance={"net_balance": 0.25, "coercive_pressure": 0.5})
    before["regime"]["label"] = "coercive_stalemate"
    before["balance"] |= {"net_balance": 0.5, "coercive_pressure": 0.75}
    assert [(it.of, it.name, it.before, it.after, it.change) for it in differences(before, after)] == [
        ("regime", "", "coercive_stalemate", "calm", None),
        ("net balance", "", 0.5, 0.25, -0.25),
        ("axis", "coercive pressure", 0.75, 0.5, -0.25),
    ]


def test_what_is_not_known_any_more_is_told_and_has_no_change() -> None:
    before, after = changed(balance={"coercive_pressure": None})
    before["balance"]["coercive_pressure"] = 0.5
    (found,) = differences(before, after)
    assert (found.before, found.after, found.change) == (0.5, None, None)
    assert side(found.after) == "not known"


def test_feeds_triggers_corridors_and_lanes_of_either_side_are_compared() -> None:
    before, after = changed(meta={"missing_inputs": ["intelligence:cross-source-signals:v1"], "stale_inputs": []})
    before["meta"] |= {"missing_inputs": [], "stale_inputs": ["intelligence:cross-source-signals:v1"]}
    before["triggers"] = {"active": [], "watching": [{"id": "red_sea_critical"}]}
    after["triggers"] = {"active": [{"id": "red_sea_critical"}], "watching": []}
    before["corridors"] = [{"id": "hormuz", "access": 0.9}]
    after["corridors"] = [{"id": "hormuz", "access": 0.4}]
    before["scenario_sets"] = [{"horizon": "24h", "lanes": [{"name": "escalation", "probability": 0.2}]}]
    after["scenario_sets"] = [{"horizon": "24h", "lanes": [{"name": "escalation", "probability": 0.6}]}]
    found = {f"{it.of} {it.name}": (it.before, it.after) for it in differences(before, after)}
    assert found == {
        "missing feed signals": ("no", "yes"),
        "stale feed signals": ("yes", "no"),
        "trigger red sea critical": ("watching", "active"),
        "access to Strait of Hormuz": (0.9, 0.4),
        "scenario escalation within 24h": (0.2, 0.6),
    }


def test_differences_that_read_the_same_are_none() -> None:
    before, after = changed(balance={"net_balance": 0.5004})
    before["balance"]["net_balance"] = 0.5
    assert differences(before, after) == []


def test_any_documents_can_be_compared() -> None:
    odd = {"regime": 3, "meta": [], "balance": {"coverage": "x"}, "triggers": {"active": [1, {"id": "[b]\x1b"}]}}
    assert differences(odd, {}) == [Difference("trigger", "[b]", "active", "no")]
    assert differences({}, odd)
