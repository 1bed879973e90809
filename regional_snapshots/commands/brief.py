"""`brief`: the week of a region, in words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, WRONG, CannotRun, command, opened
from regional_snapshots.commands.shared.parameters import RegionName
from regional_snapshots.settings import Settings


@command("brief", short_help="The week of a region, in words.", examples=("brief mena", "brief mena europe --json"))
@click.argument("regions", nargs=-1, required=True, type=RegionName())
def brief(regions: Sequence[str], as_json: bool) -> int:
    """Say what the last seven days of REGIONS were, from series, events and the latest snapshot.

    Written from a template; or, where REGIONAL_SNAPSHOTS_LLM_URL names a service, by its model, every sentence checked
    against the evidence that it cites. Nothing is stored.
    """
    from regional_snapshots.gathering.weeks import weeks
    from regional_snapshots.narrative.answer import NEEDED
    from regional_snapshots.narrative.briefs import briefs_of
    from regional_snapshots.narrative.providers import ProviderError, providers_of

    settings, now_ms = Settings.load(), time.time_ns() // 1_000_000
    try:
        providers = providers_of(settings.llm_url, settings.llm_model, settings.llm_key, settings.llm_providers)
    except ProviderError as error:
        raise CannotRun(str(error)) from None
    with opened(settings) as store:
        told, problems = weeks(store, regions, now_ms)
    try:
        written = asyncio.run(briefs_of(told, providers))
    except ImportError:
        raise CannotRun(NEEDED) from None
    if as_json:
        console.as_json({region: made.document for region, (made, _) in written.items()})
    else:
        for made, usage in written.values():
            _print(made.document, usage.calls)
    for problem in problems.values():
        console.complain(str(problem))
    return WRONG if problems else FINE


def _print(document: dict[str, object], calls: int) -> None:
    console.line(str(document["situation_recap"]))
    console.line(str(document["regime_trajectory"]))
    developments = document["key_developments"]
    for development in developments if isinstance(developments, list) else []:
        console.line(f"- {development}")
    console.line(str(document["risk_outlook"]))
    by = f"{document['model']} ({calls} calls)" if document["model"] else "written from a template"
    console.line(f"({by})")
