"""Small worlds for tests of the scoring: feeds by name, and the blocks that they lead to."""

from __future__ import annotations

from typing import Any

from regional_snapshots.model.document import problems
from regional_snapshots.model.feeds import FEEDS, Feeds
from regional_snapshots.model.regions import REGION_IDS, REGIONS
from regional_snapshots.scoring.parity.scope import Scope, scope_of
from regional_snapshots.scoring.parity.snapshot import score_region
from regional_snapshots.scoring.scored import Previous, Scored

NOW = 1_787_400_000_000
"""2026-08-22 12:00 UTC."""

KEYS = {spec.name: spec.key for spec in FEEDS}


def feeds(**payloads: Any) -> Feeds:
    """Feeds of one run, by the names of the registry."""
    return Feeds.parse({KEYS[name]: payload for name, payload in payloads.items()}, {}, NOW)


def scope(region_id: str, **payloads: Any) -> Scope:
    return scope_of(REGIONS[region_id], feeds(**payloads))


def scored(region_id: str, previous: Any = None, **payloads: Any) -> Scored:
    """A scored region whose document fits the schema."""
    result = score_region(region_id, feeds(**payloads), Previous(previous), NOW)
    assert problems(result.snapshot.document, REGION_IDS) == []
    return result


def document(region_id: str, previous: Any = None, **payloads: Any) -> dict[str, Any]:
    return scored(region_id, previous, **payloads).snapshot.document


def signals(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"signals": list(entries)}


def many_signals(critical: int, high: int = 0, other: int = 0, theater: str = "Levant") -> dict[str, Any]:
    severities = ["CRITICAL"] * critical + ["HIGH"] * high + ["LOW"] * other
    return signals(*({"id": f"s{i}", "theater": theater, "severity": word} for i, word in enumerate(severities)))


def forecasts(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"predictions": [{"region": "Middle East", **entry} for entry in entries]}


def chokepoint(identity: str, **members: Any) -> dict[str, Any]:
    return {"chokepoints": [{"id": identity, **members}]}
