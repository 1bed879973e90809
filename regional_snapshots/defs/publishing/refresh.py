"""One refresh: read all inputs at one instant, score the regions, and say for each what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from regional_snapshots.model.feeds import DATA_KEYS, META_KEYS, Feeds
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.parity.snapshot import score_region
from regional_snapshots.scoring.scored import Previous, Scored
from regional_snapshots.store.errors import DamagedError, DanglingPointerError, MissingSnapshotError, StoreError
from regional_snapshots.store.reader import Found
from regional_snapshots.store.snapshots import SnapshotStore


class Withheld(Exception):
    """A region that is not published, because too little is known: an outage must not read as calm."""


@dataclass(frozen=True)
class Written:
    """A region of which an earlier attempt at this refresh has written the snapshot: it is not written again."""

    snapshot: Snapshot


@dataclass(frozen=True)
class Refresh:
    """What the asset hands to the IO manager: for each region a scored snapshot, or why there is none."""

    regions: dict[str, Scored | StoreError | Withheld | Written]
    feeds: Feeds
    previous: dict[str, Snapshot]
    warnings: tuple[str, ...] = ()
    force: bool = False


def refresh(
    store: SnapshotStore, regions: Iterable[str], now_ms: int, *, min_confidence: float, force: bool = False
) -> Refresh:
    """Score the regions from what the store holds at this moment. Raises :class:`StoreError` if nothing can be read."""
    inputs = store.read_inputs((*DATA_KEYS, *META_KEYS), list(regions))
    feeds = Feeds.from_raw(inputs.feeds, now_ms)
    scored = {region: _score(region, feeds, found, now_ms, min_confidence) for region, found in inputs.latest.items()}
    previous = {region: found for region, found in inputs.latest.items() if isinstance(found, Snapshot)}
    return Refresh(scored, feeds, previous, tuple(inputs.warnings), force)


def _score(
    region: str, feeds: Feeds, found: Found, now_ms: int, min_confidence: float
) -> Scored | StoreError | Withheld:
    if feeds.confidence < min_confidence or feeds.confidence == 0:
        return Withheld(
            f"{region}: WITHHELD, confidence {feeds.confidence:.3f} is below {max(min_confidence, 0.001):g}: "
            f"{len(feeds.missing)} of {len(DATA_KEYS)} feeds are missing, {len(feeds.stale)} are stale. "
            "Next: see `regional-snapshots feeds status`."
        )
    previous = _previous(found)
    return previous if isinstance(previous, StoreError) else score_region(region, feeds, previous, now_ms)


def _previous(found: Found) -> Previous | StoreError:
    """A failed read is an error of the region; a damaged predecessor only means that nothing can be compared."""
    if isinstance(found, MissingSnapshotError):
        return Previous()
    if isinstance(found, DamagedError | DanglingPointerError):
        return Previous(unreadable=found.problem)
    return found if isinstance(found, StoreError) else Previous(found.document)
