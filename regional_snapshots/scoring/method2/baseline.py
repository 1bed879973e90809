"""The baseline: where today's values lie in the region's own past.

Source: method 2, section 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.values import clip, percentile, round3
from regional_snapshots.scoring.method2.balance import Balance
from regional_snapshots.scoring.method2.past import DAY_MS, Past

OLDEST_MS, NEWEST_MS = 28 * DAY_MS, DAY_MS
LEAST_ROWS, LEAST_DAYS = 20, 7
SCALE_OF_MAD = 1.4826
"""Times the MAD is the standard deviation, of a normal distribution."""
LEAST_SPREAD = 0.02
MOST_Z = 8.0


def baseline(balance: Balance, past: Past) -> dict[str, dict[str, Any]]:
    """The ``baseline`` block: for each axis and the net, today's value against the rows of the last four weeks."""
    rows = past.between(OLDEST_MS, NEWEST_MS)
    found = {name: _compared(axis.value, _values(rows, name)) for name, axis in balance.axes.items()}
    return {**found, "net_balance": _compared(balance.net, _net_values(rows))}


def _compared(now: float | None, earlier: Sequence[tuple[int, float]]) -> dict[str, Any]:
    """``earlier`` holds (UTC day, value)."""
    values = sorted(value for _, value in earlier)
    days = len({day for day, _ in earlier})
    if now is None:
        return {"n": len(values), "reason": "not known now"}
    if len(values) < LEAST_ROWS or days < LEAST_DAYS:
        reason = f"too little history: {len(values)} rows on {days} days, {LEAST_ROWS} on {LEAST_DAYS} needed"
        return {"n": len(values), "reason": reason}
    middle = median(values)
    mad = median(abs(value - middle) for value in values)
    z = clip((now - middle) / max(SCALE_OF_MAD * mad, LEAST_SPREAD), -MOST_Z, MOST_Z)
    return {
        "n": len(values),
        "median": round3(middle),
        "mad": round3(mad),
        "p10": round3(percentile(values, 10)),
        "p90": round3(percentile(values, 90)),
        "z": round3(z),
        "percentile": round3(_percentile_of(now, values)),
    }


def _percentile_of(now: float, values: Sequence[float]) -> float:
    """Share of the earlier values that lie below, in percent; those that equal it (to three decimals) count half."""
    below = sum(value < round3(now) for value in values)
    equal = sum(value == round3(now) for value in values)
    return 100 * (below + equal / 2) / len(values)


def _values(rows: Sequence[SeriesRow], axis: str) -> list[tuple[int, float]]:
    return [(row.at // DAY_MS, value) for row in rows if (value := row.axes.get(axis)) is not None]


def _net_values(rows: Sequence[SeriesRow]) -> list[tuple[int, float]]:
    return [(row.at // DAY_MS, row.net) for row in rows if row.net is not None]
