"""The regime: one word for the state of a region, and since when it holds.

Source: the pipeline specification, section 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import AXES, BUFFERS, PRESSURES
from regional_snapshots.model.values import mean, round3

CALM = "calm"

_RULES: tuple[tuple[str, Callable[[float, float, float], bool]], ...] = (
    ("escalation_ladder", lambda coercive, net, alliance: coercive > 0.8 and net < -0.4),
    ("fragmentation_risk", lambda coercive, net, alliance: coercive > 0.6 and alliance < 0.3),
    ("coercive_stalemate", lambda coercive, net, alliance: coercive > 0.5 and net > -0.1),
    ("managed_deescalation", lambda coercive, net, alliance: net > 0.1 and coercive > 0.3),
    ("stressed_equilibrium", lambda coercive, net, alliance: net < -0.1),
    (CALM, lambda coercive, net, alliance: True),
)


def regime_label(balance: Mapping[str, Any]) -> str:
    """The first label whose condition holds for the rounded axes."""
    values = balance["coercive_pressure"], balance["net_balance"], balance["alliance_cohesion"]
    return next(label for label, holds in _RULES if holds(*values))


def relabelled(
    axes: Mapping[str, float | None],
    instead: Mapping[str, float | None],
    rows: Iterable[SeriesRow] = (),
    held: str = "",
) -> str:
    """The label if some axes had other values; the empty text when one of them is not known. This method has no memory:
    ``rows`` and ``held`` are there for the sake of one signature."""
    values = {**axes, **instead}
    known: dict[str, float] = {axis: value for axis in AXES if (value := values.get(axis)) is not None}
    if len(known) < len(AXES):
        return ""
    buffers, pressures = ([known[axis] for axis in group] for group in (BUFFERS, PRESSURES))
    return regime_label({**known, "net_balance": round3(mean(buffers) - mean(pressures))})


def regime(label: str, previous: Mapping[str, Any], driver: str, now_ms: int) -> dict[str, Any]:
    """The ``regime`` block. While the label stays, ``transitioned_at`` and ``transition_driver`` of the previous regime
    (an empty mapping when there is none) are carried over; else it began now, because of ``driver``."""
    stays = previous.get("label") == label
    return {
        "label": label,
        "previous_label": previous.get("label", ""),
        "transitioned_at": previous.get("transitioned_at", 0) if stays else now_ms,
        "transition_driver": previous.get("transition_driver", "") if stays else driver,
    }
