"""The server of our own, for machines without Redis: one per home directory, shared by everything that runs there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from regional_snapshots.store.errors import EmbeddedServerError

if TYPE_CHECKING:
    from regional_snapshots.store.embedded.server import EmbeddedServer


def embedded_server(home: Path) -> EmbeddedServer:
    """The server that lives in ``home``. Raises :class:`EmbeddedServerError` where the system lacks what it needs."""
    try:
        from regional_snapshots.store.embedded.server import EmbeddedServer
    except ImportError as error:  # fcntl: only Unix has it
        raise EmbeddedServerError(
            "the embedded server needs Linux or macOS", next_step="set REDIS_URL to a server of your own"
        ) from error
    return EmbeddedServer(home / "redis")
