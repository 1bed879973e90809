"""Narratives for all regions, side by side and within a budget. Nothing here fails a run or holds one up."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from regional_snapshots.model.regions import WORLD_IDS
from regional_snapshots.narrative.answer import UnusableAnswerError, object_in, section_of
from regional_snapshots.narrative.facts import Facts, facts_of
from regional_snapshots.narrative.grounding import grounded
from regional_snapshots.narrative.prompt import SECTIONS, Prompt, narrative_prompt
from regional_snapshots.narrative.service import Provider, Usage, ask, problems_of

if TYPE_CHECKING:
    import httpx

MAX_TOKENS = 900
MAX_WATCH_ITEMS = 3
SPARE_S = 5.0
"""What is left of a region's budget for everything but waiting for answers."""
CACHE_LIFE_S = 86_400

Narrative = dict[str, Any]


class Cache(Protocol):
    """Where valid answers are kept for a day, so that unchanged facts cost nothing."""

    async def get(self, region: str, digest: str) -> bytes | None:
        """What is kept, or None."""

    async def put(self, region: str, digest: str, value: bytes, life_s: int) -> None:
        """Keep it so long."""


@dataclass(frozen=True)
class Budget:
    """Seconds for one region, and for all of them together."""

    region_s: float = 45.0
    run_s: float = 60.0


@dataclass(frozen=True)
class Narration:
    """What came of one region: its block (all empty texts when there is none), who wrote it, what was dropped and why,
    what it cost, and the problem in words when there is no text."""

    narrative: Narrative
    provider: str = ""
    model: str = ""
    dropped: Counter[str] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)
    problem: str = ""


def empty_narrative() -> Narrative:
    """The block of a snapshot without a text."""
    return {**{name: {"text": "", "evidence_ids": []} for name in SECTIONS}, "watch_items": []}


async def narrate(
    documents: Mapping[str, Mapping[str, Any]],
    providers: Sequence[Provider],
    cache: Cache | None = None,
    budget: Budget | None = None,
) -> dict[str, Narration]:
    """Narrate regions side by side; whoever is not done when the budget ends has an empty text. Never raises."""
    import httpx

    budget = budget or Budget()
    wanted = [region for region in documents if region not in WORLD_IDS]
    if not providers or not wanted:
        return {}
    limit_s = min(max(budget.region_s - SPARE_S, 0.0) or budget.region_s, budget.run_s)
    async with httpx.AsyncClient(follow_redirects=False, timeout=None) as client:  # noqa: S113 - bounded per attempt

        async def one(region: str) -> Narration:
            try:
                return await asyncio.wait_for(_narrate(client, facts_of(documents[region]), providers, cache), limit_s)
            except asyncio.TimeoutError:
                return Narration(empty_narrative(), problem=f"no text within {limit_s:g} s")
            except Exception as error:  # noqa: BLE001 - a text is never worth a snapshot
                return Narration(empty_narrative(), problem=f"no text: {type(error).__name__}")

        return dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))


async def _narrate(
    client: httpx.AsyncClient, facts: Facts, providers: Sequence[Provider], cache: Cache | None
) -> Narration:
    prompt = narrative_prompt(facts)
    digest = digest_of(prompt)
    kept = await cache.get(facts.region, digest) if cache else None
    if kept and (found := _cached(kept)) and _cites(found.narrative) <= facts.ids:
        return found
    failures: list[tuple[str, str]] = []
    usage, dropped = Usage(), Counter[str]()
    for provider in providers:
        reply = await ask(client, provider, prompt, MAX_TOKENS)
        usage += reply.usage
        if reply.problem:
            failures.append((provider.name, reply.problem))
            continue
        try:
            narrative, lost = checked(object_in(reply.text), facts)
        except UnusableAnswerError as error:
            failures.append((provider.name, str(error)))
            continue
        dropped += lost
        if not said(narrative):
            failures.append((provider.name, "no sentence of its answer is grounded in the facts"))
            continue
        if cache:
            value = json.dumps({"narrative": narrative, "model": provider.model}, ensure_ascii=False).encode()
            await cache.put(facts.region, digest, value, CACHE_LIFE_S)
        return Narration(narrative, provider.name, provider.model, dropped, usage)
    return Narration(empty_narrative(), "", "", dropped, usage, problems_of(failures))


def digest_of(prompt: Prompt) -> str:
    """What the cache knows a prompt by: 16 hex digits."""
    return hashlib.sha256(prompt.canonical.encode()).hexdigest()[:16]


def checked(answer: Mapping[str, Any], facts: Facts) -> tuple[Narrative, Counter[str]]:
    """The block of an answer, with only its grounded sentences; and what was dropped."""
    dropped: Counter[str] = Counter()

    def block(value: Any) -> dict[str, Any]:
        text, ids = section_of(value)
        found = grounded(text, ids, facts)
        dropped.update(found.dropped)
        return {"text": found.text, "evidence_ids": list(found.evidence_ids)}

    narrative: Narrative = {name: block(answer.get(name)) for name in SECTIONS}
    items = answer.get("watch_items")
    blocks = [block(item) for item in items[:MAX_WATCH_ITEMS]] if isinstance(items, list) else []
    return {**narrative, "watch_items": [item for item in blocks if item["text"]]}, dropped


def said(narrative: Narrative) -> bool:
    """Whether any of its texts is not empty."""
    return any(narrative[name]["text"] for name in SECTIONS)


def _cites(narrative: Narrative) -> frozenset[str]:
    """All ids that a narrative names: one that was not shown to the model was not written from these facts."""
    blocks = [*(narrative[name] for name in SECTIONS), *narrative["watch_items"]]
    return frozenset(identity for block in blocks for identity in block["evidence_ids"])


def _cached(kept: bytes) -> Narration | None:
    """What the cache holds, if it has the shape of a narrative."""
    try:
        found = json.loads(kept)
        narrative = {name: {"text": str(found["narrative"][name]["text"]),
                            "evidence_ids": [str(it) for it in found["narrative"][name]["evidence_ids"]]}
                     for name in SECTIONS}  # fmt: skip
        items = [
            {"text": str(item["text"]), "evidence_ids": [str(it) for it in item["evidence_ids"]]}
            for item in found["narrative"]["watch_items"]
        ]
        whole: Narrative = {**narrative, "watch_items": items[:MAX_WATCH_ITEMS]}
        return Narration(whole, "cache", str(found["model"])) if said(whole) else None
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
