"""When nothing has ever been heard from a server: does it speak TLS, and we do not, or the other way round?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

from redis.asyncio.connection import Connection, SSLConnection

from regional_snapshots.store.link.wires.url import Address

PATIENCE_S = 1.0


async def wrong_scheme(kind: type, address: Address) -> str:
    """What to write instead, in words; "" when that is not what is wrong."""
    questions: dict[type, Callable[[Address], Awaitable[bool]]]
    questions = {Connection: _speaks_tls, SSLConnection: _speaks_plainly}
    question = questions.get(kind)
    if question is None:
        return ""
    try:
        wrong = await asyncio.wait_for(question(address), PATIENCE_S)
    except (OSError, asyncio.TimeoutError):
        return ""
    if not wrong:
        return ""
    speaks, scheme = ("speaks TLS", "rediss") if kind is Connection else ("does not speak TLS", "redis")
    return f"the server {speaks} on port {address.port}: write {scheme}://"


async def _speaks_tls(address: Address) -> bool:
    """Whether there is an answer to a greeting of TLS, whatever is in it; nothing is trusted to it."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    try:
        _, writer = await asyncio.open_connection(address.host, address.port, ssl=anybody)
    except ssl.SSLError as error:  # an alert is an answer in TLS, too
        return "ALERT" in (error.reason or "")
    writer.transport.abort()
    return True


async def _speaks_plainly(address: Address) -> bool:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    with suppress(OSError):
        writer.write(b"PING\r\n")
        answer = await reader.read(64)
        writer.transport.abort()
        return answer[:1] in (b"+", b"-")
    return False
