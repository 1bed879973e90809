"""After a commit: how many replicas have acknowledged it. The data are written, so a lack of them is no failure."""

from __future__ import annotations

from regional_snapshots.store.link.batch import Batch
from regional_snapshots.store.link.connections import Connections, Wire
from regional_snapshots.store.link.refusals import words_of

WAIT_MS = 1000
"""How long a commit waits for its replicas."""


async def lacking_replicas(connections: Connections, wire: Wire, wanted: int) -> tuple[str, ...]:
    """Warnings about what was last written over this connection; none when ``wanted`` replicas have it.

    Raises one of ``LINK_ERRORS`` when the link breaks: the commit stands all the same.
    """
    batch = Batch()
    asked = batch.ask("WAIT", wanted, WAIT_MS)
    await connections.send(wire, batch)
    if asked.refused:
        return (f"nobody could be asked how many replicas acknowledged it ({words_of(asked.reply)})",)
    return () if asked.reply >= wanted else (f"acknowledged by {asked.reply} of {wanted} replicas",)


UNKNOWN = ("acknowledged by an unknown number of replicas: the answer was lost",)
