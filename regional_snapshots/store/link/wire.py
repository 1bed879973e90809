"""One connection: commands out in one write, replies in, and nothing sent that was not asked for.

redis-py reads the URL, settles TLS and names the errors; hiredis writes and reads the protocol. The bytes in between
pass through here and not through redis-py's connection, which costs as much time as everything else in a commit, waits
for AUTH before it sends SELECT, and on failure may send a transaction again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import hiredis
from redis import exceptions
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection, parse_url

if TYPE_CHECKING:
    from redis.asyncio.connection import RedisSSLContext

Command = tuple[Any, ...]
Reply = Any
Redirected = Callable[["Address", exceptions.MovedError], None]
"""Hears of a node that sends callers elsewhere: which node, and which slot is where."""

ERRORS: dict[str, type[exceptions.RedisError]] = {
    "ERR max number of clients reached": exceptions.MaxConnectionsError,
    "OOM": exceptions.OutOfMemoryError,
    "READONLY": exceptions.ReadOnlyError,
    "NOPERM": exceptions.NoPermissionError,
    "NOAUTH": exceptions.AuthenticationError,
    "WRONGPASS": exceptions.AuthenticationError,
    "LOADING": exceptions.BusyLoadingError,
    "EXECABORT": exceptions.ExecAbortError,
    "CLUSTERDOWN": exceptions.ClusterDownError,
    "CROSSSLOT": exceptions.ClusterCrossSlotError,
    "TRYAGAIN": exceptions.TryAgainError,
    "MASTERDOWN": exceptions.MasterDownError,
    "MOVED": exceptions.MovedError,
    "ASK": exceptions.AskError,
}
"""Error reply, or its first word -> redis-py's type. Those that are no ``ResponseError`` end the exchange."""


@dataclass(frozen=True)
class Address:
    """Where to connect and as whom. ``path`` is that of a Unix socket, ``tls`` what redis-py made of its options."""

    host: str
    port: int
    path: str
    username: str
    password: str = field(repr=False)
    database: int
    tls: RedisSSLContext | None = field(repr=False)

    @classmethod
    def of(cls, url: str) -> Address:
        """As redis-py reads it from a URL. Raises ``ValueError``, ``TypeError`` or ``RedisError``."""
        options: dict[str, Any] = dict(parse_url(url))
        kind = options.pop("connection_class", Connection)
        options.pop("max_connections", None)
        read: Any = kind(**options)
        local, encrypted = kind is UnixDomainSocketConnection, kind is SSLConnection
        return cls(
            host="" if local else read.host,
            port=0 if local else int(read.port),
            path=read.path if local else "",
            username=read.username or "",
            password=read.password or "",
            database=int(read.db or 0),
            tls=read.ssl_context if encrypted else None,
        )

    def at(self, host: str, port: int) -> Address:
        """Another node of the same cluster; an empty ``host`` is this one's."""
        return replace(self, host=host or self.host, port=port, path="")

    async def connect(self, timeout_s: float, redirected: Redirected) -> Wire:
        """A new connection, greeted in one more round trip if there is a user or a database to name.

        ``redirected`` is told of every redirection that a node of a cluster answers with.
        Raises ``OSError``, ``asyncio.TimeoutError``, or ``RedisError`` when the greeting is refused.
        """
        try:
            wire = await asyncio.wait_for(self._open(redirected), timeout_s)
        except ValueError as error:
            raise ConnectionError(f"no host can have this name: {error}") from error
        try:
            greeting = self._greeting()
            for command, reply in zip(greeting, await wire.exchange(greeting, timeout_s), strict=True):
                if isinstance(reply, exceptions.ResponseError):
                    secretless = str(reply).partition(", with args beginning with")[0]
                    raise exceptions.AuthenticationError(secretless) if command[0] == "AUTH" else reply
        except BaseException:
            wire.abort()
            raise
        return wire

    async def _open(self, redirected: Redirected) -> Wire:
        def wire() -> Wire:
            return Wire(lambda error: redirected(self, error))

        loop = asyncio.get_running_loop()
        if self.path:
            return (await loop.create_unix_connection(wire, self.path))[1]
        return (await loop.create_connection(wire, self.host, self.port, ssl=self.tls.get() if self.tls else None))[1]

    def _greeting(self) -> list[Command]:
        user = (self.username,) if self.username else ()
        auth = [("AUTH", *user, self.password)] if user or self.password else []
        return auth + ([("SELECT", self.database)] if self.database else [])


class Wire(asyncio.Protocol):
    """A connection that carries one exchange at a time."""

    def __init__(self, redirected: Callable[[exceptions.MovedError], None]) -> None:
        self._redirected = redirected
        self._parser = hiredis.Reader(protocolError=exceptions.InvalidResponse, replyError=self._error_reply)
        self._replies: list[Reply] = []
        self._due = 0
        self._answered: asyncio.Future | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing more can be sent."""
        return self._transport.is_closing()

    async def exchange(self, commands: Sequence[Command], timeout_s: float) -> list[Reply]:
        """Send all commands in one write and read one reply each. An error reply is returned, not raised.

        Raises ``OSError`` or ``RedisError`` when the link breaks or the server will not serve us at all, and
        ``asyncio.TimeoutError``. After an exception the connection must be aborted.
        """
        if not commands:
            return []
        if self.closed:
            raise ConnectionResetError("the connection was closed")
        loop = asyncio.get_running_loop()
        self._replies, self._due, self._answered = [], len(commands), loop.create_future()
        self._transport.write(b"".join(map(hiredis.pack_command, commands)))
        timer = loop.call_later(timeout_s, self._fail, asyncio.TimeoutError())
        try:
            await self._answered
        finally:
            timer.cancel()
            self._answered = None
        for reply in self._replies:
            if isinstance(reply, exceptions.RedisError) and not isinstance(reply, exceptions.ResponseError):
                raise reply
        return self._replies

    def abort(self) -> None:
        """Close at once; nothing more is sent or heard."""
        self._transport.abort()

    def connection_made(self, transport: Any) -> None:
        """For asyncio."""
        self._transport: asyncio.Transport = transport

    def data_received(self, data: bytes) -> None:
        """For asyncio. What nobody asked for ends the connection, so that nobody takes it for an answer."""
        if self._answered is None or self._answered.done():
            self.abort()
            return
        self._parser.feed(data)
        try:
            while len(self._replies) < self._due and (reply := self._parser.gets()) is not False:
                self._replies.append(reply)
        except exceptions.RedisError as error:
            self._fail(error)
        if len(self._replies) == self._due and not self._answered.done():
            self._answered.set_result(None)
            if self._parser.has_data():
                self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """For asyncio."""
        self._fail(error or ConnectionResetError("the connection was closed by the server"))

    def _error_reply(self, text: str) -> exceptions.RedisError:
        error = as_error(text)
        if isinstance(error, exceptions.MovedError):
            self._redirected(error)
        return error

    def _fail(self, error: BaseException) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error)


def as_error(text: str) -> exceptions.RedisError:
    """An error reply as redis-py's exception; of an aborted EXEC, the reason."""
    text = text.removeprefix("EXECABORT Transaction discarded because of: ")
    word, _, rest = text.partition(" ")
    if kind := ERRORS.get(text) or ERRORS.get(word):
        with suppress(ValueError):  # a redirection that names no node
            return kind(rest)
    return exceptions.ResponseError(text)
