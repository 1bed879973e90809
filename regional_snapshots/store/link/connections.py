"""Connections to the server, and asking over them: each question goes to the node that can answer it.

Nothing is sent again here but reads: retrying is the business of the commit protocol, which asks before it acts.
(redis-py's automatic retry wraps the whole ``MULTI … EXEC`` and can execute one transaction many times.)
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Sequence

from redis.exceptions import ResponseError

from regional_snapshots.store.errors import StoreError, UnreachableError
from regional_snapshots.store.link.batch import Batch, Command, Reply, key_of, texts
from regional_snapshots.store.link.lending import TOTAL_S, Lending
from regional_snapshots.store.link.refusals import PASSING, passing_among, refusal
from regional_snapshots.store.link.server import Server, has_instant
from regional_snapshots.store.link.waiting import Tries
from regional_snapshots.store.link.wires.pool import LINK_ERRORS
from regional_snapshots.store.link.wires.url import Address
from regional_snapshots.store.link.wires.wire import TooLargeError, Wire

__all__ = [
    "LINK_ERRORS",
    "TOTAL_S",
    "Address",
    "Batch",
    "Command",
    "Connections",
    "Reply",
    "TooLargeError",
    "Wire",
    "key_of",
    "refusal",
    "texts",
]


class Connections(Lending):
    """Connections that are asked; see :class:`Lending` for the arguments."""

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

    async def read(self, batch: Batch, most_bytes: float = math.inf) -> None:
        """Fill a batch of reads, one exchange with each node that serves their keys.

        Where a reply is missing, its place holds the :class:`StoreError` of its node. Raises one if all are missing,
        and :class:`TooLargeError` when a node would answer more than ``most_bytes``.
        """
        if not batch.commands:
            return
        answers = await self.ask_each([(key_of(command), [command]) for command in batch.commands], most_bytes)
        batch.fill([answer if isinstance(answer, StoreError) else answer[0] for answer in answers])

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

    async def ask_each(
        self, blocks: Sequence[tuple[str | bytes, Sequence[Command]]], most_bytes: float = math.inf
    ) -> list[list[Reply] | StoreError]:
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
            asked = [
                self._ask(node, [blocks[number][1] for number in part], most_bytes) for node, part in parts.items()
            ]
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

    async def _ask(
        self, node: Address, blocks: Sequence[Sequence[Command]], most_bytes: float = math.inf
    ) -> list[list[Reply] | StoreError]:
        """One exchange with one node; an error in the place of each block that has no answer there."""
        try:
            async with self.borrow(node) as wire:
                asked = [command for block in blocks for command in block]
                replies = iter(await self.exchange(wire, asked, most_bytes))
                erred = bool(wire.errors)
        except LINK_ERRORS as error:
            return [self.broken(error, node=node)] * len(blocks)
        answers = [[next(replies) for _ in block] for block in blocks]
        return [(erred and passing_among(answer)) or answer for answer in answers]
