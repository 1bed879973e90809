"""The actors that a region's case files name, and their leverage over what is forecast.

Source: method 2, section 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from regional_snapshots.model.document.words import MAX_ACTOR_EVIDENCE, MAX_ACTORS, Role
from regional_snapshots.model.values import clean, clip, mean, number, round3
from regional_snapshots.scoring.method2.inputs.case_files import CaseFile
from regional_snapshots.scoring.method2.inputs.held import Held
from regional_snapshots.scoring.method2.inputs.scope import Scope
from regional_snapshots.scoring.tables.actors import DOMAINS, NEEDLES

ROLES: tuple[Role, ...] = get_args(Role)
ROLE_WHEN_UNSTATED = "swing"
LEVERAGE_WHEN_UNSTATED = 0.5
FULL_LEVERAGE = 3.0
"""So many certain forecasts, each wholly an actor's affair, make full leverage."""


@dataclass(frozen=True)
class Mention:
    """An actor in one case file: its name as written, its role or "", its leverage there, 0 to 1."""

    name: str
    role: str
    leverage: float


@dataclass
class _Tally:
    name: str
    role: str = ""
    leverage: float = 0.0
    domains: dict[str, None] = field(default_factory=dict)
    evidence_ids: dict[str, None] = field(default_factory=dict)


def actors(scope: Scope, held: Held) -> list[dict[str, Any]]:
    """The ``actors`` block: at most ten, by leverage; ties stay in the order of first mention."""
    tallies: dict[str, _Tally] = {}
    for entry in scope.predictions:
        if entry.case is None or entry.probability is None:
            continue
        domains = _domains(entry.case)
        for actor_id, mention in mentions(entry.case).items():
            tally = tallies.setdefault(actor_id, _Tally(mention.name))
            tally.role = tally.role or mention.role
            tally.leverage += mention.leverage * entry.probability
            tally.domains.update(dict.fromkeys(domains))
            tally.evidence_ids[entry.evidence_id] = None
    ordered = sorted(tallies.items(), key=lambda item: -round(item[1].leverage, 9))[:MAX_ACTORS]
    return [_actor(actor_id, tally, held) for actor_id, tally in ordered]


def mentions(case: CaseFile) -> dict[str, Mention]:
    """The actors of a case file by id: those that it lists, else those that its texts name."""
    return _listed(case.content) or {
        _id_of(name): Mention(name, "", LEVERAGE_WHEN_UNSTATED) for needle, name in NEEDLES if case.names([needle])
    }


def _listed(content: Any) -> dict[str, Mention]:
    """An actor that is listed several times has the mean of the scores that are given."""
    entries = content.get("actors") if isinstance(content, Mapping) else None
    found: dict[str, tuple[str, list[str], list[float]]] = {}
    for entry in entries if isinstance(entries, list) else []:
        name = clean(entry.get("name"), 120) if isinstance(entry, Mapping) else ""
        if not name:
            continue
        _, roles, scores = found.setdefault(_id_of(name), (name, [], []))
        if isinstance(role := entry.get("role"), str) and role.lower() in ROLES:
            roles.append(role.lower())
        if (score := number(entry.get("influenceScore"))) is not None:
            scores.append(clip(score / 100))
    return {
        actor_id: Mention(name, roles[0] if roles else "", mean(scores) if scores else LEVERAGE_WHEN_UNSTATED)
        for actor_id, (name, roles, scores) in found.items()
    }


def _actor(actor_id: str, tally: _Tally, held: Held) -> dict[str, Any]:
    score = round3(clip(tally.leverage / FULL_LEVERAGE))
    before = (held.leverage or {}).get(actor_id)
    return {
        "actor_id": actor_id,
        "name": tally.name,
        "role": tally.role or ROLE_WHEN_UNSTATED,
        "leverage_domains": list(tally.domains),
        "leverage_score": score,
        "delta": 0 if before is None else round3(score - before),
        "evidence_ids": list(tally.evidence_ids)[:MAX_ACTOR_EVIDENCE],
    }


def _domains(case: CaseFile) -> list[str]:
    text = " ".join(case.texts).casefold()
    return [domain for domain, words in DOMAINS if any(word in text for word in words)]


def _id_of(name: str) -> str:
    return "-".join(name.casefold().split())
