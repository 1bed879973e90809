"""A text for each snapshot of a refresh, made before the commit and within a budget. None fails for want of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from regional_snapshots.narrative.answer import NEEDED
from regional_snapshots.scoring.happenings.happening import Happening, with_narrative
from regional_snapshots.settings import Settings
from regional_snapshots.store.records.texts import TextCache
from regional_snapshots.store.snapshots import SnapshotStore

if TYPE_CHECKING:
    from regional_snapshots.narrative.narrator import Narration


@dataclass(frozen=True)
class Narrated:
    """The regions with their texts, what the texts cost (metadata by region), and what the operator should know."""

    regions: Mapping[str, Any]
    usage: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def narrated(store: SnapshotStore, settings: Settings, regions: Mapping[str, Any]) -> Narrated:
    """Give each snapshot among ``regions`` its text, where a provider is configured and says something grounded."""
    if not (settings.llm_url or settings.llm_providers):
        return Narrated(regions)
    try:
        from regional_snapshots.narrative.narrator import narrate
        from regional_snapshots.narrative.providers import ProviderError, providers_of
    except ImportError:
        return Narrated(regions, warnings=(f"no texts: {NEEDED}",))
    made = {region: entry for region, entry in regions.items() if isinstance(entry, Happening)}
    documents = {region: entry.snapshot.document for region, entry in made.items()}
    try:
        providers = providers_of(settings.llm_url, settings.llm_model, settings.llm_key, settings.llm_providers)
        told = store.run(narrate(documents, providers, TextCache(store.connections, store.layout)))
    except ProviderError as error:
        return Narrated(regions, warnings=(f"no texts: {error}",))
    except ImportError:
        return Narrated(regions, warnings=(f"no texts: {NEEDED}",))
    texts = {region: _with_text(made[region], it) for region, it in told.items() if it.provider}
    problems = sorted({f"no text of {region}: {it.problem}" for region, it in told.items() if it.problem})
    return Narrated({**regions, **texts}, {region: usage(it) for region, it in told.items()}, tuple(problems))


def usage(told: Narration) -> dict[str, Any]:
    """What a text cost, as numbers that Dagster plots, and who wrote it."""
    spent = told.usage
    return {
        "narrative_provider": told.provider or "none",
        "narrative_model": told.model or "none",
        "narrative_sentences_dropped": sum(told.dropped.values()),
        "llm_calls": spent.calls,
        "llm_prompt_tokens": spent.prompt_tokens,
        "llm_completion_tokens": spent.completion_tokens,
        "llm_seconds": round(spent.seconds, 3),
        **({"llm_cost": spent.cost} if spent.cost else {}),
    }


def _with_text(made: Happening, told: Narration) -> Happening:
    return with_narrative(made, told.narrative, told.provider, told.model)
