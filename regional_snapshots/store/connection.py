"""Connections to the server: a bounded pool in which callers wait in line, and exchanges of one write each.

Nothing is sent again here but reads: retrying is the business of the commit protocol, which asks before it acts.
(redis-py's automatic retry wraps the whole ``MULTI … EXEC`` and can execute one transaction many times.)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
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
from regional_snapshots.store.wire import Address, Command, Reply, Wire

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


class Connections:
    """A pool of at most ``limit`` connections to one server. Callers beyond the limit wait in line.

    ``url``: ``redis://``, ``rediss://`` or ``unix://``. ``timeout_s`` bounds connecting, and each exchange.
    Raises :class:`ConfigurationError` for a URL that cannot be used.
    """

    def __init__(self, url: str, *, limit: int = 50, timeout_s: float = 5.0) -> None:
        self.address = address(url)
        self._timeout_s, self._limit = timeout_s, limit
        self._idle: list[Wire] = []
        self._room = asyncio.Semaphore(limit)
        try:
            self._server = Address(url)
        except (ValueError, TypeError) as error:
            raise ConfigurationError(
                f"REDIS_URL ({self.address}) cannot be used: {error}",
                next_step="use redis://, rediss:// or unix://",
            ) from None

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[Wire]:
        """A connection of one's own. After any exception it is closed, so that nobody reads another's replies."""
        async with self._room:
            while self._idle and self._idle[-1].closed:
                self._idle.pop()
            wire = self._idle.pop() if self._idle else await self._server.connect(self._timeout_s)
            try:
                yield wire
            except BaseException:
                wire.abort()
                raise
            self._idle.append(wire)

    async def open(self, count: int) -> None:
        """Have about so many connections open for what follows. One that cannot be opened is missed when needed."""

        async def touch() -> None:
            async with self.borrow():
                pass

        await asyncio.gather(*(touch() for _ in range(min(count, self._limit))), return_exceptions=True)

    async def exchange(self, wire: Wire, commands: Sequence[Command]) -> list[Reply]:
        """Send all commands in one write and read one reply each. An error reply is returned, not raised.

        Raises one of ``LINK_ERRORS`` when the link breaks or the server does not answer in time.
        """
        return await wire.exchange(commands, self._timeout_s)

    async def ask(self, commands: Sequence[Command], *, answer_errors: bool = False) -> list[Reply]:
        """One exchange of reads on any connection, tried twice. Raises :class:`StoreError`.

        An error reply is raised too, unless ``answer_errors`` leaves it in its place.
        """
        for last in (False, True):
            try:
                async with self.borrow() as connection:
                    replies = await self.exchange(connection, commands)
                break
            except LINK_ERRORS as error:
                if last or isinstance(error, AuthenticationError):
                    raise self.broken(error) from error
        for reply, command in zip(replies, commands, strict=True):
            if isinstance(reply, ResponseError) and not answer_errors:
                raise refusal(reply, key=str(command[1]) if len(command) > 1 else "") from reply
        return replies

    def broken(self, error: BaseException | None, *, region: str = "") -> StoreError:
        """A broken link as our error."""
        if isinstance(error, ResponseError) or _kind(error):
            return refusal(error, region=region)
        text = str(error) or f"no answer within {self._timeout_s:g} s"
        return UnreachableError(f"the server at {self.address} does not answer ({text.rstrip('.')})", region=region)

    async def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop().abort()
        self._room = asyncio.Semaphore(self._limit)


def refusal(error: BaseException | None, *, region: str = "", key: str = "") -> StoreError:
    """An error reply of the server as our error."""
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
    except ValueError as error:
        raise ConfigurationError(f"REDIS_URL cannot be parsed: {error}") from None
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ConfigurationError(
            f"REDIS_URL starts with {parts.scheme or 'no scheme'!r}",
            next_step="use redis://, rediss:// or unix://",
        )
    where = f"{host}:{port or 6379}" if parts.scheme != "unix" else ""
    return f"{parts.scheme}://{where}{parts.path}"


def texts(values: Iterable[bytes | None]) -> list[str | None]:
    """Replies as text; bytes that are not UTF-8 keep their escapes, so that they never compare equal to an id."""
    return [None if value is None else value.decode("utf-8", "backslashreplace") for value in values]
