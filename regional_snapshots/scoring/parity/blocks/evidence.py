"""Evidence: the feed entries behind a region's picture, newest first.

Source: the pipeline specification, section 13.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from regional_snapshots.model.document.words import MAX_EVIDENCE
from regional_snapshots.model.values import clean
from regional_snapshots.scoring.parity.scope import Scope

LEAST_COUNTRY_SCORE = 50
LEAST_PROBABILITY = 0.3


def evidence(scope: Scope, now_ms: int) -> list[dict[str, Any]]:
    """The ``evidence`` block: at most 30 items, newest first; ties keep the order signals, countries, chokepoints,
    forecasts. What has no time of its own was observed now."""
    items = [
        *_signals(scope, now_ms),
        *_countries(scope, now_ms),
        *_chokepoints(scope, now_ms),
        *_forecasts(scope, now_ms),
    ]
    return sorted(items, key=lambda item: -item["observed_at"])[:MAX_EVIDENCE]


def _signals(scope: Scope, now_ms: int) -> Iterator[dict[str, Any]]:
    for count, signal in enumerate(scope.signals):
        identity = f"xss:{count}" if signal.id is None else signal.id
        seen = now_ms if signal.detected_at is None else signal.detected_at
        confidence = (50 if signal.severity_score is None else signal.severity_score) / 100
        yield _item(
            identity, "market_signal", "cross-source", signal.summary, confidence, seen, theater=signal.theater_label
        )


def _countries(scope: Scope, now_ms: int) -> Iterator[dict[str, Any]]:
    for row in scope.feeds.country_scores:
        if row.country in scope.region.key_countries and (row.score or 0) >= LEAST_COUNTRY_SCORE:
            trend = row.trend.removeprefix("TREND_DIRECTION_").replace("_", " ").lower()
            summary = f"{row.country}: instability {row.score:g} of 100" + (f", {trend}" if trend else "")
            seen = now_ms if row.computed_at is None else row.computed_at
            yield _item(f"cii:{row.country}", "cii_spike", "risk-scores", summary, 0.9, seen)


def _chokepoints(scope: Scope, now_ms: int) -> Iterator[dict[str, Any]]:
    owned = {corridor.chokepoint for corridor in scope.region.corridors if corridor.chokepoint}
    for chokepoint in scope.feeds.chokepoints:
        identity = clean(chokepoint.id)
        if identity in owned and chokepoint.threat not in (None, "", "normal"):
            summary = f"{chokepoint.name}: threat level {chokepoint.threat_label}"
            yield _item(
                f"chokepoint:{identity}", "chokepoint_status", "supply-chain", summary, 0.95, now_ms,
                corridor=identity,
            )  # fmt: skip


def _forecasts(scope: Scope, now_ms: int) -> Iterator[dict[str, Any]]:
    for forecast in scope.forecasts:
        if (forecast.probability or 0) >= LEAST_PROBABILITY:
            seen = now_ms if forecast.updated_at is None else forecast.updated_at
            identity = f"forecast:{forecast.id}"
            yield _item(identity, "news_headline", "forecast", forecast.title, forecast.confidence, seen)


def _item(
    identity: str,
    kind: str,
    source: str,
    summary: str,
    confidence: float,
    observed_at: int,
    theater: str = "",
    corridor: str = "",
) -> dict[str, Any]:
    return {
        "id": identity,
        "type": kind,
        "source": source,
        "summary": summary,
        "confidence": confidence,
        "observed_at": observed_at,
        "theater": theater,
        "corridor": corridor,
    }
