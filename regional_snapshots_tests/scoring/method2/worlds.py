"""Small worlds for method 2: a few feeds at one instant, scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.scoring.scored import Previous

NOW = 1_790_013_600_000
MINUTE, HOUR = 60_000, 3_600_000
SCORES, FORECASTS, CHOKEPOINTS = "risk:scores:sebuf:stale:v8", "forecast:predictions:v2", "supply_chain:chokepoints:v4"
TRANSITS, SIGNALS, ALERTS = (
    "supply_chain:transit-summaries:v1",
    "intelligence:cross-source-signals:v1",
    "relay:oref:history:v1",
)
STRESS, DEBT = "economic:stress-index:v1", "economic:national-debt:v1"


def fresh(age_min: float = 0, **members: Any) -> dict[str, Any]:
    """A feed document of this age."""
    return {"fetchedAt": NOW - age_min * MINUTE, **members}


def signals(critical: int = 0, high: int = 0, place: str = "Red Sea", age_min: float = 0) -> dict[str, Any]:
    """The feed of signals: so many of each severity, all at one place."""
    severities = ["CRITICAL"] * critical + ["HIGH"] * high
    listed = [
        {"id": f"s{n}", "type": "UNREST", "theater": place, "severity": word, "detectedAt": NOW}
        for n, word in enumerate(severities)
    ]
    return fresh(age_min, signals=listed)


def forecast(probability: Any = 0.5, trend: str = "rising", **members: Any) -> dict[str, Any]:
    """One military forecast for the Middle East."""
    given = {
        "region": "Middle East",
        "domain": "military",
        "trend": trend,
        "probability": probability,
        "timeHorizon": "7d",
    }
    return {"id": "f", **given, **members}


def forecasts(*entries: Mapping[str, Any], age_min: float = 0) -> dict[str, Any]:
    """The feed of forecasts."""
    return fresh(age_min, generatedAt=NOW, predictions=[{**entry, "id": f"f{n}"} for n, entry in enumerate(entries)])


def scored(
    sources: Mapping[str, Any],
    region: str = "mena",
    previous: Mapping[str, Any] | None = None,
    rows: Sequence[SeriesRow] = (),
    now: int = NOW,
) -> dict[str, Any]:
    """The document of one region."""
    before = {name: Previous(document) for name, document in (previous or {}).items()}
    feeds = Feeds.parse(sources, {}, now, energy="either")
    made = METHODS["2"].score_regions([region], feeds, before, {region: list(rows)}, now)
    return made[region].snapshot.document
