"""How a refresh fails: which regions, and why, in words; and as data, for whoever repeats it."""

from collections.abc import Mapping, Sequence

import dagster as dg

from regional_snapshots.defs.publishing.refresh import Withheld
from regional_snapshots.store.errors import StoreError

MOST_REASONS = 50
"""Reasons that are told one by one: the metadata of one event stay small however many regions there are."""


def refresh_failure(problems: Mapping[str, Exception], *, published: int) -> dg.Failure:
    """The failure of a run in which these regions failed and so many others are published."""
    regions = sorted(problems)
    others = f"{published} other region(s) are published." if published else "No region is published."
    reasons = {region: str(problems[region]) for region in regions[:MOST_REASONS]}
    more = [f"and {len(regions) - MOST_REASONS} more"] if len(regions) > MOST_REASONS else []
    words = "\n".join([*reasons.values(), *more])
    return dg.Failure(
        f"{len(regions)} region(s) failed: {', '.join([*reasons, *more])}. {others}\n{words}",
        metadata={
            "failed_regions": dg.MetadataValue.json(regions),
            "withheld_regions": dg.MetadataValue.json([it for it in regions if isinstance(problems[it], Withheld)]),
            "repeatable_regions": dg.MetadataValue.json([it for it in regions if repeat_helps(problems[it])]),
            "reasons": dg.MetadataValue.json(reasons),
        },
        allow_retries=False,
    )


def unread_failure(error: StoreError, regions: Sequence[str]) -> dg.Failure:
    """The failure of a run that could read nothing."""
    return dg.Failure(
        f"Nothing could be read, no region is published. {error}",
        metadata={
            "failed_regions": dg.MetadataValue.json(sorted(regions)),
            "withheld_regions": dg.MetadataValue.json([]),
            "repeatable_regions": dg.MetadataValue.json(sorted(regions) if error.repeat_helps else []),
        },
        allow_retries=False,
    )


def repeat_helps(problem: Exception) -> bool:
    """Whether the same may go well in some minutes, with nobody doing anything."""
    return isinstance(problem, StoreError) and problem.repeat_helps
