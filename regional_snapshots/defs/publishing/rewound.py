"""A region that went back tells of it with its next snapshot: an event, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from regional_snapshots.defs.publishing.refresh import Refresh
from regional_snapshots.model.events import EVENT_TYPES, Event
from regional_snapshots.scoring.happenings.happening import Happening
from regional_snapshots.scoring.happenings.view import view_of

REWOUND = EVENT_TYPES["rewound"]


def told_of_rewinding(made: Refresh, gone: Mapping[str, str]) -> Refresh:
    """The refresh with an event for each region whose acknowledged snapshot, ``{region: id}``, is gone."""
    scored = {region: entry for region, entry in made.regions.items() if isinstance(entry, Happening)}
    told = {region: _with_event(scored[region], name, made.previous[region].id)
            for region, name in gone.items() if region in scored}  # fmt: skip
    warnings = [
        f"{region}: latest went back from {name}, which is gone, to {made.previous[region].id}. "
        "Next: if a backup holds it, `regional-snapshots restore` puts it back into history."
        for region, name in sorted(gone.items())
    ]
    return replace(made, regions={**made.regions, **told}, warnings=(*made.warnings, *warnings))


def _with_event(made: Happening, gone: str, found: str) -> Happening:
    now = view_of(made.snapshot.document)
    event = Event(
        type=REWOUND.name, severity=REWOUND.severity, region=made.snapshot.region, subject="latest", before=gone,
        after=found, threshold=None, generated_at=now.at, snapshot_id=made.snapshot.id, previous_snapshot_id=found,
        method=now.method, confidence=now.confidence, sample=now.sample,
    )  # fmt: skip
    return replace(made, news=replace(made.news, events=(event, *made.news.events)))
