"""The connections to one node: those that are idle, how many are open, and who waits for one to come back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from redis.exceptions import RedisError

from regional_snapshots.store.link.refusals import FULL
from regional_snapshots.store.link.wires.dialing import CHECK, is_replica
from regional_snapshots.store.link.wires.wire import Wire

LINK_ERRORS = (RedisError, OSError, asyncio.TimeoutError)
"""What an exchange raises when the link broke, rather than the server answering."""
REMEMBERED_S = 5.0
"""How long a server that let nobody in any more is not asked again while connections to it are open."""


def is_full(error: BaseException) -> bool:
    """Whether the server takes no more connections."""
    return FULL in str(error)


class Pool:
    """Connections to one node. ``open_one`` opens one more; ``check_s`` is after how long one is checked before use."""

    def __init__(self, open_one: Callable[[], Awaitable[Wire]], check_s: float, silence_s: float) -> None:
        self._open_one, self._check_s, self._silence_s = open_one, check_s, silence_s
        self._idle: list[Wire] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._open = 0
        self._most = 0
        self._most_until = 0.0
        self._epoch = 0

    async def take(self) -> Wire:
        """A connection of one's own: an idle one that is sound, a new one, or one that another brings back.

        Raises one of ``LINK_ERRORS``.
        """
        while True:
            while self._idle:
                wire = self._idle.pop()
                sound = wire.epoch == self._epoch and not wire.spoilt
                if sound and (not self._is_due(wire) or await self._is_sound(wire)):
                    return wire
                self.drop(wire)
            if not self._is_full():
                return await self._another()
            await self._brought_back()

    def give_back(self, wire: Wire) -> None:
        """The connection can be used again, unless something has happened to its node meanwhile."""
        if wire.epoch != self._epoch:
            self.drop(wire)
            return
        self._idle.append(wire)
        self._wake()

    def drop(self, wire: Wire, error: BaseException | None = None) -> None:
        """Close a connection that was taken, because of an error, or for no fault."""
        wire.abort()
        self._open -= 1
        if error and is_full(error):
            self._let_nobody_in()
        self._wake()

    def condemn(self) -> None:
        """Close all that are idle, and those in use once they come back: what broke one may have broken them all."""
        self._epoch += 1
        for wire in self._idle:
            wire.abort()
        self._open -= len(self._idle)
        self._idle.clear()
        while self._waiting:
            self._wake()

    async def _another(self) -> Wire:
        epoch = self._epoch
        self._open += 1
        try:
            wire = await self._open_one()
        except BaseException as error:
            self._open -= 1
            if isinstance(error, Exception) and is_full(error) and self._open:
                self._let_nobody_in()
                return await self.take()
            self._wake()
            raise
        wire.epoch = epoch
        return wire

    def _is_due(self, wire: Wire) -> bool:
        """Whether it is to be checked before it is used: nothing was heard, or nobody has checked, for long."""
        last = min(wire.checked_at, wire.heard_at or wire.checked_at)
        return bool(self._check_s) and asyncio.get_running_loop().time() - last >= self._check_s

    async def _is_sound(self, wire: Wire) -> bool:
        """Whether somebody answers, who is no replica."""
        try:
            [reply] = await wire.exchange([CHECK], self._silence_s, self._silence_s)
        except LINK_ERRORS:
            self.condemn()
            return False
        except BaseException:
            self.drop(wire)
            raise
        wire.checked_at = asyncio.get_running_loop().time()
        return not is_replica(reply)

    def _is_full(self) -> bool:
        return bool(self._open) and self._open >= self._most and asyncio.get_running_loop().time() < self._most_until

    def _let_nobody_in(self) -> None:
        self._most = self._open
        self._most_until = asyncio.get_running_loop().time() + REMEMBERED_S

    async def _brought_back(self) -> None:
        """Wait in line until a connection comes back or is closed."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except BaseException:
            if place.done() and not place.cancelled():
                self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
