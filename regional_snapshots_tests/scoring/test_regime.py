"""Which regime holds, and since when (section 7 of the pipeline specification)."""

from __future__ import annotations

from typing import Any

import pytest

from regional_snapshots.scoring.parity.blocks.regime import regime_label
from regional_snapshots_tests.scoring.worlds import NOW, document, many_signals, scored


@pytest.mark.parametrize(
    ("coercive", "net", "alliance", "label"),
    [
        (0.801, -0.401, 0.5, "escalation_ladder"),
        (0.8, -0.401, 0.5, "stressed_equilibrium"),
        (0.801, -0.4, 0.5, "stressed_equilibrium"),
        (0.601, 0.5, 0.299, "fragmentation_risk"),
        (0.601, 0.5, 0.3, "coercive_stalemate"),
        (0.6, 0.5, 0.299, "coercive_stalemate"),
        (0.501, -0.099, 0.5, "coercive_stalemate"),
        (0.501, -0.1, 0.5, "calm"),
        (0.5, 0.101, 0.5, "managed_deescalation"),
        (0.301, 0.101, 0.5, "managed_deescalation"),
        (0.3, 0.101, 0.5, "calm"),
        (0.301, 0.1, 0.5, "calm"),
        (0.0, -0.101, 0.5, "stressed_equilibrium"),
        (0.0, -0.1, 0.5, "calm"),
    ],
)
def test_the_first_condition_that_holds_names_the_regime(
    coercive: float, net: float, alliance: float, label: str
) -> None:
    values = {"coercive_pressure": coercive, "net_balance": net, "alliance_cohesion": alliance}
    assert regime_label(values) == label


def test_a_first_calm_snapshot_began_now_for_no_reason() -> None:
    result = scored("mena")
    assert result.snapshot.document["regime"] == {
        "label": "calm",
        "previous_label": "",
        "transitioned_at": NOW,
        "transition_driver": "",
    }
    assert result.changes["regime_changed"] is None
    assert result.snapshot.reason == "scheduled_6h"


def test_a_first_snapshot_that_is_not_calm_is_a_regime_shift() -> None:
    result = scored("mena", signals=many_signals(3))
    assert result.snapshot.document["regime"]["transition_driver"] == "regime_shift"
    assert result.changes["regime_changed"] == {"from": "", "to": "managed_deescalation"}


def test_since_when_and_why_are_carried_over_while_the_label_stays() -> None:
    world: dict[str, Any] = {"signals": many_signals(3)}
    previous = document("mena", **world)
    previous["regime"]["transitioned_at"] = 1_700_000_000_000
    again = scored("mena", previous, **world).snapshot.document["regime"]
    assert (again["transitioned_at"], again["transition_driver"]) == (1_700_000_000_000, "regime_shift")
    assert again["previous_label"] == again["label"]


def test_a_new_label_begins_now() -> None:
    previous = document("mena", signals=many_signals(3))
    now = scored("mena", previous).snapshot.document["regime"]
    assert now == {
        "label": "calm",
        "previous_label": "managed_deescalation",
        "transitioned_at": NOW,
        "transition_driver": "regime_shift",
    }
