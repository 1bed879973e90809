"""One refresh: read all inputs at one instant, score the regions, and say for each what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regional_snapshots.model.feeds import Feeds, keys_of, member_keys_of
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import DAY_MS
from regional_snapshots.scoring.happenings.happening import Happening
from regional_snapshots.scoring.methods import Method
from regional_snapshots.scoring.run import SERIES_DAYS, compute_run
from regional_snapshots.scoring.scored import Previous
from regional_snapshots.scoring.withholding import withheld_because
from regional_snapshots.store.errors import DamagedError, DanglingPointerError, MissingSnapshotError, StoreError
from regional_snapshots.store.reader import Found
from regional_snapshots.store.records.inputs import RunInputs
from regional_snapshots.store.records.reading import Inputs
from regional_snapshots.store.snapshots import SnapshotStore


class Withheld(Exception):
    """A region that is not published, because too little is known: an outage must not read as calm."""


@dataclass(frozen=True)
class Written:
    """A region of which an earlier attempt at this refresh has written the snapshot: it is not written again."""

    snapshot: Snapshot


@dataclass(frozen=True)
class Refresh:
    """What the asset hands to the IO manager: what is published of each region, or why nothing is; the feeds, and the
    documents they were read from."""

    regions: dict[str, Happening | StoreError | Withheld | Written]
    feeds: Feeds
    documents: dict[str, bytes | None]
    previous: dict[str, Snapshot]
    warnings: tuple[str, ...] = ()
    force: bool = False
    series: Mapping[str, Sequence[SeriesRow]] = field(default_factory=dict)
    """The rows of each region before this refresh, where the method looks back at them."""
    usage: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the text of each region cost, where a model was asked for one."""


def refresh(
    store: SnapshotStore,
    regions: Iterable[str],
    now_ms: int,
    *,
    method: Method,
    min_confidence: float,
    force: bool = False,
) -> Refresh:
    """Score the regions from what the store holds at this moment, and keep there what they were scored from.

    Raises :class:`StoreError` if nothing can be read.
    """
    wanted = list(regions)
    asked = set(wanted)
    beside = [region for region in method.listens_to if region not in asked]
    keys = (*keys_of(method.energy_feed), *member_keys_of(method.energy_feed))
    rows_since_ms = now_ms - SERIES_DAYS * DAY_MS if method.looks_back else None
    found = store.read_inputs(keys, [*wanted, *beside], rows_since_ms)
    unread = _unread(wanted, found)
    readable = [region for region in wanted if region not in unread]
    used = RunInputs.of(found.feeds, _compared_with(found), readable)
    feeds = Feeds.from_raw(
        found.feeds, now_ms, energy=method.energy_feed, inputs=used.digest, problems=found.feeds.problems
    )
    previous = {region: latest for region in wanted if isinstance(latest := found.latest[region], Snapshot)}
    warnings = tuple(found.warnings)
    if because := withheld_because(feeds, min_confidence):
        return Refresh(
            {region: _withheld(region, because) for region in wanted}, feeds, found.feeds, previous, warnings, force
        )
    series = {region: rows for region, rows in found.rows.items() if not isinstance(rows, StoreError)}
    if readable:
        store.keep_meanwhile(used, now_ms, found.kept_for_ms)
    made = compute_run(method, readable, feeds, _known(found), series, now_ms) if readable else {}
    return Refresh({**made, **unread}, feeds, found.feeds, previous, warnings, force, series)


def _unread(regions: Iterable[str], found: Inputs) -> dict[str, StoreError]:
    """The regions whose latest snapshot or rows could not be read, and why. They hold up no other."""
    parts = [(region, part) for region in regions for part in (_previous(found.latest[region]), found.rows.get(region))]
    return {region: part for region, part in parts if isinstance(part, StoreError)}


def _known(found: Inputs) -> dict[str, Previous]:
    """What is known of the snapshots before, of regions that are scored and of those beside them."""
    known = {region: _previous(latest) for region, latest in found.latest.items()}
    return {
        region: Previous(unreadable=entry.problem) if isinstance(entry, StoreError) else entry
        for region, entry in known.items()
    }


def _compared_with(found: Inputs) -> dict[str, str]:
    """The ids of the snapshots before, "" for one that cannot be read; none where there is none."""
    return {
        region: latest.id if isinstance(latest, Snapshot) else ""
        for region, latest in found.latest.items()
        if not isinstance(latest, MissingSnapshotError)
    }


def _withheld(region: str, because: str) -> Withheld:
    return Withheld(f"{region}: WITHHELD, {because}. Next: see `regional-snapshots feeds status`.")


def _previous(found: Found) -> Previous | StoreError:
    """A failed read is an error of the region; a damaged predecessor only means that nothing can be compared."""
    if isinstance(found, MissingSnapshotError):
        return Previous()
    if isinstance(found, DamagedError | DanglingPointerError):
        return Previous(unreadable=found.problem)
    return found if isinstance(found, StoreError) else Previous(found.document)
