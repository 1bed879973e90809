"""One connection: commands out in one write, replies in, and nothing sent that was not asked for.

redis-py reads the URL, settles TLS and names the errors; hiredis writes and reads the protocol. The bytes in between
pass through here and not through redis-py's connection, which costs as much time as everything else in a commit, waits
for AUTH before it sends SELECT, and on failure may send a transaction again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import hiredis
from redis import exceptions
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection, parse_url

Command = tuple[Any, ...]
Reply = Any

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
}
"""Error reply, or its first word -> redis-py's type. Those that are no ``ResponseError`` end the exchange."""


class Address:
    """Where to connect and as whom, as redis-py reads it from a URL. Raises ``ValueError`` or ``TypeError``."""

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = dict(parse_url(url))
        kind = options.pop("connection_class", Connection)
        options.pop("max_connections", None)
        self._read: Any = kind(**options)
        self.encrypted = kind is SSLConnection
        self.local = kind is UnixDomainSocketConnection

    async def connect(self, timeout_s: float) -> Wire:
        """A new connection, greeted in one more round trip if there is a user or a database to name.

        Raises ``OSError``, ``asyncio.TimeoutError``, or ``RedisError`` when the greeting is refused.
        """
        wire = await asyncio.wait_for(self._open(), timeout_s)
        try:
            greeting = self._greeting()
            for command, reply in zip(greeting, await wire.exchange(greeting, timeout_s), strict=True):
                if isinstance(reply, exceptions.ResponseError):
                    raise exceptions.AuthenticationError(str(reply)) if command[0] == "AUTH" else reply
        except BaseException:
            wire.abort()
            raise
        return wire

    async def _open(self) -> Wire:
        loop, read = asyncio.get_running_loop(), self._read
        if self.local:
            return (await loop.create_unix_connection(Wire, read.path))[1]
        context = read.ssl_context.get() if self.encrypted else None
        return (await loop.create_connection(Wire, read.host, read.port, ssl=context))[1]

    def _greeting(self) -> list[Command]:
        user = (self._read.username,) if self._read.username else ()
        auth = [("AUTH", *user, self._read.password or "")] if user or self._read.password else []
        return auth + ([("SELECT", int(self._read.db))] if int(self._read.db or 0) else [])


class Wire(asyncio.Protocol):
    """A connection that carries one exchange at a time."""

    def __init__(self) -> None:
        self._parser = hiredis.Reader(protocolError=exceptions.InvalidResponse, replyError=as_error)
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

    def _fail(self, error: BaseException) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error)


def as_error(text: str) -> exceptions.RedisError:
    """An error reply as redis-py's exception; of an aborted EXEC, the reason."""
    text = text.removeprefix("EXECABORT Transaction discarded because of: ")
    word, _, rest = text.partition(" ")
    if kind := ERRORS.get(text) or ERRORS.get(word):
        return kind(rest)
    return exceptions.ResponseError(text)
