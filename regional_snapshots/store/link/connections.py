"""Connections to the server: a bounded pool in which callers wait in line, and exchanges of one write each.

Nothing is sent again here but reads: retrying is the business of the commit protocol, which asks before it acts.
(redis-py's automatic retry wraps the whole ``MULTI … EXEC`` and can execute one transaction many times.)
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from redis.exceptions import MovedError, ResponseError

from regional_snapshots.store.errors import AccessRefusedError, ConfigurationError, StoreError, UnreachableError
from regional_snapshots.store.link.batch import Batch, Command, Reply, key_of, texts
from regional_snapshots.store.link.refusals import (
    PASSING,
    TLS,
    TURNED,
    known,
    misconfigured,
    passing_among,
    refusal,
    word_of,
    words_of,
)
from regional_snapshots.store.link.server import Server, has_instant
from regional_snapshots.store.link.waiting import Patience, Tries
from regional_snapshots.store.link.wires.dialing import CHECK, dial
from regional_snapshots.store.link.wires.nodes import Nodes, Sentinels
from regional_snapshots.store.link.wires.pool import LINK_ERRORS, Pool, is_full
from regional_snapshots.store.link.wires.probing import wrong_scheme
from regional_snapshots.store.link.wires.url import Address, read
from regional_snapshots.store.link.wires.wire import Wire

__all__ = ["LINK_ERRORS", "Address", "Batch", "Command", "Connections", "Reply", "Wire", "key_of", "refusal", "texts"]

CHECK_S = 30.0
"""After how long a connection is checked before it is used."""
TOTAL_S = 300.0
"""How long one exchange may take in all, however steadily its replies come."""


class Connections:
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
        self._was_heard = False
        self._room = asyncio.Semaphore(self.limit)
        self._pools: dict[Address, Pool] = {}
        self._sentinels = Sentinels(self._target) if self._target.service else None
        hosts = (Address(self._target.service, 0),) if self._sentinels else self._target.hosts
        self._nodes = Nodes(hosts)

    def apart(self) -> Connections:
        """Connections to the same server beside these, for what would hold one up."""
        return Connections(
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

    @asynccontextmanager
    async def borrow(self, node: Address | None = None) -> AsyncIterator[Wire]:
        """A connection of one's own. After any exception it is closed, so that nobody reads another's replies."""
        async with self._room:
            node = node or self._nodes.entry
            pool = self._pool(node)
            try:
                wire = await pool.take()
            except LINK_ERRORS as error:
                self._failed(node)
                await self._check_scheme(node, error)
                raise
            try:
                yield wire
            except BaseException as error:
                pool.drop(wire, error)
                if isinstance(error, LINK_ERRORS) and not is_full(error):
                    self._failed(node)
                    await self._check_scheme(node, error)
                raise
            self._was_heard = True
            pool.give_back(wire)

    async def warm(self, count: int) -> None:
        """Have about so many connections open for what follows. One that cannot be opened is missed when needed."""

        async def touch() -> None:
            async with self.borrow() as wire:
                await self.exchange(wire, [CHECK])

        await asyncio.gather(*(touch() for _ in range(min(count, self.limit))), return_exceptions=True)

    async def exchange(self, wire: Wire, commands: Sequence[Command]) -> list[Reply]:
        """Send all commands in one write and read one reply each. An error reply is returned, not raised.

        Raises one of ``LINK_ERRORS`` when the link breaks or the server does not answer in time.
        """
        try:
            return await wire.exchange(commands, self._silence_s, self._total_s)
        finally:
            if wire.errors:
                self._heed(wire)

    async def send(self, wire: Wire, batch: Batch) -> None:
        """Send a batch in one write and fill it. Raises one of ``LINK_ERRORS``, see :meth:`exchange`."""
        batch.fill(await self.exchange(wire, batch.commands), clean=not wire.errors)

    async def understood(self, wire: Wire, commands: Sequence[Command]) -> list[Command]:
        """The commands as the server at the other end understands them; it is asked if need be.

        Raises one of ``LINK_ERRORS``, see :meth:`exchange`.
        """
        if wire.server is None and any(map(has_instant, commands)):
            [info] = await self.exchange(wire, [("INFO", "server")])
            wire.server = Server.of(info)
        return wire.server.understood(commands) if wire.server else list(commands)

    async def read(self, batch: Batch) -> None:
        """Fill a batch of reads, one exchange with each node that serves their keys.

        Where a reply is missing, its place holds the :class:`StoreError` of its node. Raises one if all are missing.
        """
        if batch.commands:
            batch.fill(await self.ask(batch.commands, answer_errors=True))

    async def send_to(self, key: str, batch: Batch) -> None:
        """Fill a batch that may be sent twice, all of it by the node that serves a key. Raises :class:`StoreError`."""
        [answer] = await self.ask_each([(key, batch.commands)])
        if isinstance(answer, StoreError):
            raise answer
        batch.fill(answer)

    async def ask(self, commands: Sequence[Command], *, answer_errors: bool = False) -> list[Reply]:
        """Reads, one exchange with each node that serves their keys. Raises :class:`StoreError`.

        An error reply is raised too, unless ``answer_errors`` leaves it in its place; there, too, is the
        :class:`StoreError` of a node that does not answer while others do.
        """
        blocks = [(key_of(command), [command]) for command in commands]
        answers = await self.ask_each(blocks)
        replies = [answer if isinstance(answer, StoreError) else answer[0] for answer in answers]
        for reply, command in zip(replies, commands, strict=True):
            if isinstance(reply, StoreError | ResponseError) and not answer_errors:
                raise refusal(reply, key=str(key_of(command))) from reply
        return replies

    async def ask_each(self, blocks: Sequence[tuple[str | bytes, Sequence[Command]]]) -> list[list[Reply] | StoreError]:
        """Blocks of commands that may be sent twice, each to the node that serves its key; their replies in order.

        Blocks for one node share an exchange. What fails and may pass is asked again within the patience, and
        redirections are followed. A block that has no answer then has its error in its place. Raises
        :class:`StoreError` if none has an answer.
        """
        answers: list[list[Reply] | StoreError] = [UnreachableError("nobody was asked")] * len(blocks)
        left: Sequence[int] = range(len(blocks))
        tries = Tries(self.patience)
        while left:
            before = self._nodes.learnt
            parts: dict[Address, list[int]] = defaultdict(list)
            for number in left:
                parts[self.node_of(blocks[number][0])].append(number)
            asked = [self._ask(node, [blocks[number][1] for number in part]) for node, part in parts.items()]
            for part, found in zip(parts.values(), await asyncio.gather(*asked), strict=True):
                for number, answer in zip(part, found, strict=True):
                    answers[number] = answer
            left = [number for number in left if isinstance(answers[number], PASSING)]
            if left and (self._nodes.learnt == before or tries.made > 1) and not await tries.again():
                break
        if blocks and not any(isinstance(answer, list) for answer in answers):
            raise next(answer for answer in answers if isinstance(answer, StoreError))
        return answers

    async def ask_node(self, node: Address, command: Command) -> Reply:
        """One read of one node, whatever it serves; tried again within the patience. Raises :class:`StoreError`."""
        tries = Tries(self.patience)
        while True:
            [answer] = await self._ask(node, [[command]])
            if not isinstance(answer, PASSING) or not await tries.again():
                break
        reply = answer if isinstance(answer, StoreError) else answer[0]
        if isinstance(reply, StoreError | ResponseError):
            raise refusal(reply) from reply
        return reply

    async def _ask(self, node: Address, blocks: Sequence[Sequence[Command]]) -> list[list[Reply] | StoreError]:
        """One exchange with one node; an error in the place of each block that has no answer there."""
        try:
            async with self.borrow(node) as wire:
                replies = iter(await self.exchange(wire, [command for block in blocks for command in block]))
                erred = bool(wire.errors)
        except LINK_ERRORS as error:
            return [self.broken(error, node=node)] * len(blocks)
        answers = [[next(replies) for _ in block] for block in blocks]
        return [(erred and passing_among(answer)) or answer for answer in answers]

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
        inherited = self._room, self._pools, self._sentinels
        self._start()
        return inherited

    def _pool(self, node: Address) -> Pool:
        if node not in self._pools:

            async def open_one() -> Wire:
                placed = node if self._sentinels is None else await self._sentinels.primary()
                wire = await dial(self._target, placed, self._connect_s)
                wire.address = node
                return wire

            self._pools[node] = Pool(open_one, self._check_s, self._silence_s)
        return self._pools[node]

    async def _check_scheme(self, node: Address, error: BaseException) -> None:
        """Where nothing was ever heard: whether TLS is spoken on one side only. Raises :class:`ConfigurationError`."""
        if self._was_heard or self._sentinels or misconfigured(error):
            return
        if found := await wrong_scheme(self._target.kind, node):
            raise ConfigurationError(f"{self._target.name} ({self.address}): {found}", next_step=TLS)

    def _failed(self, node: Address) -> None:
        """What broke one connection to a node may have broken all, and somebody else may serve what it served."""
        self._pool(node).condemn()
        self._nodes.forget(node)
        if self._sentinels:
            self._sentinels.forget()

    def _heed(self, wire: Wire) -> None:
        """What error replies say of the node, beside what they say of their commands."""
        for error in wire.errors:
            if isinstance(error, MovedError):
                self._nodes.learn(wire.address, error)
            elif word_of(error) in TURNED:
                self._failed(wire.address)
