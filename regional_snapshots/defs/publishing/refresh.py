"""One refresh: read all inputs at one instant, score the regions, and say for each what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from regional_snapshots.model.feeds import Feeds, keys_of, member_keys_of
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.happenings.happening import Happening
from regional_snapshots.scoring.methods import Method
from regional_snapshots.scoring.run import DAY_MS, SERIES_DAYS, compute_run
from regional_snapshots.scoring.scored import Previous
from regional_snapshots.scoring.withholding import withheld_because
from regional_snapshots.store.errors import DamagedError, DanglingPointerError, MissingSnapshotError, StoreError
from regional_snapshots.store.reader import Found
from regional_snapshots.store.snapshots import Inputs, SnapshotStore


class Withheld(Exception):
    """A region that is not published, because too little is known: an outage must not read as calm."""


@dataclass(frozen=True)
class Written:
    """A region of which an earlier attempt at this refresh has written the snapshot: it is not written again."""

    snapshot: Snapshot


@dataclass(frozen=True)
class Refresh:
    """What the asset hands to the IO manager: what is published of each region, or why nothing is."""

    regions: dict[str, Happening | StoreError | Withheld | Written]
    feeds: Feeds
    previous: dict[str, Snapshot]
    warnings: tuple[str, ...] = ()
    force: bool = False


def refresh(
    store: SnapshotStore,
    regions: Iterable[str],
    now_ms: int,
    *,
    method: Method,
    min_confidence: float,
    force: bool = False,
) -> Refresh:
    """Score the regions from what the store holds at this moment. Raises :class:`StoreError` if nothing can be read."""
    wanted = list(regions)
    keys = (*keys_of(method.energy_feed), *member_keys_of(method.energy_feed))
    rows_since_ms = now_ms - SERIES_DAYS * DAY_MS if method.looks_back else None
    inputs = store.read_inputs(keys, wanted, rows_since_ms)
    feeds = Feeds.from_raw(inputs.feeds, now_ms, energy=method.energy_feed, problems=inputs.feeds.problems)
    found = _computed(method, feeds, inputs, now_ms, withheld_because(feeds, min_confidence))
    previous = {region: latest for region, latest in inputs.latest.items() if isinstance(latest, Snapshot)}
    return Refresh(found, feeds, previous, tuple(inputs.warnings), force)


def _computed(
    method: Method, feeds: Feeds, inputs: Inputs, now_ms: int, withheld: str
) -> dict[str, Happening | StoreError | Withheld]:
    """What is published of each region, or why nothing is: a region that could not be read holds up no other."""
    if withheld:
        return {region: _withheld(region, withheld) for region in inputs.latest}
    previous = {region: _previous(found) for region, found in inputs.latest.items()}
    unread = {region: found for region, found in {**previous, **inputs.rows}.items() if isinstance(found, StoreError)}
    known = {region: found for region, found in previous.items() if isinstance(found, Previous)}
    series = {region: rows for region, rows in inputs.rows.items() if not isinstance(rows, StoreError)}
    published = compute_run(method, [region for region in known if region not in unread], feeds, known, series, now_ms)
    return {region: unread.get(region) or published[region] for region in inputs.latest}


def _withheld(region: str, because: str) -> Withheld:
    return Withheld(f"{region}: WITHHELD, {because}. Next: see `regional-snapshots feeds status`.")


def _previous(found: Found) -> Previous | StoreError:
    """A failed read is an error of the region; a damaged predecessor only means that nothing can be compared."""
    if isinstance(found, MissingSnapshotError):
        return Previous()
    if isinstance(found, DamagedError | DanglingPointerError):
        return Previous(unreadable=found.problem)
    return found if isinstance(found, StoreError) else Previous(found.document)
