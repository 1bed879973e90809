"""The asset ``world_overview``: all regions at a glance, as a table, as a picture, and as the summary for readers."""

import time
from typing import TYPE_CHECKING, Any

import dagster as dg

from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.shown.metadata import OPERATIONS, OWNERS, schema, table
from regional_snapshots.model.regions import REGION_IDS, REGIONS
from regional_snapshots.model.snapshot import AXES, Snapshot
from regional_snapshots.store.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd

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

RECENT_SNAPSHOTS = 20


@dg.asset(
    ins={"latest": dg.AssetIn("regional_snapshot", metadata={"allow_missing_partitions": True})},
    group_name="snapshots",
    kinds={"python", "pandas", "matplotlib"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema(COLUMNS), "documentation": dg.MetadataValue.path(OPERATIONS)},
)
def world_overview(
    context: dg.AssetExecutionContext, latest: dict[str, Any], snapshots: dg.ResourceParam[Snapshots]
) -> dg.MaterializeResult:
    """All regions at a glance: regime, seven axes, net balance, confidence and age of each region's latest snapshot.

    Lists every region that has a latest snapshot, also after a refresh that failed in part, and publishes the same as
    a short summary document for readers.
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
    balances = recent(context, snapshots, list(ordered))
    from regional_snapshots.defs.assets.picture import overview_picture

    return dg.MaterializeResult(
        value=regions,
        metadata={
            "picture": dg.MetadataValue.md(f"![axes and net balance]({overview_picture(regions, balances)})"),
            "table": table(regions, {name: about for name, about in COLUMNS.items() if name not in AXES}),
            "axes": table(regions.rename(columns=SHORT), AXIS_COLUMNS),
            "regions": len(regions),
            "without_snapshot": ", ".join(region for region in REGION_IDS if region not in ordered) or "none",
            "without_history": ", ".join(region for region in ordered if region not in balances) or "none",
            "lowest_confidence": float(regions["confidence"].min()),
            "mean_net_balance": round(float(regions["net_balance"].mean()), 3),
            "active_triggers": int(regions["active_triggers"].sum()),
        },
    )


def recent(
    context: dg.AssetExecutionContext, snapshots: dg.ResourceParam[Snapshots], regions: list[str]
) -> "dict[str, pd.DataFrame]":
    """The last snapshots by region; a region whose index cannot be read is left out, with a warning."""
    histories = {}
    for region, found in snapshots.store.history_all(regions, limit=RECENT_SNAPSHOTS).items():
        if isinstance(found, StoreError):
            context.log.warning(f"no history: {found}")
        else:
            histories[region] = found
    return histories


def overview(latest: dict[str, Snapshot], now_ms: int) -> "pd.DataFrame":
    """One row a region: label, regime, axes (0 to 1), net balance (-1 to 1), confidence, age (hours), triggers."""
    import pandas as pd

    rows = []
    for region, snapshot in latest.items():
        document = snapshot.document
        rows.append(
            {
                "region": REGIONS[region].label,
                "regime": document["regime"]["label"].replace("_", " "),
                "net_balance": document["balance"]["net_balance"],
                **{axis: document["balance"][axis] for axis in AXES},
                "confidence": document["meta"]["snapshot_confidence"],
                "age_hours": round((now_ms - snapshot.generated_at) / 3_600_000, 2),
                "active_triggers": len(document["triggers"]["active"]),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
