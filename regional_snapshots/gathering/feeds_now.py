"""The feeds as they are now, read as the chosen method reads them."""

from __future__ import annotations

import time

from regional_snapshots.model.feeds import Feeds, keys_of, member_keys_of
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.settings import Settings
from regional_snapshots.store.snapshots import SnapshotStore


def feeds_now(store: SnapshotStore, settings: Settings) -> tuple[Feeds, dict[str, bytes | None]]:
    """The feeds at this instant, and the documents by their keys. Raises :class:`StoreError`."""
    energy = METHODS[settings.method].energy_feed
    documents = store.read_feeds((*keys_of(energy), *member_keys_of(energy)))
    return Feeds.from_raw(documents, time.time_ns() // 1_000_000, energy=energy, problems=documents.problems), documents
