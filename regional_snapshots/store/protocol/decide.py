"""*Decide*: from what was seen to what is written. Pure: no connection, no clock."""

from __future__ import annotations

from dataclasses import dataclass

from regional_snapshots.model.document.words import UNCHANGED
from regional_snapshots.model.news import NO_NEWS, News
from regional_snapshots.model.snapshot import Snapshot, time_of
from regional_snapshots.model.values import DAY_MS
from regional_snapshots.store.errors import ClockSkewError, HeldBackError, OutsideRetentionError
from regional_snapshots.store.protocol.look import Looked
from regional_snapshots.store.protocol.policy import Outcome, Policy
from regional_snapshots.store.protocol.quiet import NOTHING_TOLD, Settled, settle
from regional_snapshots.store.tiers.thinning import NOTHING_THINNED, Thinned, thinned


@dataclass(frozen=True)
class Writes:
    """The decision to commit: whether latest moves, when the index expires, and what is told beside it."""

    late: bool
    index_expires_ms: int
    pinned: bool = False
    """A pin holds latest: the snapshot goes into history, and nobody is told."""
    told: Settled = NOTHING_TOLD
    tells_others: bool = False
    """Whether the programs that share the layout hear of it, too."""
    thinned: Thinned = NOTHING_THINNED
    """What the tiers of the retention let go with it."""

    @property
    def aim(self) -> Outcome:
        """The outcome, once it is written."""
        return Outcome.LATE if self.late else Outcome.PINNED if self.pinned else Outcome.COMMITTED


def decide(
    seen: Looked, snapshot: Snapshot, policy: Policy, news: News = NO_NEWS, *, force: bool = False
) -> Writes | tuple[Outcome, str]:
    """What to do with a snapshot, given what was seen: write it, or the outcome and the bucket's owner."""
    _check_time(snapshot, seen, policy)
    mine = (snapshot.generated_at, snapshot.id)
    pinned = is_id(seen.pin)
    if _stored_whole(seen, snapshot, pinned):
        held_back = pinned and order_of(seen.latest) < mine
        return Outcome.PINNED if held_back else Outcome.COMMITTED, snapshot.id
    owner = None if force else _owner(seen, snapshot, policy, news.what or snapshot.reason)
    if owner not in (None, snapshot.id):
        return Outcome.DUPLICATE, owner
    newest = mine if seen.head is None else max(mine, seen.head)
    late = newest != mine or order_of(seen.latest) > mine  # latest is ahead of the head where the index was lost
    untold = late or pinned or snapshot.id in seen.news_of  # by an attempt of which something else was damaged since
    told = NOTHING_TOLD if untold else settle(news, seen.quiet, snapshot.generated_at)
    expires_ms = newest[0] + policy.retention_ms
    head = None if seen.head is None else seen.head[1]
    kept = (snapshot.id, seen.pin, seen.latest, head)
    let_go = thinned(snapshot, news, seen.spare, kept, seen.server_ms, policy.tiers, policy.bucket_ms)
    return Writes(late, expires_ms, pinned and not late, told, not untold, let_go)


def _check_time(snapshot: Snapshot, seen: Looked, policy: Policy) -> None:
    """Raise :class:`StoreError` for a snapshot out of its time, or where one of the future would hold it back."""
    server_ms = seen.server_ms
    if snapshot.generated_at <= server_ms - policy.retention_ms:
        days = policy.retention_ms / DAY_MS
        raise OutsideRetentionError(
            f"{snapshot.id} is older than the retention of {days:g} days", region=snapshot.region
        )
    ahead_ms = snapshot.generated_at - server_ms
    if ahead_ms > policy.bucket_ms:
        raise ClockSkewError(f"{snapshot.id} is {ahead_ms / 1000:.0f} s ahead of the server", region=snapshot.region)
    newest_ms, newest = max(order_of(seen.latest), order_of(seen.head[1] if seen.head else None))
    if newest_ms > server_ms + policy.bucket_ms:
        ahead = f"{newest} is {(newest_ms - server_ms) / 1000:.0f} s ahead of the server, and would stay latest"
        raise HeldBackError(ahead, region=snapshot.region)


def _stored_whole(seen: Looked, snapshot: Snapshot, pinned: bool) -> bool:
    """Whether an earlier attempt succeeded: everything it writes is there, and latest is not behind it, or pinned."""
    viewed = order_of(seen.view)[0] == snapshot.generated_at  # by its own id or, of two of one instant, by the other's
    stored = seen.indexed and seen.payload_bytes == len(snapshot.payload) and viewed
    return stored and (pinned or order_of(seen.latest) >= (snapshot.generated_at, snapshot.id))


def order_of(snapshot_id: str | None) -> tuple[int, str]:
    """Where an id stands in time; what is no id stands before everything."""
    at = time_of(snapshot_id or "")
    return (-1, "") if at is None else (at, snapshot_id or "")


def is_id(text: str | None) -> bool:
    """Whether it is the id of a snapshot."""
    return order_of(text)[0] >= 0


def owner_in_doubt(decision: Writes | tuple[Outcome, str]) -> str | None:
    """The owner that has to be looked for, if any: a bucket is not owned by what is not stored."""
    if isinstance(decision, Writes) or decision[0] is not Outcome.DUPLICATE:
        return None
    return decision[1]


def _owner(seen: Looked, snapshot: Snapshot, policy: Policy, what: str) -> str | None:
    """Who owns the bucket: whom its claim names, or, for one that reports no change, the head of this very bucket."""
    claim = None if seen.claim in seen.ghosts else seen.claim
    if claim is not None or what != UNCHANGED or seen.head is None or seen.head[1] in seen.ghosts:
        return claim
    in_bucket = seen.head[0] // policy.bucket_ms == snapshot.generated_at // policy.bucket_ms
    return seen.head[1] if in_bucket else None
