"""Lending connections: a bounded number of them, callers wait in line, and what broke one condemns its like."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import TypeVar

from redis.exceptions import MovedError, RedisError, ResponseError

from regional_snapshots.store.errors import AccessRefusedError, ConfigurationError, StoreError, UnreachableError
from regional_snapshots.store.link.batch import Command, Reply
from regional_snapshots.store.link.refusals import TLS, TURNED, known, misconfigured, refusal, word_of, words_of
from regional_snapshots.store.link.waiting import Patience
from regional_snapshots.store.link.wires.dialing import CHECK, dial
from regional_snapshots.store.link.wires.nodes import Nodes, Sentinels
from regional_snapshots.store.link.wires.pool import LINK_ERRORS, Pool, is_full
from regional_snapshots.store.link.wires.probing import wrong_scheme
from regional_snapshots.store.link.wires.url import Address, read
from regional_snapshots.store.link.wires.wire import Wire

Lender = TypeVar("Lender", bound="Lending")

CHECK_S = 30.0
"""After how long a connection is checked before it is used."""
TOTAL_S = 300.0
"""How long one exchange may take in all, however steadily its replies come."""


class Lending:
    """Connections to one server, or to the nodes of one cluster: at most ``limit`` in use, other callers wait in line.

    ``url``: see :mod:`regional_snapshots.store.link.wires.url`; its options override the arguments. ``timeout_s``
    bounds connecting, and in an exchange the time in which nothing moves; ``total_s`` bounds an exchange as a whole;
    reads are tried again with ``patience``. ``name`` is the setting that holds the URL, for messages.
    Raises :class:`ConfigurationError` for a URL that cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        limit: int = 50,
        timeout_s: float = 5.0,
        total_s: float = TOTAL_S,
        patience: Patience | None = None,
        name: str = "REDIS_URL",
    ) -> None:
        self._url, self._target = url, (target := read(url, name))
        self.address, self.patience = target.shown, patience or Patience()
        self.limit: int = target.ours.get("max_connections", limit)
        self._silence_s: float = target.ours.get("socket_timeout", timeout_s)
        self._connect_s: float = target.ours.get("socket_connect_timeout", self._silence_s)
        self._total_s = max(total_s, self._silence_s)
        self._check_s: float = target.ours.get("health_check_interval", CHECK_S)
        self._start()

    def _start(self) -> None:
        self.was_heard = False
        self.room = asyncio.Semaphore(self.limit)
        self._pools: dict[Address, Pool] = {}
        self._sentinels = Sentinels(self._target) if self._target.service else None
        hosts = (Address(self._target.service, 0),) if self._sentinels else self._target.hosts
        self._nodes = Nodes(hosts)

    @property
    def fails_over(self) -> bool:
        """Whether sentinels name the server, and may name another."""
        return self._sentinels is not None

    def apart(self: Lender) -> Lender:
        """Connections to the same server beside these, for what would hold one up."""
        return type(self)(
            self._url,
            limit=self.limit,
            timeout_s=self._silence_s,
            total_s=self._total_s,
            patience=self.patience,
            name=self._target.name,
        )

    def node_of(self, key: str | bytes) -> Address:
        """The node that serves a key, as far as is known."""
        return self._nodes.of(key)

    def borrow(self, node: Address | None = None) -> Loan:
        """A connection of one's own, as a context manager; callers beyond the limit wait in line.

        After any exception it is closed, so that nobody reads another's replies.
        """
        return Loan(self, node or self._nodes.entry)

    async def warm(self, count: int) -> None:
        """Have about so many connections open for what follows. One that cannot be opened is missed when needed."""

        async def touch() -> None:
            async with self.borrow() as wire:
                await self.exchange(wire, [CHECK])

        await asyncio.gather(*(touch() for _ in range(min(count, self.limit))), return_exceptions=True)

    def exchange(self, wire: Wire, commands: Sequence[Command], most_bytes: float = math.inf) -> Awaitable[list[Reply]]:
        """Send all commands in one write and read one reply each. An error reply is returned, not raised.

        Raises one of ``LINK_ERRORS`` when the link breaks or the server does not answer in time, and
        :class:`TooLargeError` when the replies are longer than ``most_bytes``.
        """
        return wire.exchange(commands, self._silence_s, self._total_s, most_bytes)

    def broken(self, error: BaseException | None, *, region: str = "", node: Address | None = None) -> StoreError:
        """A broken link, to the entry unless another node is named, as our error."""
        if (distrust := misconfigured(error)) is not None:
            return ConfigurationError(f"{self._target.name} ({self.address}): {distrust}", region=region, next_step=TLS)
        where = self.address if node in (None, self._nodes.entry, *self._target.hosts[:1]) else str(node)
        text = str(error).rstrip(".") or f"no answer within {self._silence_s:g} s"
        step = self._next_step()
        if known(error) or isinstance(error, ResponseError):
            found = refusal(error, region=region)
            named = isinstance(found, AccessRefusedError) and self._target.name != "REDIS_URL"
            return type(found)(found.problem, region=region, next_step=step) if named else found
        if isinstance(error, ConnectionRefusedError) or is_full(error or Exception()):
            problem = f"the server at {where} lets nobody in ({words_of(error)})"
            return UnreachableError(problem, region=region, next_step="see to it that the server lets this client in")
        return UnreachableError(f"the server at {where} does not answer ({text})", region=region, next_step=step)

    def _next_step(self) -> str:
        return f"check that the server runs and that {self._target.name} names it"

    async def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.condemn()
        self._start()

    def abandon(self) -> object:
        """In a forked child: begin anew, and return what is the parent's and must not be finalized here."""
        inherited = self.room, self._pools, self._sentinels
        self._start()
        return inherited

    def pool(self, node: Address) -> Pool:
        """The connections to a node."""
        if node not in self._pools:

            async def open_one() -> Wire:
                placed = node if self._sentinels is None else await self._sentinels.primary()
                wire = await dial(self._target, placed, self._connect_s)
                wire.tell(partial(self._heed, node))
                return wire

            self._pools[node] = Pool(open_one, self._check_s, self._silence_s)
        return self._pools[node]

    async def broke(self, node: Address, error: BaseException) -> None:
        """A loan ended with an error: if it was the link's, nobody else is to meet it.

        Where nothing was ever heard, TLS may be spoken on one side only: then raises :class:`ConfigurationError`.
        """
        if not isinstance(error, LINK_ERRORS) or is_full(error):
            return
        self._failed(node)
        if self.was_heard or self._sentinels or misconfigured(error):
            return
        if found := await wrong_scheme(self._target.kind, node):
            raise ConfigurationError(f"{self._target.name} ({self.address}): {found}", next_step=TLS)

    def _failed(self, node: Address) -> None:
        """What broke one connection to a node may have broken all, and somebody else may serve what it served."""
        self.pool(node).condemn()
        self._nodes.forget(node)
        if self._sentinels:
            self._sentinels.forget()

    def _heed(self, node: Address, error: RedisError) -> None:
        """What an error reply says of the node, beside what it says of its command."""
        if isinstance(error, MovedError):
            self._nodes.learn(node, error)
        elif word_of(error) in TURNED:
            self._failed(node)


class Loan:
    """A connection that is borrowed until the end of a block. See :meth:`Lending.borrow`."""

    def __init__(self, lending: Lending, node: Address) -> None:
        self._lending, self._node = lending, node

    async def __aenter__(self) -> Wire:
        lending = self._lending
        self._room, self._pool = lending.room, lending.pool(self._node)
        await self._room.acquire()
        try:
            self._wire = await self._pool.take()
        except BaseException as error:
            self._room.release()
            await lending.broke(self._node, error)
            raise
        return self._wire

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._room.release()
        if error is None:
            self._lending.was_heard = True
            self._pool.give_back(self._wire)
        else:
            self._pool.drop(self._wire, error)
            await self._lending.broke(self._node, error)
