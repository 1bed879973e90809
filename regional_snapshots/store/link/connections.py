"""Connections to the server: a bounded pool in which callers wait in line, and exchanges of one write each.

Nothing is sent again here but reads: retrying is the business of the commit protocol, which asks before it acts.
(redis-py's automatic retry wraps the whole ``MULTI … EXEC`` and can execute one transaction many times.)
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from urllib.parse import urlsplit

from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from regional_snapshots.store.errors import (
    AccessRefusedError,
    ConfigurationError,
    ServerBusyError,
    ServerRefusedError,
    StoreError,
    UnreachableError,
    WrongTypeError,
)
from regional_snapshots.store.link.wire import Address, Command, Reply, Wire

LINK_ERRORS = (RedisError, OSError, asyncio.TimeoutError)
"""What an exchange raises when the link broke, rather than the server answering."""

REFUSALS: tuple[tuple[type[Exception] | str, type[StoreError]], ...] = (
    (OutOfMemoryError, ServerRefusedError),
    (ReadOnlyError, ServerRefusedError),
    (NoPermissionError, AccessRefusedError),
    (AuthenticationError, AccessRefusedError),
    (BusyLoadingError, ServerBusyError),
    (ClusterDownError, ServerBusyError),
    (TryAgainError, ServerBusyError),
    ("WRONGTYPE", WrongTypeError),
    ("NOAUTH", AccessRefusedError),
    ("WRONGPASS", AccessRefusedError),
    ("BUSY", ServerBusyError),
    ("NOREPLICAS", ServerRefusedError),
    ("MISCONF", ServerRefusedError),
)
"""What the server answers (redis-py's type, or the first word of the reply) -> our error."""

TRIES = 4
"""Exchanges for one read in a cluster at most: a node that is gone, the way to another, that one, and once more."""


class Connections:
    """Connections to one server, or to the nodes of one cluster: at most ``limit`` in use, other callers wait in line.

    Which node of a cluster serves which slot is learnt from its redirections; nothing needs to be asked or set.
    ``url``: ``redis://``, ``rediss://`` or ``unix://``. ``timeout_s`` bounds connecting, and each exchange.
    Raises :class:`ConfigurationError` for a URL that cannot be used.
    """

    def __init__(self, url: str, *, limit: int = 50, timeout_s: float = 5.0) -> None:
        self.address, self.limit = address(url), limit
        self._timeout_s = timeout_s
        self._idle: dict[Address, list[Wire]] = defaultdict(list)
        self._room = asyncio.Semaphore(limit)
        self._nodes: dict[int, Address] = {}
        self._redirections = 0
        try:
            self._first = Address.of(url)
        except (ValueError, TypeError, RedisError) as error:
            raise ConfigurationError(
                f"REDIS_URL ({self.address}) cannot be used: {error}",
                next_step="use redis://, rediss:// or unix://",
            ) from None

    def node_of(self, key: str | bytes) -> Address:
        """The node that serves a key, as far as is known."""
        if not self._nodes:
            return self._first
        return self._nodes.get(key_slot(key if isinstance(key, bytes) else key.encode()), self._first)

    @asynccontextmanager
    async def borrow(self, node: Address | None = None) -> AsyncIterator[Wire]:
        """A connection of one's own. After any exception it is closed, so that nobody reads another's replies."""
        async with self._room:
            node = node or self._first
            idle, wire = self._idle[node], None
            while idle and idle[-1].closed:
                idle.pop()
            try:
                wire = idle.pop() if idle else await node.connect(self._timeout_s, self._redirected)
                yield wire
            except BaseException as error:
                if wire:
                    wire.abort()
                if isinstance(error, LINK_ERRORS):
                    self._forget(node)
                raise
            idle.append(wire)

    async def warm(self, count: int) -> None:
        """Have about so many connections open, and asked once, for what follows.

        One that cannot be opened is missed when needed.
        """

        async def touch() -> None:
            async with self.borrow() as wire:
                await self.exchange(wire, [("TIME",)])  # a read that every user of ours may do

        await asyncio.gather(*(touch() for _ in range(min(count, self.limit))), return_exceptions=True)

    async def exchange(self, wire: Wire, commands: Sequence[Command]) -> list[Reply]:
        """Send all commands in one write and read one reply each. An error reply is returned, not raised.

        Raises one of ``LINK_ERRORS`` when the link breaks or the server does not answer in time.
        """
        return await wire.exchange(commands, self._timeout_s)

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

        Blocks for one node share an exchange; each exchange is tried twice, and redirections are followed. A block
        whose node does not answer has its error in its place. Raises :class:`StoreError` if none has an answer.
        """
        answers: list[list[Reply] | StoreError | None] = [None] * len(blocks)
        left: Sequence[int] = range(len(blocks))
        for attempt in range(TRIES):
            before = self._redirections
            parts: dict[Address, list[int]] = defaultdict(list)
            for number in left:
                parts[self.node_of(blocks[number][0])].append(number)
            asked = [self._ask(node, [blocks[number][1] for number in part]) for node, part in parts.items()]
            for part, found in zip(parts.values(), await asyncio.gather(*asked), strict=True):
                for number, answer in zip(part, found, strict=True):
                    answers[number] = answer
            left = [number for number in left if not isinstance(answers[number], list | AccessRefusedError)]
            if not left or (attempt and self._redirections == before):
                break
        if blocks and not any(isinstance(answer, list) for answer in answers):
            raise answers[0]
        return answers

    async def ask_node(self, node: Address, command: Command) -> Reply:
        """One read of one node, whatever it serves; tried twice. Raises :class:`StoreError`."""
        for _ in range(2):
            [answer] = await self._ask(node, [[command]])
            if not isinstance(answer, StoreError):
                break
        reply = answer if isinstance(answer, StoreError) else answer[0]
        if isinstance(reply, StoreError | ResponseError):
            raise refusal(reply) from reply
        return reply

    async def _ask(self, node: Address, blocks: Sequence[Sequence[Command]]) -> list[list[Reply] | StoreError]:
        """One exchange with one node; an error in the place of each block that has no answer there."""
        known = self._redirections
        try:
            async with self.borrow(node) as wire:
                replies = iter(await self.exchange(wire, [command for block in blocks for command in block]))
        except LINK_ERRORS as error:
            return [self.broken(error, node=node)] * len(blocks)
        answers: list[list[Reply] | StoreError] = [[next(replies) for _ in block] for block in blocks]
        if self._redirections == known:
            return answers
        moved = [next((reply for reply in answer if isinstance(reply, MovedError)), None) for answer in answers]
        return [refusal(error) if error else answer for error, answer in zip(moved, answers, strict=True)]

    def _redirected(self, node: Address, error: MovedError) -> None:
        self._nodes[error.slot_id] = node.at(error.host, error.port)
        self._redirections += 1

    def _forget(self, node: Address) -> None:
        self._nodes = {slot: other for slot, other in self._nodes.items() if other != node}

    def broken(self, error: BaseException | None, *, region: str = "", node: Address | None = None) -> StoreError:
        """A broken link, to the first node unless another is named, as our error."""
        if isinstance(error, ResponseError) or _kind(error):
            return refusal(error, region=region)
        text = str(error) or f"no answer within {self._timeout_s:g} s"
        where = self.address if node in (None, self._first) else f"{node.host}:{node.port}"
        return UnreachableError(f"the server at {where} does not answer ({text.rstrip('.')})", region=region)

    async def close(self) -> None:
        """Close all connections."""
        for wire in chain.from_iterable(self._idle.values()):
            wire.abort()
        self._idle.clear()
        self._room = asyncio.Semaphore(self.limit)


def key_of(command: Command) -> str | bytes:
    """The (first) key that a command names; "" for one that names none."""
    return command[1] if len(command) > 1 else ""


def refusal(error: BaseException | None, *, region: str = "", key: str = "") -> StoreError:
    """An error reply of the server as our error; an error of ours, with the place where it struck."""
    if isinstance(error, StoreError):
        return type(error)(error.problem, region=region, key=key, next_step=error.next_step)
    if isinstance(error, AskError):  # or MovedError
        node = f"{error.host}:{error.port}"
        return UnreachableError(f"its slot is on, or on its way to, the node {node}", region=region, key=key)
    kind = _kind(error) or ServerRefusedError
    problem = (
        "the key holds another type" if kind is WrongTypeError else f"the server refused ({str(error).rstrip('.')})"
    )
    return kind(problem, region=region, key=key)


def _kind(error: BaseException | None) -> type[StoreError] | None:
    word = str(error).split(" ", 1)[0]
    for sign, kind in REFUSALS:
        if word == sign if isinstance(sign, str) else isinstance(error, sign):
            return kind
    return None


def address(url: str) -> str:
    """The URL without user and password, for messages. Raises :class:`ConfigurationError` when it is none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # its text may quote a password in which a character was not escaped
        raise ConfigurationError(
            "REDIS_URL cannot be parsed",
            next_step="write it as redis://user:password@host:6379/0, special characters percent-encoded (/ as %2F)",
        ) from None
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ConfigurationError(
            f"REDIS_URL starts with {parts.scheme or 'no scheme'!r}",
            next_step="use redis://, rediss:// or unix://",
        )
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    database = parts.path if parts.path[1:].isdigit() else ""
    return f"{parts.scheme}://{host}:{port or 6379}{database}"


def texts(values: Iterable[bytes | None]) -> list[str | None]:
    """Replies as text; bytes that are not UTF-8 keep their escapes, so that they never compare equal to an id."""
    return [None if value is None else value.decode("utf-8", "backslashreplace") for value in values]
