"""The asset ``weekly_brief``: the week of each region in words, one partition a region."""

import asyncio
import time

import dagster as dg

from regional_snapshots.defs.partitions import BRIEFED, REGIONAL_SNAPSHOT, brief_partitions
from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.shown.metadata import OWNERS
from regional_snapshots.files.packaged import packaged
from regional_snapshots.store.errors import StoreError


@dg.asset(
    partitions_def=brief_partitions,
    backfill_policy=dg.BackfillPolicy.single_run(),
    deps=[REGIONAL_SNAPSHOT],
    group_name="snapshots",
    kinds={"python", "redis"},
    owners=OWNERS,
    code_version="1",
    metadata={"documentation": dg.MetadataValue.path(str(packaged("docs/narrative.md")))},
)
def weekly_brief(context: dg.AssetExecutionContext, snapshots: dg.ResourceParam[Snapshots]) -> None:
    """What the last seven days of a region were: from the series, the events and the latest snapshot.

    Written from a template, or, where a model is configured, by that, every sentence checked against the evidence it
    cites. Stored in Redis in the place of the one before. A region that fails holds up no other.
    """
    from regional_snapshots.gathering.weeks import weeks
    from regional_snapshots.narrative.briefs import briefs_of
    from regional_snapshots.narrative.providers import ProviderError, providers_of
    from regional_snapshots.report.markup import safe_markdown
    from regional_snapshots.store.records.texts import write_briefs, write_briefs_summary

    regions = sorted(context.partition_keys)
    now_ms, settings, store = time.time_ns() // 1_000_000, snapshots.settings, snapshots.store
    try:
        providers = providers_of(settings.llm_url, settings.llm_model, settings.llm_key, settings.llm_providers)
    except ProviderError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    try:
        told, problems = weeks(store, regions, now_ms)
        written = asyncio.run(briefs_of(told, providers))
        documents = {region: made.document for region, (made, _) in written.items()}
        problems |= store.run(write_briefs(store.connections, store.layout, documents))
        if not problems and set(regions) == set(BRIEFED):
            store.run(write_briefs_summary(store.connections, store.layout, len(documents), now_ms))
    except StoreError as error:
        raise dg.Failure(f"No brief could be stored. {error}") from error
    for region, (made, spent) in written.items():
        if region in problems:
            continue
        lines = [made.document["situation_recap"], made.document["regime_trajectory"]]
        lines += [f"- {line}" for line in made.document["key_developments"]]
        lines += [made.document["risk_outlook"]]
        shown = "\n\n".join(f"- {safe_markdown(it[2:])}" if it.startswith("- ") else safe_markdown(it) for it in lines)
        context.add_asset_metadata(
            {
                "brief": dg.MetadataValue.md(shown),
                "provider": made.document["provider"],
                "sentences_dropped": sum(made.dropped.values()),
                "llm_calls": spent.calls,
                "llm_prompt_tokens": spent.prompt_tokens,
                "llm_completion_tokens": spent.completion_tokens,
                "llm_seconds": round(spent.seconds, 3),
                **({"llm_cost": spent.cost} if spent.cost else {}),
            },
            partition_key=region,
        )
    if problems:
        raise dg.Failure("; ".join(str(problem) for problem in problems.values()))
