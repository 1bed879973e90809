"""One connection of redis-py's, carrying one exchange at a time: commands out in one write, every reply as it comes.

Connecting, greeting, TLS and credentials are redis-py's, and so are packing (hiredis) and parsing. Added is what it
lacks for us: a time-out that counts silence instead of a whole reply, an error reply as an answer like others, and
never a reconnection under our feet: what was watched on a connection is forgotten with it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis
from redis import exceptions
from redis._parsers.hiredis import NOT_ENOUGH_DATA, _AsyncHiredisParser
from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)

from regional_snapshots.store.link.batch import Command, Reply
from regional_snapshots.store.link.server import Server
from regional_snapshots.store.link.wires.url import Address

__all__ = ["Address", "Command", "Reply", "Wire", "wire_of"]


class TooLargeError(Exception):
    """More is answered than is to be read. That connection is of no use any more; the link is as good as before."""


class _Listener(_AsyncHiredisParser):
    """redis-py's parser, which notes when it heard something last, and every error reply that came by."""

    def __init__(self, socket_read_size: int) -> None:
        super().__init__(socket_read_size=socket_read_size)
        self.heard_at = 0.0
        self.left = math.inf
        self.errors: list[exceptions.RedisError] = []
        self.heed: Callable[[exceptions.RedisError], None] = lambda error: None

    async def read_from_socket(self) -> bool:
        """For redis-py, whose own does not say how much it was."""
        stream: Any = self._stream
        data: bytes = await stream.read(self._read_size)
        if not data:
            raise exceptions.ConnectionError("the connection was closed by the server")
        cast(Any, self._reader).feed(data)
        self.heard_at = asyncio.get_running_loop().time()
        self.left -= len(data)
        if self.left < 0:
            raise TooLargeError
        return True

    async def replies(self, count: int) -> list[Reply]:
        """So many replies, an error reply as it is. Raises redis-py's ``ConnectionError``."""
        found, reader = [await self.read_response()], cast(Any, self._reader)
        while len(found) < count:
            reply = reader.gets()  # what has come already costs no turn of the loop
            if reply is NOT_ENOUGH_DATA:
                reply = await self.read_response()
            elif isinstance(reply, exceptions.ConnectionError):
                raise reply
            found.append(reply)
        return found

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to read, or the end: redis-py's ``can_read``, without waiting for its turn."""
        stream: Any = self._stream
        parser: Any = self._reader
        return not self._connected or parser.has_data() or stream.at_eof() or bool(stream._buffer)

    def parse_error(self, response: str) -> exceptions.RedisError:  # type: ignore[override]  # theirs is the class's
        """For hiredis: an error reply as redis-py's exception."""
        try:
            error: exceptions.RedisError = super().parse_error(response)  # type: ignore[no-untyped-call]
        except ValueError:  # a redirection that names no node
            error = exceptions.ResponseError(response)
        self.errors.append(error)
        self.heed(error)
        return error


class Wire(AbstractConnection):
    """A connection that carries one exchange at a time. ``address`` is where it leads, ``epoch`` when it was opened.

    ``numeric``: the one of its host's addresses that was chosen. ``checked_at``: when it was last seen, by the loop's
    clock, to lead to a server that may be written to. ``server``: what is known of it, once somebody has asked.
    """

    address: Address
    numeric = ""
    epoch = 0
    checked_at = 0.0
    server: Server | None = None
    _late = ""
    _parser: _Listener
    _timer: asyncio.TimerHandle | None = None
    _limits = (0.0, 0.0)
    _began_at = 0.0
    _unsent = 0
    _waiting = False

    @property
    def heard_at(self) -> float:
        """When something was heard last, by the loop's clock."""
        return self._parser.heard_at

    @property
    def errors(self) -> Sequence[exceptions.RedisError]:
        """The error replies of the last exchange."""
        return self._parser.errors

    def tell(self, heed: Callable[[exceptions.RedisError], None]) -> None:
        """From now on ``heed`` is called with every error reply, when it comes."""
        self._parser.heed = heed

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        """For redis-py: greet the server, which may not let us in at all."""
        self._parser.on_connect(self)  # type: ignore[no-untyped-call]
        await self._let_the_server_speak()
        await super().on_connect_check_health(check_health=check_health)

    async def exchange(
        self, commands: Sequence[Command], silence_s: float, total_s: float, most_bytes: float = math.inf
    ) -> list[Reply]:
        """Send all commands in one write and read one reply each. An error reply is returned, not raised.

        It may take ``total_s``, and as long as ``silence_s`` nothing may move at all. Raises ``OSError`` or
        ``RedisError`` when the link breaks, or the server will not serve us at all, and :class:`TooLargeError` when
        the replies are longer than ``most_bytes``. After any exception the connection must be aborted.
        """
        if not commands:
            return []
        if self._writer is None:
            raise ConnectionResetError("the connection was closed")
        self._parser.errors.clear()
        self._parser.left = most_bytes
        packed = b"".join(map(hiredis.pack_command, commands))
        self._watch(silence_s, total_s, len(packed))
        try:
            if not self.heard_at:
                await self._let_the_server_speak()
            self._writer.write(packed)  # redis-py's own way of sending would connect anew, and unwatched, where it can
            await self._writer.drain()
            replies: list[Reply] = await self._parser.replies(len(commands))
            return [_as_of_old(reply) for reply in replies] if self.protocol == 3 else replies
        except (exceptions.ConnectionError, OSError):
            if self._late:
                raise exceptions.TimeoutError(self._late) from None
            raise
        finally:
            self._waiting = False

    async def _let_the_server_speak(self) -> None:
        """A server that lets nobody in says so unasked; once something is sent to it, its words may be lost."""
        for _ in range(2):  # the first turn finds that there is something to read, the second one reads it
            await asyncio.sleep(0)
        if await self.can_read():
            raise ConnectionRefusedError(str(await self._parser.read_response()))

    def _watch(self, silence_s: float, total_s: float, unsent: int) -> None:
        """Have a timer ring when nothing has moved for too long. It outlives the exchange, and serves the next one."""
        loop = asyncio.get_running_loop()
        self._limits, self._began_at, self._unsent, self._waiting = (silence_s, total_s), loop.time(), unsent, True
        due = self._began_at + min(silence_s, total_s)
        if self._timer is not None and self._timer.when() > due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = loop.call_at(due, self._overdue)

    def _overdue(self) -> None:
        """The timer rings: give up, unless something moved meanwhile; then ring again when that is long ago."""
        self._timer = None
        if self._writer is None or not self._waiting:
            return
        loop, (silence_s, total_s) = asyncio.get_running_loop(), self._limits
        transport = self._writer.transport
        unsent = transport.get_write_buffer_size()
        moved_at = loop.time() if unsent < self._unsent else max(self.heard_at, self._began_at)
        self._unsent = unsent
        ends_at = self._began_at + total_s
        due = min(moved_at + silence_s, ends_at)
        if loop.time() < due:
            self._timer = loop.call_at(due, self._overdue)
            return
        in_all = due == ends_at and moved_at > self._began_at
        self._late = f"not answered in whole within {total_s:g} s" if in_all else f"no answer within {silence_s:g} s"
        transport.abort()

    @property
    def spoilt(self) -> bool:
        """Whether it is closed, or holds something that nobody asked for."""
        return self._writer is None or self._writer.is_closing() or self._parser.is_waiting

    def abort(self) -> None:
        """Close at once; nothing more is sent or heard."""
        if self._writer is not None:
            self._writer.transport.abort()
        if self._timer is not None:
            self._timer.cancel()
        self._reader = self._writer = None
        self._parser.on_disconnect()  # type: ignore[no-untyped-call]  # redis-py has no type for it


class _TcpWire(Wire, Connection):
    """To a host and port."""

    def _connection_arguments(self) -> dict[str, Any]:
        arguments = dict(super()._connection_arguments())
        if self.numeric:
            arguments["host"] = self.numeric
        return arguments


class _TlsWire(_TcpWire, SSLConnection):
    """The same over TLS; the certificate is that of the host, whatever its address."""

    def _connection_arguments(self) -> dict[str, Any]:
        return {**super()._connection_arguments(), "server_hostname": self.host}


class _UnixWire(Wire, UnixDomainSocketConnection):
    """To a Unix socket."""

    async def _connect(self) -> None:  # redis-py's greets here, and then once more
        self._reader, self._writer = await asyncio.open_unix_connection(path=self.path)


def _as_of_old(reply: Reply) -> Reply:
    """A reply of protocol 3 in the shape of protocol 2, of what is asked here: a score is text, and not in a pair."""
    if isinstance(reply, float):
        return b"%.17g" % reply
    if isinstance(reply, list):
        if reply and all(isinstance(each, list) and len(each) == 2 and isinstance(each[1], float) for each in reply):
            return [part for name, score in reply for part in (name, _as_of_old(score))]
        return [_as_of_old(each) for each in reply]
    return reply


WIRES: dict[type, type[Wire]] = {Connection: _TcpWire, SSLConnection: _TlsWire, UnixDomainSocketConnection: _UnixWire}


def wire_of(kind: type, address: Address, options: dict[str, Any], numeric: str = "") -> Wire:
    """A connection that is still to be opened, with redis-py's automatic retry and its own time-outs off."""
    where = {"path": address.path} if address.path else {"host": address.host, "port": address.port}
    settled = {"protocol": 2, "driver_info": None, **options, "socket_timeout": None, "socket_connect_timeout": None}
    wire = WIRES[kind](**where, **settled, retry=None, parser_class=_Listener)
    wire.numeric = numeric
    return wire
