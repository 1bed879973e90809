"""Numbers: compared with a threshold to nine decimals, so that the last bit of a sum never decides; written with three.

Source: method 2, section 1 and its conventions.
"""

from __future__ import annotations

from regional_snapshots.model.values import round3

DECIMALS = 9


def at_least(value: float, bound: float) -> bool:
    """Whether a value reaches a bound from below."""
    return round(value, DECIMALS) >= round(bound, DECIMALS)


def at_most(value: float, bound: float) -> bool:
    """Whether a value reaches a bound from above."""
    return round(value, DECIMALS) <= round(bound, DECIMALS)


def above(value: float, bound: float) -> bool:
    """Whether a value lies beyond a bound."""
    return not at_most(value, bound)


def rounded(value: float | None) -> float | None:
    """Three decimals; what is not known stays so."""
    return None if value is None else round3(value)
