"""The external asset ``regional_events``: what refreshes brought about, observed once a refresh that had any."""

from collections.abc import Sequence

import dagster as dg

from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT
from regional_snapshots.defs.shown.metadata import EVENTS_GUIDE, OWNERS, schema
from regional_snapshots.model.events import SEVERITIES, Event
from regional_snapshots.report.tidings import tiding, worst_first
from regional_snapshots.report.words import region_short, utc

REGIONAL_EVENTS = dg.AssetKey("regional_events")
MOST_ROWS = 200
"""The metadata of one event stay small, however many regions there are."""

COLUMNS = {
    "UTC": ("string", "When its snapshot was made."),
    "region": ("string", "Name of the region."),
    "severity": ("string", f"One of {', '.join(SEVERITIES)}."),
    "what": ("string", "What happened, in words, and whether sample feeds were part of it."),
    "type": ("string", "The type of event, as programs know it."),
}
"""Columns of the table of events: ``{name: (type, description)}``."""

regional_events = dg.AssetSpec(
    REGIONAL_EVENTS,
    deps=[REGIONAL_SNAPSHOT],
    group_name="snapshots",
    kinds={"redis"},
    owners=OWNERS,
    code_version="1",
    description="What refreshes brought about: changes of regime, triggers, breaks, lost feeds. Each refresh that had "
    "any is an observation with a table.\n\nPrograms subscribe to the streams in Redis; see the guide.",
    metadata={"documentation": dg.MetadataValue.path(EVENTS_GUIDE)},
)


def observation(events: Sequence[Event]) -> dg.AssetObservation:
    """The observation of a refresh that told these events."""
    ordered = worst_first(events)
    return dg.AssetObservation(
        REGIONAL_EVENTS,
        description=f"{len(ordered)} event{'' if len(ordered) == 1 else 's'}; the worst is {ordered[0].severity}",
        metadata={
            "events": len(ordered),
            "worst": ordered[0].severity,
            **{severity: sum(event.severity == severity for event in ordered) for severity in SEVERITIES},
            "table": event_table(ordered),
        },
    )


def event_table(events: Sequence[Event]) -> dg.TableMetadataValue:
    """Events as a table, at most ``MOST_ROWS`` of them."""
    records = [dg.TableRecord(_record(event)) for event in events[:MOST_ROWS]]
    return dg.MetadataValue.table(records, schema=schema(COLUMNS))


def _record(event: Event) -> dict[str, str]:
    return {
        "UTC": utc(event.generated_at).removesuffix(" UTC"),
        "region": region_short(event.region),
        "severity": event.severity,
        "what": tiding(event) + (" (sample)" if event.sample else ""),
        "type": event.type,
    }
