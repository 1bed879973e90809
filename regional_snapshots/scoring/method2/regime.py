"""The regime with memory: one word for the state of a region, which a single snapshot does not easily change.

Source: method 2, section 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from regional_snapshots.model.document.words import TRIGGER_REASONS, UNDETERMINED
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.scoring.method2.balance import Balance, net_of
from regional_snapshots.scoring.method2.inputs.held import LABELS, Held, instant
from regional_snapshots.scoring.method2.inputs.numbers import at_least, at_most
from regional_snapshots.scoring.method2.past import DAY_MS, Past

WINDOW_MS = 7 * DAY_MS
LEAST_ROWS = 4
"""So many rows make a median to compare with."""
HOLD = 0.05
"""By so much the condition of the held label is wider."""
LADDER = "escalation_ladder"
AT_ONCE = (LADDER, UNDETERMINED)
"""Labels that are adopted without a second snapshot."""


@dataclass(frozen=True)
class Evidence:
    """What the rules look at, unrounded: coercive pressure ``c`` (0 where unknown: rule 0 has it), net ``n``, cohesion
    ``a``; ``highest`` and ``usual`` coercive pressure of the last days; the held label; how many of the other pressures
    are unknown."""

    c: float | None
    n: float
    a: float | None
    highest: float
    usual: float
    held: str
    unknown: int

    def slack(self, label: str) -> float:
        """By how much the condition of a label is wider, because it is held."""
        return HOLD if self.held == label else 0.0


def wanted_label(seen: Evidence) -> str:
    """The first label whose condition holds."""
    return next(label for label, holds in _RULES if holds(seen))


def regime(balance: Balance, past: Past, held: Held, now_ms: int) -> dict[str, Any]:
    """The ``regime`` block. ``transition_driver`` is left as it was, or empty: what drove a change is known later."""
    wanted = wanted_label(_evidence(balance, past, held))
    pending = held.regime.get("pending")
    waited = pending.get("label") if isinstance(pending, dict) else None
    if wanted == held.label:
        return _block(held.label, held, pending=None)
    if held.label and not (wanted in AT_ONCE or held.label == UNDETERMINED or waited == wanted):
        return _block(held.label, held, pending={"label": wanted, "since": now_ms})
    return {
        "label": wanted,
        "previous_label": held.label,
        "transitioned_at": now_ms,
        "transition_driver": "",
        "pending": None,
    }


def relabelled(
    axes: Mapping[str, float | None], instead: Mapping[str, float | None], rows: Iterable[SeriesRow], held: str
) -> str:
    """The label that would be wanted if some axes had other values, given the rows of the last seven days and the label
    that was held."""
    return wanted_label(_seen({**axes, **instead}, rows, held))


def _block(label: str, held: Held, pending: dict[str, Any] | None) -> dict[str, Any]:
    """A label that stays, with its history carried over."""
    before, driver = held.regime.get("previous_label"), held.regime.get("transition_driver")
    return {
        "label": label,
        "previous_label": before if before in LABELS and before != label else "",
        "transitioned_at": instant(held.regime.get("transitioned_at")) or 0,
        "transition_driver": driver if driver in TRIGGER_REASONS else "",
        "pending": pending,
    }


def _evidence(balance: Balance, past: Past, held: Held) -> Evidence:
    return _seen({name: axis.value for name, axis in balance.axes.items()}, past.between(WINDOW_MS), held.label)


def _seen(values: Mapping[str, float | None], rows: Iterable[SeriesRow], held: str) -> Evidence:
    c = values.get("coercive_pressure")
    known = [row.axes.get("coercive_pressure") for row in rows]
    earlier = [value for value in known if value is not None]
    others = ("domestic_fragility", "capital_stress", "energy_vulnerability")
    return Evidence(
        c=c,
        n=net_of(values) or 0.0,
        a=values.get("alliance_cohesion"),
        highest=max([c or 0.0, *earlier]),
        usual=median(earlier) if len(earlier) >= LEAST_ROWS else c or 0.0,
        held=held,
        unknown=sum(values.get(name) is None for name in others),
    )


def _is_undetermined(seen: Evidence) -> bool:
    return seen.c is None or seen.unknown >= 2


def _is_ladder(seen: Evidence) -> bool:
    c = seen.c or 0.0
    stays = seen.held == LADDER and at_least(c, 0.60)
    return stays or (at_least(c, 0.70) and at_least(c - seen.usual, 0.15))


def _is_fragmenting(seen: Evidence) -> bool:
    slack = seen.slack("fragmentation_risk")
    return seen.a is not None and at_least(seen.c or 0.0, 0.50 - slack) and at_most(seen.a, 0.35 + slack)


def _is_easing(seen: Evidence) -> bool:
    c, slack = seen.c or 0.0, seen.slack("managed_deescalation")
    return at_least(seen.highest, 0.50) and at_most(c, seen.highest - 0.15 + slack) and at_least(c, 0.20)


def _is_stalemate(seen: Evidence) -> bool:
    return at_least(seen.c or 0.0, 0.50 - seen.slack("coercive_stalemate"))


def _is_stressed(seen: Evidence) -> bool:
    return at_most(seen.n, -0.10 + seen.slack("stressed_equilibrium"))


_RULES: tuple[tuple[str, Callable[[Evidence], bool]], ...] = (
    (UNDETERMINED, _is_undetermined),
    (LADDER, _is_ladder),
    ("fragmentation_risk", _is_fragmenting),
    ("managed_deescalation", _is_easing),
    ("coercive_stalemate", _is_stalemate),
    ("stressed_equilibrium", _is_stressed),
    ("calm", lambda seen: True),
)
"""(label, when it is wanted), in the order in which they are asked."""
