"""The balance: the axes as a document has them, what drives them, and how pressures and buffers weigh up.

Source: method 2, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.snapshot import AXES, PRESSURES
from regional_snapshots.model.values import mean, round3, weighted_mean
from regional_snapshots.scoring.method2.axes import Axis
from regional_snapshots.scoring.method2.inputs.numbers import rounded
from regional_snapshots.scoring.tables.producers import leverage_of, producers_of

STRUCTURAL = ("energy_leverage",)
"""Axes that no feed moves: they are shown, and count for nothing."""
BUFFERS = ("alliance_cohesion", "maritime_access")
PRESSURE_WEIGHTS = {name: 0.4 if name == "coercive_pressure" else 0.2 for name in PRESSURES}
ASSUMED_BUFFER = 0.5
VALIDITY_MS = 6 * 60 * 60_000


def net_of(values: Mapping[str, float | None]) -> float | None:
    """Buffers less pressures of these values of the axes; None when coercive pressure is not known."""
    if values.get("coercive_pressure") is None:
        return None
    pressures = [(values.get(name), weight) for name, weight in PRESSURE_WEIGHTS.items()]
    buffers = [value for name in BUFFERS if (value := values.get(name)) is not None]
    pressure = weighted_mean([(value, weight) for value, weight in pressures if value is not None])
    return (mean(buffers) if buffers else ASSUMED_BUFFER) - pressure


@dataclass(frozen=True)
class Balance:
    """The axes of a region by name, with what follows from them."""

    axes: Mapping[str, Axis]

    @property
    def buffers(self) -> list[float]:
        """The buffers that are known."""
        return self._known(BUFFERS)

    @property
    def net(self) -> float | None:
        """Buffers less pressures, unrounded, -1 to 1; None when coercive pressure is not known."""
        return net_of({name: axis.value for name, axis in self.axes.items()})

    @property
    def confidence(self) -> float:
        """Mean coverage of the axes that apply."""
        return mean([axis.coverage for axis in self.axes.values() if axis.coverage is not None])

    def valid_until(self, now_ms: int) -> int:
        """Until when it holds (ms): the less of the coercive pressure is known, the shorter."""
        return now_ms + round(VALIDITY_MS * (self.axes["coercive_pressure"].coverage or 0.0))

    def document(self, region_id: str) -> dict[str, Any]:
        """The ``balance`` block."""
        values = {name: rounded(axis.value) for name, axis in self.axes.items()}
        leverage = leverage_of(producers_of(region_id))
        return {
            **{name: round3(leverage) if name in STRUCTURAL else values[name] for name in AXES},
            "net_balance": rounded(self.net),
            "coverage": {name: rounded(axis.coverage) for name, axis in self.axes.items()},
            "assumed_buffers": not self.buffers,
            "structural": list(STRUCTURAL),
            "pressures": self._drivers(PRESSURES, "pressure"),
            "buffers": self._drivers(BUFFERS, "buffer"),
        }

    def _known(self, names: Iterable[str]) -> list[float]:
        return [value for name in names if (value := self.axes[name].value) is not None]

    def _drivers(self, names: Iterable[str], orientation: str) -> list[dict[str, Any]]:
        """One for each measured component: the contributions of an axis sum to it."""
        return [
            {
                "axis": name,
                "component": part.name,
                "description": part.text,
                "magnitude": round3(part.value or 0.0),
                "weight": part.weight,
                "contribution": round3(part.weight * (part.value or 0.0) / self.axes[name].measured_weight),
                "coverage": round3(part.f),
                "evidence_ids": list(part.evidence_ids),
                "orientation": orientation,
            }
            for name in names
            for part in self.axes[name].measured
        ]
