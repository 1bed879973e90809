"""The IO manager: writes any number of regions side by side, each atomically, and loads the latest ones."""

import time
from collections.abc import Iterator

import dagster as dg

from regional_snapshots.defs.publishing.refresh import Refresh, Withheld
from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.shown.metadata import commit_metadata
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.scored import Scored
from regional_snapshots.store.errors import StoreError


class SnapshotIOManager(dg.IOManager):
    """Stores a refresh in Redis. A region that fails never holds up the others: they are committed and shown."""

    def __init__(self, snapshots: Snapshots) -> None:
        self.snapshots = snapshots

    def handle_output(self, context: dg.OutputContext, obj: Refresh) -> Iterator[object]:
        """Commit every region that has a snapshot.

        When all went well, their metadata are attached and Dagster emits the materializations. When some failed, the
        materializations of the others are emitted here, before ``dagster.Failure`` names the regions and reasons.
        """
        scored = {region: entry for region, entry in sorted(obj.regions.items()) if isinstance(entry, Scored)}
        problems = {region: str(entry) for region, entry in obj.regions.items() if not isinstance(entry, Scored)}
        started = time.perf_counter()
        commits = self.snapshots.store.commit_all([entry.snapshot for entry in scored.values()], force=obj.force)
        milliseconds = (time.perf_counter() - started) * 1000
        committed = {}
        for (region, entry), commit in zip(scored.items(), commits, strict=True):
            if isinstance(commit, StoreError):
                problems[region] = str(commit)
            else:
                previous_id = obj.previous_ids.get(region, "")
                committed[region] = commit_metadata(entry, commit, obj.feeds, previous_id, milliseconds)
        for region, metadata in committed.items():
            if problems:
                event = dg.AssetMaterialization(context.asset_key, partition=region, metadata=metadata)
                yield dg.DagsterEvent.asset_materialization(context.step_context, event)
            else:
                context.step_context.add_asset_metadata(metadata, asset_key=context.asset_key, partition_key=region)
        if problems:
            raise failure(problems, committed, obj)

    def load_input(self, context: dg.InputContext) -> Snapshot | dict[str, Snapshot]:
        """The latest snapshot of the partition asked for, or ``{region: snapshot}`` of several.

        Raises :class:`StoreError` for a region that cannot be read, unless it is one of several and the input's
        metadata has ``allow_missing_partitions``: then such a region is left out, with a warning.
        """
        regions = sorted(context.asset_partition_keys)
        latest = self.snapshots.store.latest_all(regions)
        single = context.has_partition_key and len(regions) == 1
        tolerant = bool((context.definition_metadata or {}).get("allow_missing_partitions")) and not single
        for region, found in list(latest.items()):
            if not isinstance(found, StoreError):
                continue
            if not tolerant:
                raise found
            context.log.warning(f"left out: {found}")
            del latest[region]
        return latest[regions[0]] if single else latest


@dg.io_manager(required_resource_keys={"snapshots"}, description="Commits snapshots, and loads the latest ones.")
def snapshot_io_manager(context: dg.InitResourceContext) -> SnapshotIOManager:
    """On the run's own store: the one whose connections the reads have warmed."""
    return SnapshotIOManager(context.resources.snapshots)


def failure(problems: dict[str, str], committed: dict, refresh: Refresh) -> dg.Failure:
    """The failure of a run: which regions, and why, in words; the regions once more as data for the retry."""
    withheld = [region for region in problems if isinstance(refresh.regions[region], Withheld)]
    others = f"{len(committed)} other region(s) are published." if committed else "No region is published."
    reasons = "\n".join(problems[region] for region in sorted(problems))
    return dg.Failure(
        f"{len(problems)} region(s) failed: {', '.join(sorted(problems))}. {others}\n{reasons}",
        metadata={
            "failed_regions": dg.MetadataValue.json(sorted(problems)),
            "withheld_regions": dg.MetadataValue.json(sorted(withheld)),
            "reasons": dg.MetadataValue.json(problems),
        },
        allow_retries=False,
    )
