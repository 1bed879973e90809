"""The actors that a region's forecasts speak of, and how much leverage the mentions suggest.

Source: the pipeline specification, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from regional_snapshots.model.document.words import MAX_ACTOR_EVIDENCE, MAX_ACTORS
from regional_snapshots.model.values import clip, round3
from regional_snapshots.scoring.parity.scope import Scope
from regional_snapshots.scoring.tables.actors import DOMAINS, NEEDLES

MAY_BE_AGGRESSOR = frozenset({"Iran", "IRGC", "Russia", "Houthis", "Hamas", "Hezbollah", "China"})
STABILIZERS = frozenset({"United States", "NATO", "Saudi Arabia"})


@dataclass
class _Tally:
    mentions: int = 0
    domains: dict[str, None] = field(default_factory=dict)
    evidence_ids: list[str] = field(default_factory=list)


def actors(scope: Scope) -> list[dict[str, Any]]:
    """The ``actors`` block: at most ten, by leverage score; ties stay in the order of first mention."""
    tallies: dict[str, _Tally] = {}
    for forecast in scope.forecasts:
        text = forecast.actor_text
        credited = [name for needle, name in NEEDLES if needle in text]
        domains = [domain for domain, words in DOMAINS if any(word in text for word in words)] if credited else []
        for name in credited:
            tally = tallies.setdefault(name, _Tally())
            tally.mentions += 1
            tally.domains.update(dict.fromkeys(domains))
            if forecast.raw_id and len(tally.evidence_ids) < MAX_ACTOR_EVIDENCE:
                tally.evidence_ids.append(f"forecast:{forecast.raw_id}")
    mentions = sum(tally.mentions for tally in tallies.values()) or 1
    found = [_actor(name, tally, mentions) for name, tally in tallies.items()]
    return sorted(found, key=lambda actor: -actor["leverage_score"])[:MAX_ACTORS]


def _actor(name: str, tally: _Tally, all_mentions: int) -> dict[str, Any]:
    return {
        "actor_id": "-".join(name.lower().split()),
        "name": name,
        "role": role(name, tally.domains),
        "leverage_domains": list(tally.domains),
        "leverage_score": round3(clip(tally.mentions / max(5, all_mentions / 2))),
        "delta": 0,
        "evidence_ids": tally.evidence_ids,
    }


def role(name: str, domains: dict[str, None]) -> str:
    """Role of an actor that is mentioned with these leverage domains."""
    if name in MAY_BE_AGGRESSOR and "military" in domains:
        return "aggressor"
    if name in STABILIZERS:
        return "stabilizer"
    return "broker" if "diplomatic" in domains else "swing"
