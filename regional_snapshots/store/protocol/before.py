"""What has to be stored before a commit writes, and is stored while it looks: so it costs no round trip more."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress

from regional_snapshots.store.errors import UnreachableError
from regional_snapshots.store.link.refusals import refusal

LONGEST_S = 1.0
"""How long a commit waits with a connection in hand. Then it gives it back, which may be what the other waits for."""


class Before:
    """Work of the store that has begun. ``what`` it is, for messages."""

    def __init__(self, work: Future[None], what: str) -> None:
        self._work, self._what = work, what

    async def done(self, region: str) -> None:
        """Wait until it is done. Raises the :class:`StoreError` with which it ended, or one because it takes long."""
        if not self._work.done():
            await self._ended()
        if not self._work.done() or self._work.cancelled():
            raise UnreachableError(f"{self._what} takes too long", region=region)
        if error := self._work.exception():
            raise refusal(error, region=region) from error

    async def _ended(self) -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        self._work.add_done_callback(lambda _: loop.call_soon_threadsafe(ended.set))
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(ended.wait(), LONGEST_S)
