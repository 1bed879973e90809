"""The IO manager: writes any number of regions side by side, each atomically, and loads the latest ones."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from regional_snapshots.defs.assets.events import observation
from regional_snapshots.defs.assets.feeds import feed_key, noted
from regional_snapshots.defs.partitions import one_run
from regional_snapshots.defs.publishing.failures import refresh_failure
from regional_snapshots.defs.publishing.refresh import Refresh, Written
from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.shown.metadata import commit_metadata, unwritten_metadata
from regional_snapshots.defs.shown.region import region_shown
from regional_snapshots.model.events import Event
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import DAY_MS
from regional_snapshots.report.story import PAST_DAYS, Story, story
from regional_snapshots.scoring.happenings.happening import Happening
from regional_snapshots.store.commit import Commit, Outcome

OWNED = "another snapshot owns this bucket"
EARLIER = "an earlier attempt at this refresh has written it"
NAMED = 8
"""Regions that one line of the log names before it counts them."""
FIRST = ("region", "regime", "what_changed")
"""What a person sees first of a region, before why and the picture; the rest follows."""
MOST_PICTURED = 50
"""Of a run of more regions, none is drawn: pictures would be most of Dagster's event log."""


class SnapshotIOManager(dg.IOManager):
    """Stores a refresh in Redis. A region that fails never holds up the others: they are committed and shown."""

    def __init__(self, snapshots: Snapshots) -> None:
        self.snapshots = snapshots

    def handle_output(  # type: ignore[override]  # Dagster runs generators, too, and its own declaration does not say so
        self, context: dg.OutputContext, obj: Refresh
    ) -> Iterator[object]:
        """Commit every region that has a snapshot.

        When all went well, their metadata are attached and Dagster emits the materializations. When some failed, the
        materializations of the others are emitted here, before ``dagster.Failure`` names the regions and reasons.
        """
        shown, problems, events = self._committed(obj)
        if REGION_IDS[0] in obj.regions or one_run(self.snapshots.settings.regions_per_run):
            yield from note_feeds(context, obj)
        if events:
            yield dg.DagsterEvent.asset_observation(context.step_context, observation(events))
        for line in unwritten_lines(shown):
            context.log.info(line)
        for line in warning_lines(shown):
            context.log.warning(line)
        for region, metadata in sorted(shown.items()):
            if problems:
                event = dg.AssetMaterialization(context.asset_key, partition=region, metadata=metadata)
                yield dg.DagsterEvent.asset_materialization(context.step_context, event)
            else:
                context.step_context.add_asset_metadata(metadata, asset_key=context.asset_key, partition_key=region)
        if problems:
            raise refresh_failure(problems, published=len(shown))

    def _committed(self, refresh: Refresh) -> tuple[dict[str, dict[str, Any]], dict[str, Exception], list[Event]]:
        """``({region: metadata}, {region: why it failed}, events)`` of all regions, once they are written."""
        scored = {region: entry for region, entry in sorted(refresh.regions.items()) if isinstance(entry, Happening)}
        started = time.perf_counter()
        news = {entry.snapshot.id: entry.news for entry in scored.values()}
        made = [entry.snapshot for entry in scored.values()]
        answers = dict(zip(scored, self.snapshots.store.commit_all(made, news=news, force=refresh.force), strict=True))
        took = {"commit_milliseconds": round((time.perf_counter() - started) * 1000, 1)}
        found = {**refresh.regions, **answers}
        problems: dict[str, Exception] = {
            region: answer for region, answer in found.items() if isinstance(answer, Exception)
        }
        commits = {region: answer for region, answer in answers.items() if isinstance(answer, Commit)}
        shown = self._unwritten(refresh, commits)
        pictured = len(commits) <= MOST_PICTURED
        for region in commits.keys() - shown.keys():
            shown[region] = _published(scored[region], commits[region], refresh, took, pictured=pictured)
        return shown, problems, [event for commit in commits.values() for event in commit.told]

    def _unwritten(self, refresh: Refresh, commits: Mapping[str, Commit]) -> dict[str, dict[str, Any]]:
        """The metadata of the regions of which nothing was written, by region: those of what is there instead."""
        shown = {
            region: unwritten_metadata(region, entry.snapshot, entry.snapshot.id, EARLIER)
            for region, entry in refresh.regions.items()
            if isinstance(entry, Written)
        }
        owners = {region: commit.owner for region, commit in commits.items() if commit.outcome is Outcome.DUPLICATE}
        for region, owner in (self.snapshots.store.get_all(owners) if owners else {}).items():
            stored = owner if isinstance(owner, Snapshot) else None
            shown[region] = unwritten_metadata(region, stored, owners[region], OWNED)
        return shown

    def load_input(self, context: dg.InputContext) -> Snapshot | dict[str, Snapshot]:
        """The latest snapshot of the partition asked for, or ``{region: snapshot}`` of several.

        Raises :class:`StoreError` for a region that cannot be read, unless it is one of several and the input's
        metadata has ``allow_missing_partitions``: then such a region is left out, with a warning.
        """
        regions = sorted(context.asset_partition_keys)
        latest = self.snapshots.store.latest_all(regions)
        single = context.has_partition_key and len(regions) == 1
        tolerant = bool((context.definition_metadata or {}).get("allow_missing_partitions")) and not single
        loaded: dict[str, Snapshot] = {}
        for region, found in latest.items():
            if isinstance(found, Snapshot):
                loaded[region] = found
            elif tolerant:
                context.log.warning(f"left out: {found}")
            else:
                raise found
        return loaded[regions[0]] if single else loaded


@dg.io_manager(required_resource_keys={"snapshots"}, description="Commits snapshots, and loads the latest ones.")
def snapshot_io_manager(context: dg.InitResourceContext) -> SnapshotIOManager:
    """On the run's own store: the one whose connections the reads have warmed."""
    return SnapshotIOManager(context.resources.snapshots)


def note_feeds(context: dg.OutputContext, refresh: Refresh) -> Iterator[dg.DagsterEvent]:
    """Note the feeds that changed since they were noted last: once a refresh, by the run that takes the first region.

    Dagster has looked up their versions when the step began; it looks again, so that the regions are in sync with what
    they were made of.
    """
    step = context.step_context
    infos = {
        it.name: step.maybe_fetch_and_get_input_asset_version_info(feed_key(it.name)) for it in refresh.feeds.report
    }
    known = {name: info.data_version.value if info and info.data_version else None for name, info in infos.items()}
    for event in noted(refresh.feeds.report, refresh.documents, known):
        step.wipe_input_asset_version_info(event.asset_key)
        if isinstance(event, dg.AssetObservation):
            yield dg.DagsterEvent.asset_observation(step, event)
        else:
            yield dg.DagsterEvent.asset_materialization(step, event)


def _published(
    scored: Happening, commit: Commit, refresh: Refresh, took: Mapping[str, float], *, pictured: bool
) -> dict[str, Any]:
    """The metadata of a region of which a snapshot was written."""
    region = commit.region
    metadata = commit_metadata(scored, commit, refresh.feeds, refresh.previous.get(region))
    metadata |= {**took, **refresh.usage.get(region, {})}
    if not pictured:
        return metadata
    answer = region_shown(_story(scored, commit, refresh), refresh.feeds.report)
    return {name: metadata[name] for name in FIRST} | answer | metadata


def _story(scored: Happening, commit: Commit, refresh: Refresh) -> Story:
    made = scored.snapshot
    previous = refresh.previous.get(made.region)
    since_ms = made.generated_at - PAST_DAYS * DAY_MS
    rows = [row for row in refresh.series.get(made.region, ()) if row.at >= since_ms]
    return story(made.document, previous.document if previous else None, rows, commit.told)


def unwritten_lines(shown: dict[str, dict[str, Any]]) -> Iterator[str]:
    """One line for each reason why regions of a run that went well were not written, and what to do."""
    for note, advice in ((OWNED, "to write all the same, run again with force: true"), (EARLIER, "nothing to do")):
        regions = [region for region, metadata in sorted(shown.items()) if metadata.get("note") == note]
        if regions:
            yield f"Nothing was written for {_named(regions)}: {note}. Next: {advice}."


def warning_lines(shown: dict[str, dict[str, Any]]) -> Iterator[str]:
    """One line for each warning about what was committed, with its regions."""
    for warning in sorted({metadata["warning"] for metadata in shown.values() if "warning" in metadata}):
        regions = [region for region, metadata in sorted(shown.items()) if metadata.get("warning") == warning]
        yield f"{_named(regions)}: committed, {warning}."


def _named(regions: Sequence[str]) -> str:
    more = len(regions) - NAMED
    return ", ".join(regions[:NAMED]) + (f" and {more} more" if more > 0 else "")
