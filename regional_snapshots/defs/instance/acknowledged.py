"""What Dagster has on record as committed. A store that went back, by a failover or an old backup, cannot know it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping

import dagster as dg

from regional_snapshots.defs.instance.home import SCHEMA_MADE, InstanceError, opened_instance
from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT
from regional_snapshots.model.snapshot import time_of
from regional_snapshots.settings import Settings
from regional_snapshots.store.errors import MissingSnapshotError
from regional_snapshots.store.keys import RegionKeys
from regional_snapshots.store.reconcile.findings import KINDS, Finding, ReconcileReport
from regional_snapshots.store.snapshots import SnapshotStore

REWOUND = "rewound"


def acknowledged(instance: dg.DagsterInstance, regions: Iterable[str]) -> dict[str, str]:
    """The id of the snapshot that each region's last materialization named, all of them stored then. Two queries."""
    last = instance.get_latest_storage_id_by_partition(
        REGIONAL_SNAPSHOT, dg.DagsterEventType.ASSET_MATERIALIZATION, set(regions)
    )
    if not last:
        return {}
    wanted = dg.AssetRecordsFilter(REGIONAL_SNAPSHOT, storage_ids=list(last.values()))
    known: dict[str, str] = {}
    for record in instance.fetch_materializations(wanted, limit=len(last)).records:
        made = record.asset_materialization
        told = {label: entry.value for label, entry in made.metadata.items()} if made else {}
        if made and made.partition:
            known[made.partition] = str(told.get("snapshot_id", ""))
    return known


def on_record(settings: Settings, regions: Iterable[str]) -> dict[str, str]:
    """The same of DAGSTER_HOME, where there is an instance; none is made. Raises :class:`InstanceError`."""
    try:
        if not (settings.dagster_home / SCHEMA_MADE).exists():
            return {}
    except OSError as error:  # its name is too long, or a directory above it is closed to us
        raise InstanceError(f"DAGSTER_HOME cannot be looked at: {error.strerror}") from None
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    with opened_instance(settings) as instance:
        return acknowledged(instance, regions)


def gone(store: SnapshotStore, known: Mapping[str, str], newest: Mapping[str, str]) -> dict[str, str]:
    """Of the ids that are ``known``, those that are newer than the ``newest`` there is and not in the store.

    A region without any snapshot has not gone back: its store may be another one. What was ahead of time has not
    either: it was moved away. Asks the store only where an id is newer; raises :class:`StoreError` then.
    """
    now_ms = time.time_ns() // 1_000_000
    newer = {
        region: known[region] for region, found in newest.items() if now_ms >= _at(known.get(region)) > _at(found) >= 0
    }
    found = store.get_all(newer) if newer else {}
    return {region: newer[region] for region, answer in found.items() if isinstance(answer, MissingSnapshotError)}


def with_rewound(store: SnapshotStore, report: ReconcileReport, known: Mapping[str, str]) -> ReconcileReport:
    """The report of a reconciliation with a finding for each region that went back. Raises :class:`StoreError`."""
    heads = {region: state.head for region, state in report.states.items()}
    findings = []
    for region, name in gone(store, known, heads).items():
        key, detail = RegionKeys(region, store.layout).latest, f"{name} was committed and is gone"
        findings.append(Finding(region, REWOUND, key, detail, KINDS[REWOUND].severity, False, name, heads[region]))
    return report.beside(findings, {})


def _at(snapshot_id: str | None) -> int:
    at = time_of(snapshot_id or "")
    return -1 if at is None else at
