"""Weekly briefs for many regions, side by side; without a provider, or without a grounded word of one, the template."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from regional_snapshots.narrative.answer import UnusableAnswerError, object_in
from regional_snapshots.narrative.brief import Brief, Week, brief_facts, model_brief, template_brief
from regional_snapshots.narrative.prompt import brief_prompt
from regional_snapshots.narrative.service import Provider, Usage, ask

if TYPE_CHECKING:
    import httpx

MAX_TOKENS = 1200
RUN_S = 120.0
"""Seconds for all briefs of a run together."""


async def briefs_of(
    weeks: Mapping[str, Week], providers: Sequence[Provider], run_s: float = RUN_S
) -> dict[str, tuple[Brief, Usage]]:
    """A brief and its cost for every region. Never raises but for cancellation."""
    if not providers:
        return {region: (template_brief(week), Usage()) for region, week in weeks.items()}
    import httpx

    async with httpx.AsyncClient(follow_redirects=False, timeout=None) as client:  # noqa: S113 - bounded per attempt

        async def one(week: Week) -> tuple[Brief, Usage]:
            try:
                return await asyncio.wait_for(_written(client, week, providers), run_s)
            except asyncio.TimeoutError:
                return template_brief(week), Usage()

        written = await asyncio.gather(*map(one, weeks.values()))
    return dict(zip(weeks, written, strict=True))


async def _written(client: httpx.AsyncClient, week: Week, providers: Sequence[Provider]) -> tuple[Brief, Usage]:
    prompt, usage = brief_prompt(brief_facts(week)), Usage()
    for provider in providers:
        reply = await ask(client, replace(provider, retries=0), prompt, MAX_TOKENS)
        usage += reply.usage
        if reply.problem:
            continue
        try:
            brief = model_brief(week, object_in(reply.text), provider.name, provider.model)
        except UnusableAnswerError:
            continue
        if brief:
            return brief, usage
    return template_brief(week), usage
