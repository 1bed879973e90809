"""The asset ``world_overview``: all regions at a glance: lines, pictures, tables, the page, the summary for readers."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.shown.metadata import OPERATIONS, OWNERS, numbers, schema, table
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.snapshot import AXES, Snapshot
from regional_snapshots.model.values import clean
from regional_snapshots.report.standing import MOST_LISTED, Standing, rest_words, standing
from regional_snapshots.report.words import listed, words
from regional_snapshots.store.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd

    from regional_snapshots.defs.shown.told import Shown

NEWEST = 20
"""Events that the overview lists."""
COLUMNS = {
    "region": ("string", "Name of the region."),
    "regime": ("string", "One of seven regimes, from calm to escalation ladder."),
    "net_balance": ("float", "Buffers less pressures, -1 to 1: below zero, pressures outweigh."),
    "confidence": ("float", "How complete and fresh the feeds were, 0 to 1."),
    "age_hours": ("float", "Hours since the snapshot was made."),
    "active_triggers": ("int", "How many triggers were active."),
    "coercive_pressure": ("float", "Pressure, 0 (none) to 1."),
    "domestic_fragility": ("float", "Pressure, 0 (none) to 1."),
    "capital_stress": ("float", "Pressure, 0 (none) to 1."),
    "energy_vulnerability": ("float", "Pressure, 0 (none) to 1."),
    "alliance_cohesion": ("float", "Buffer, 0 (none) to 1."),
    "maritime_access": ("float", "Buffer, 0 (none) to 1."),
    "energy_leverage": ("float", "Buffer, 0 (none) to 1."),
}
"""Columns of the overview: ``{name: (type, description)}``."""

SHORT = {
    "coercive_pressure": "coercive",
    "domestic_fragility": "fragility",
    "capital_stress": "capital",
    "energy_vulnerability": "vulnerability",
    "alliance_cohesion": "cohesion",
    "maritime_access": "maritime",
    "energy_leverage": "leverage",
}
"""A word for each axis: headings of the UI do not wrap, and whole names would be cut off."""

AXIS_COLUMNS = {"region": COLUMNS["region"]} | {
    short: (COLUMNS[axis][0], f"{axis.replace('_', ' ').capitalize()}. {COLUMNS[axis][1]}")
    for axis, short in SHORT.items()
}
"""Columns of the table of the axes, as the UI shows it."""


@dg.asset(
    ins={"latest": dg.AssetIn("regional_snapshot", metadata={"allow_missing_partitions": True})},
    group_name="snapshots",
    kinds={"python", "pandas", "html"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema(COLUMNS), "documentation": dg.MetadataValue.path(OPERATIONS)},
)
def world_overview(
    context: dg.AssetExecutionContext, latest: dict[str, Any], snapshots: dg.ResourceParam[Snapshots]
) -> dg.MaterializeResult[Any]:
    """All regions at a glance: what matters now in at most five lines, a picture, a map, tables, the feeds.

    Tells of every region that has a latest snapshot, also after a refresh that failed in part. `page` is one HTML file
    that holds everything (open it in a browser; `regional-snapshots report` writes it too). Readers find the same as a
    short summary document in Redis.
    """
    now_ms = time.time_ns() // 1_000_000
    ordered = {region: latest[region] for region in REGION_IDS if region in latest}
    if not ordered:
        raise dg.Failure("No region has a snapshot yet. Next: materialize regional_snapshot.", allow_retries=False)
    regions = overview(ordered, now_ms)
    try:
        snapshots.store.publish_summary(ordered, REGION_IDS, now_ms)
    except StoreError as error:
        raise dg.Failure(str(error)) from error
    return dg.MaterializeResult(
        value=regions,
        metadata={
            **told(context, snapshots, ordered, now_ms),
            **tables(regions, [standing(snapshot.document) for snapshot in ordered.values()]),
            "regions": len(regions),
            "without_snapshot": listed([region for region in REGION_IDS if region not in ordered], MOST_LISTED),
            **numbers({"lowest_confidence": regions["confidence"].min()}),
            **numbers({"mean_net_balance": round(regions["net_balance"].mean(), 3)}),
            "active_triggers": int(regions["active_triggers"].sum()),
        },
    )


def tables(regions: "pd.DataFrame", standings: list[Standing]) -> "Shown":
    """The overview as two tables; of more regions than a table lists, the worst, and a line about the rest."""
    places = list(range(len(standings)))
    if len(places) > MOST_LISTED:
        places.sort(key=lambda place: standings[place].severity, reverse=True)
    shown, left_out = regions.iloc[places[:MOST_LISTED]], [standings[place] for place in places[MOST_LISTED:]]
    made: Shown = {
        "table": table(shown, {name: about for name, about in COLUMNS.items() if name not in AXES}),
        "axes": table(shown.rename(columns=SHORT), AXIS_COLUMNS),
    }
    return made | ({"not_in_tables": dg.MetadataValue.text(rest_words(left_out))} if left_out else {})


def told(
    context: dg.AssetExecutionContext, snapshots: Snapshots, latest: Mapping[str, Snapshot], now_ms: int
) -> "Shown":
    """What there is to tell of all regions, and the page that tells everything. What cannot be read is left out of
    both, with a warning."""
    from regional_snapshots.defs.assets.events import event_table
    from regional_snapshots.defs.shown.told import board_shown, deliveries_shown, world_shown
    from regional_snapshots.gathering.pages import PAGE, write_page
    from regional_snapshots.gathering.stories import feeds_board, last_deliveries, stories

    try:
        gathered = stories(snapshots.store, latest)
        every = list(gathered.stories.values())
        board, feeds = feeds_board(snapshots.store, snapshots.settings, every)
        deliveries = last_deliveries(snapshots.store)
    except StoreError as error:
        raise dg.Failure(str(error)) from error
    for problem in gathered.problems:
        context.log.warning(f"left out: {problem}")
    shown, path = world_shown(every) | board_shown(board), snapshots.settings.home / PAGE
    newest = sorted((event for each in every for event in each.events), key=lambda event: -event.generated_at)
    if gathered.pins:
        held = [f"{region} at {clean(pin.snapshot_id)}" for region, pin in gathered.pins.items()]
        shown["pinned"] = dg.MetadataValue.text(
            f"{listed(held, MOST_LISTED)}: readers see that, newer ones go into history"
        )
    shown["newest_events"] = event_table(newest[:NEWEST])
    if deliveries:
        shown["who_was_told"] = deliveries_shown(deliveries)
    try:
        write_page(path, every, board, feeds.report, deliveries, now_ms)
    except OSError as error:
        context.log.warning(f"the page is not written: {error}")
        return shown
    return shown | {"page": dg.MetadataValue.path(str(path))}


def overview(latest: dict[str, Snapshot], now_ms: int) -> "pd.DataFrame":
    """One row a region: label, regime, axes (0 to 1), net balance (-1 to 1), confidence, age (hours), triggers.

    What is not known is NaN.
    """
    import pandas as pd

    rows = []
    for snapshot in latest.values():
        now = standing(snapshot.document)
        rows.append(
            {
                "region": now.label,
                "regime": words(now.regime),
                "net_balance": now.net,
                **{axis.name: axis.value for axis in now.axes},
                "confidence": now.confidence,
                "age_hours": round((now_ms - snapshot.generated_at) / 3_600_000, 2),
                "active_triggers": len(now.active),
            }
        )
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({name: "float64" for name, (kind, _) in COLUMNS.items() if kind == "float"})
