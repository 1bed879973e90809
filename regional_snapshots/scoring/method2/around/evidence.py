"""Evidence: the feed entries behind a region's picture, newest first, and whatever else the document names.

Source: method 2, section 9. Every evidence id that a document names is listed here, or leads to the bytes of a feed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.document.words import MAX_EVIDENCE
from regional_snapshots.scoring.method2.axes import severity_of
from regional_snapshots.scoring.method2.corridors import CorridorState
from regional_snapshots.scoring.method2.inputs.numbers import at_least
from regional_snapshots.scoring.method2.inputs.scope import Scope

LEAST_COUNTRY_SCORE = 50
LEAST_PROBABILITY = 0.3
CONFIDENCE_OF = {"critical": 0.9, "high": 0.7, "medium": 0.5, "low": 0.3}
COUNTRY_CONFIDENCE, CHOKEPOINT_CONFIDENCE = 0.9, 0.95


@dataclass(frozen=True)
class Item:
    """An entry of a feed; ``telling`` says whether it is listed for its own sake. Without a time of its own it has its
    feed's, and None where the feed has none either."""

    id: str
    type: str
    source: str
    summary: str
    confidence: float
    observed_at: int | None
    telling: bool
    theater: str = ""
    corridor: str = ""

    def document(self) -> dict[str, Any]:
        """The entry of the ``evidence`` block."""
        return {
            "id": self.id,
            "type": self.type,
            "source": self.source,
            "summary": self.summary,
            "confidence": self.confidence,
            "observed_at": self.observed_at,
            "theater": self.theater,
            "corridor": self.corridor,
        }


def evidence(scope: Scope, corridors: Sequence[CorridorState], named: Collection[str]) -> list[dict[str, Any]]:
    """The ``evidence`` block. ``named``: the ids that the other blocks refer to: more than
    thirty items are listed only where these are among them. Of equal ids the first is kept."""
    items: dict[str, Item] = {}
    for rule in _RULES:
        for item in rule(scope, corridors):
            items.setdefault(item.id, item)
    ordered = sorted(items.values(), key=lambda item: (item.observed_at is None, -(item.observed_at or 0)))
    first = {item.id for item in [item for item in ordered if item.telling][:MAX_EVIDENCE]}
    return [item.document() for item in ordered if item.id in first or item.id in named]


def named_ids(*blocks: Any) -> set[str]:
    """All evidence ids that some blocks of a document refer to."""
    found: set[str] = set()
    for block in blocks:
        if isinstance(block, dict):
            found.update(block.get("evidence_ids", ()))
            found |= named_ids(*block.values())
        elif isinstance(block, list):
            found |= named_ids(*block)
    return found


def _signals(scope: Scope, corridors: Sequence[CorridorState]) -> Iterator[Item]:
    feed_time = scope.world.states["signals"].time
    for identity, signal in scope.signals:
        seen = feed_time if signal.detected_at is None else signal.detected_at
        confidence = CONFIDENCE_OF[severity_of(signal)]
        yield Item(
            identity, "market_signal", "cross-source", signal.summary, confidence, seen, True, signal.theater_label
        )


def _countries(scope: Scope, corridors: Sequence[CorridorState]) -> Iterator[Item]:
    feed_time = scope.world.states["country_scores"].time
    for row, score in scope.scores:
        trend = row.trend.removeprefix("TREND_DIRECTION_").replace("_", " ").lower()
        summary = f"{row.country}: instability {score:g} of 100" + (f", {trend}" if trend else "")
        seen = feed_time if row.computed_at is None else row.computed_at
        telling = row.country in scope.region.key_countries and at_least(score, LEAST_COUNTRY_SCORE)
        yield Item(f"cii:{row.country}", "cii_spike", "risk-scores", summary, COUNTRY_CONFIDENCE, seen, telling)


def _chokepoints(scope: Scope, corridors: Sequence[CorridorState]) -> Iterator[Item]:
    for state in corridors:
        measured = [("openness", state.openness), ("flow", state.flow)]
        words = ", ".join(f"{name} {value:.2f}" for name, value in measured if value is not None)
        summary = f"{state.chokepoint.name}: {words or 'no measure published'}"
        telling = state.openness is None or not at_least(state.openness, 1.0)
        yield Item(
            state.evidence_id, "chokepoint_status", "supply-chain", summary, CHOKEPOINT_CONFIDENCE, state.observed_at,
            telling, corridor=state.corridor.chokepoint or "",
        )  # fmt: skip


def _forecasts(scope: Scope, corridors: Sequence[CorridorState]) -> Iterator[Item]:
    feed_time = scope.world.states["forecasts"].time
    for entry in scope.predictions:
        forecast = entry.forecast
        seen = feed_time if forecast.updated_at is None else forecast.updated_at
        telling = entry.probability is not None and at_least(entry.probability, LEAST_PROBABILITY)
        yield Item(entry.evidence_id, "forecast", "forecast", forecast.title, forecast.confidence, seen, telling)


_RULES: tuple[Callable[[Scope, Sequence[CorridorState]], Iterator[Item]], ...] = (
    _signals,
    _countries,
    _chokepoints,
    _forecasts,
)
