"""The series: one compact row a region and six hours, which scoring compares with and readers plot.

Source: method 2, section 5. Rows of one method are never compared with those of another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import TYPE_CHECKING, Any

from regional_snapshots.model.snapshot import AXES
from regional_snapshots.model.values import MAX_INSTANT_MS, compact, number

if TYPE_CHECKING:
    import pandas as pd

SERIES_BUCKET_MS = 6 * 3_600_000
"""Of the snapshots of six hours the last one makes the row."""
MAX_ROW_BYTES = 500
"""What a row takes at most; see :meth:`SeriesRow.encode`."""

Corridor = tuple[float | None, float | None, float | None]
"""Access (0 to 1), throughput (0 to 1), ships today; None for what is not known."""

Gap = Sequence[int | None]
"""Since when and until when (ms) a feed was missing or an axis unknown, as ``meta.gaps`` of a document has it."""


class DamagedRowError(ValueError):
    """What is stored is not a row of the series."""


@dataclass(frozen=True)
class SeriesRow:
    """A snapshot in a few numbers. ``axes`` and ``net``: None where not known; ``cii``: scores of key countries, 0 to
    100, by ISO code; ``corridors`` by id."""

    at: int
    method: str
    axes: Mapping[str, float | None]
    net: float | None
    regime: str
    cii: Mapping[str, float]
    corridors: Mapping[str, Corridor]
    snapshot_id: str

    @property
    def bucket(self) -> int:
        """The start (ms) of its six hours."""
        return series_bucket(self.at)

    def document(self) -> dict[str, Any]:
        """As JSON has it: numbers with three decimals, whole ones without any."""
        return {
            "at": self.at,
            "method": self.method,
            "axes": {axis: _short(value) for axis, value in self.axes.items()},
            "net": _short(self.net),
            "regime": self.regime,
            "cii": {country: _short(score) for country, score in self.cii.items()},
            "corridors": {name: [_short(value) for value in values] for name, values in self.corridors.items()},
            "snapshot_id": self.snapshot_id,
        }

    def encode(self) -> bytes:
        """Compact JSON of at most ``MAX_ROW_BYTES``.

        A row that would be longer has its country scores in tenths, then in whole points, and then loses countries
        from the end of the list; last it loses corridors. The axes, the net and the regime always stay.
        """
        for row in self._shortened():
            encoded = compact(row.document()).encode()
            if len(encoded) <= MAX_ROW_BYTES:
                break
        return encoded

    def _shortened(self) -> Iterable[SeriesRow]:
        yield self
        for decimals in (1, 0):
            yield (whole := replace(self, cii={country: round(score, decimals) for country, score in self.cii.items()}))
        countries, corridors = list(whole.cii.items()), list(self.corridors.items())
        for count in range(len(countries) - 1, -1, -1):
            yield replace(whole, cii=dict(countries[:count]))
        for count in range(len(corridors) - 1, -1, -1):
            yield replace(whole, cii={}, corridors=dict(corridors[:count]))

    @classmethod
    def of(cls, document: Any) -> SeriesRow:
        """From JSON. Raises :class:`DamagedRowError`."""
        try:
            at = document["at"]
            if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at <= MAX_INSTANT_MS:
                raise ValueError("at is no instant")
            return cls(
                at=at,
                method=str(document["method"]),
                axes={str(axis): number(value) for axis, value in document["axes"].items()},
                net=number(document["net"]),
                regime=str(document["regime"]),
                cii={
                    str(name): score for name, value in document["cii"].items() if (score := number(value)) is not None
                },
                corridors={str(name): _corridor(values) for name, values in document["corridors"].items()},
                snapshot_id=str(document["snapshot_id"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedRowError(f"not a row of the series: {type(error).__name__} ({error})") from None

    @classmethod
    def decode(cls, member: bytes | str) -> SeriesRow:
        """From a member of the sorted set. Raises :class:`DamagedRowError`."""
        try:
            return cls.of(json.loads(member))
        except (ValueError, RecursionError) as error:
            raise error if isinstance(error, DamagedRowError) else DamagedRowError("not JSON") from None


def row_of(document: Mapping[str, Any], scores: Mapping[str, float]) -> SeriesRow:
    """The row of a sealed snapshot of ours. ``scores``: of its region's key countries, which no document holds.

    Axes that no feed moves (``balance.structural``) are left out.
    """
    balance = document["balance"]
    structural = balance.get("structural", ())
    meta = document["meta"]
    return SeriesRow(
        at=document["generated_at"],
        method=meta.get("method", ""),
        axes={axis: balance[axis] for axis in AXES if axis in balance and axis not in structural},
        net=balance["net_balance"],
        regime=document["regime"]["label"],
        cii=dict(scores),
        corridors={
            corridor["id"]: (corridor["access"], corridor["throughput"], corridor["today_total"])
            for corridor in document.get("corridors", ())
        },
        snapshot_id=meta["snapshot_id"],
    )


def series_bucket(instant_ms: int) -> int:
    """The start (ms) of the six hours that an instant belongs to."""
    return instant_ms - instant_ms % SERIES_BUCKET_MS


SERIES_COLUMNS: Mapping[str, str] = {
    "at": "datetime64[ms, UTC]",
    "method": "object",
    "regime": "object",
    "net_balance": "float64",
    **dict.fromkeys(AXES, "float64"),
    "snapshot_id": "object",
}
"""Columns of :func:`series_frame` that are always there, with their types; ``cii:<ISO code>`` and
``<corridor>:access``, ``:throughput`` and ``:today`` follow where any row has them."""


def series_frame(rows: Iterable[SeriesRow]) -> pd.DataFrame:
    """Rows as a DataFrame, in their order. What is not known is NaN."""
    import pandas as pd

    listed = list(rows)
    frame = pd.DataFrame([_flat(row) for row in listed])
    extra = sorted(set(frame.columns) - set(SERIES_COLUMNS))
    frame = frame.reindex(columns=[*SERIES_COLUMNS, *extra])
    frame["at"] = pd.to_datetime(pd.Series([row.at for row in listed], dtype="int64"), unit="ms", utc=True)
    return frame.astype({**SERIES_COLUMNS, **dict.fromkeys(extra, "float64")})


def _flat(row: SeriesRow) -> dict[str, Any]:
    corridors = {
        f"{name}:{measure}": value
        for name, values in row.corridors.items()
        for measure, value in zip(("access", "throughput", "today"), values, strict=True)
    }
    countries = {f"cii:{country}": score for country, score in row.cii.items()}
    head = {"method": row.method, "regime": row.regime, "net_balance": row.net, "snapshot_id": row.snapshot_id}
    return {**head, **{axis: value for axis, value in row.axes.items() if axis in AXES}, **countries, **corridors}


def _short(value: float | None) -> float | None:
    """Three decimals, halves up; a whole number without any."""
    if value is None:
        return None
    thousandths = floor(value * 1000 + 0.5)
    return thousandths / 1000 if thousandths % 1000 else thousandths // 1000


def _corridor(values: Any) -> Corridor:
    access, throughput, today = (number(value) for value in values)
    return access, throughput, today


def like_rows(rows: Iterable[SeriesRow], gaps: Mapping[str, Gap], grounds: frozenset[str]) -> list[SeriesRow]:
    """The rows that were made when the same of these grounds were known as now: like is compared with like."""
    relevant = [gaps[name] for name in grounds if name in gaps]
    return [row for row in rows if all(_within(row.at, gap) == (gap[1] is None) for gap in relevant)]


def _within(at: int, gap: Gap) -> bool:
    since, until = gap
    return (since is None or since <= at) and (until is None or at < until)
