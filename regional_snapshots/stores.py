"""The stores of this process: one for each server and policy, however many parts of the process use it.

Assets, IO manager, checks and sensors of a run, and the command line around it, share one pool: the connections that
the reads have warmed are those that commit.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from regional_snapshots.model.regions import REGIONS_DIGEST
from regional_snapshots.settings import Settings
from regional_snapshots.store.commit import Policy
from regional_snapshots.store.snapshots import SnapshotStore, open_store

_lock = threading.Lock()
_open: dict[Key, SnapshotStore] = {}
_leases: Counter[Key] = Counter()

Key = tuple[tuple[str, Any], ...]


@contextmanager
def leased(settings: Settings) -> Iterator[SnapshotStore]:
    """The store as the settings have it; the last who leaves it closes it. Raises :class:`StoreError`."""
    options = store_options(settings)
    key = tuple(options.items())
    with _lock:
        if key not in _open:
            _open[key] = open_store(**options)
        _leases[key] += 1
        store = _open[key]
    try:
        yield store
    finally:
        _give_back(key, store)


def store_options(settings: Settings) -> dict[str, Any]:
    """What of the settings makes one store another: the arguments of :func:`open_store`."""
    return {
        "url": settings.redis_url,
        "feeds_url": settings.feeds_redis_url,
        "home": settings.home,
        "layout": settings.key_layout,
        "namespace": settings.namespace,
        "alerts": settings.wm_alerts,
        "policy": Policy.of(
            settings.retention_days,
            settings.bucket_minutes,
            patience_s=settings.patience_seconds,
            min_replicas=settings.min_replicas,
            tiers=settings.retention_tiers,
        ),
        "total_s": settings.reply_seconds,
        "feed_megabytes": settings.feed_megabytes,
        "method": settings.method,
        "regions": REGIONS_DIGEST,
    }


def _give_back(key: Key, store: SnapshotStore) -> None:
    with _lock:
        if _open.get(key) is not store:  # leased before a fork, given back in the child: it is the parent's
            return
        _leases[key] -= 1
        if _leases[key]:
            return
        del _open[key], _leases[key]
    store.close()


def _forget() -> None:
    """In a forked child: the stores are the parent's, and so may be the lock."""
    global _lock
    _lock = threading.Lock()
    _open.clear()
    _leases.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
