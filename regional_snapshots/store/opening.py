"""Opening the store: on the server that is configured, or else on the embedded one."""

from __future__ import annotations

from pathlib import Path

from regional_snapshots.store.commit import Policy
from regional_snapshots.store.embedded import EmbeddedServer
from regional_snapshots.store.snapshots import SnapshotStore


def open_store(url: str, *, feeds_url: str, home: Path, layout: str, policy: Policy) -> SnapshotStore:
    """The store at ``url``; when that is empty, on the embedded server of ``home``. Raises :class:`StoreError`."""
    url = url or EmbeddedServer(home / "redis").ensure()
    return SnapshotStore(url, feeds_url=feeds_url, layout=layout, policy=policy)
