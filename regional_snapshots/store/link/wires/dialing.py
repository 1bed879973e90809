"""Opening a connection: to the one of a host's addresses that answers first, greeted, or the reason why not."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

from redis.exceptions import AuthenticationError, RedisError, ResponseError

from regional_snapshots.store.link.batch import Command
from regional_snapshots.store.link.refusals import known, words_of
from regional_snapshots.store.link.wires.url import Address, Target
from regional_snapshots.store.link.wires.wire import Wire, wire_of

HEAD_START_S = 0.25
"""How long an address of a host is tried alone before the next one is tried beside it."""
CHECK: Command = ("INFO", "replication")
"""Answered by any server that is alive, and says whether it is written to."""


async def dial(target: Target, address: Address, connect_s: float) -> Wire:
    """A connection to one address, greeted. Raises ``OSError`` or ``RedisError`` when there is none in time."""
    numbers = await asyncio.wait_for(_numbers(address), connect_s)
    if len(numbers) < 2:
        return await _connected(target, address, "", connect_s)
    return await _first_to_answer(target, address, numbers, connect_s)


async def _numbers(address: Address) -> Sequence[str]:
    """The numeric addresses of a host, in the order in which the system prefers them; none when it is one itself."""
    if address.path:
        return ()
    try:
        ipaddress.ip_address(address.host)
    except ValueError:
        pass
    else:
        return ()
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def _first_to_answer(target: Target, address: Address, numbers: Sequence[str], connect_s: float) -> Wire:
    """Each address is tried once the ones before it have failed or had their head start; the others are left."""
    trials: set[asyncio.Task[Wire]] = set()
    left, problem = list(numbers), None
    try:
        while trials or left:
            if left:
                trials.add(asyncio.ensure_future(_answering(target, address, left.pop(0), connect_s)))
            patience = HEAD_START_S if left else None
            done, trials = await asyncio.wait(trials, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for trial in done:
                if (problem := trial.exception()) is None:
                    return trial.result()
        assert problem is not None
        raise problem
    finally:
        for trial in trials:
            trial.cancel()
        await asyncio.gather(*trials, return_exceptions=True)


async def _answering(target: Target, address: Address, numeric: str, connect_s: float) -> Wire:
    """A connection that was answered on: the kernel connects to a server that hangs, too."""
    wire = await _connected(target, address, numeric, connect_s)
    try:
        await wire.exchange([CHECK], connect_s, connect_s)
    except BaseException:
        wire.abort()
        raise
    return wire


async def _connected(target: Target, address: Address, numeric: str, connect_s: float) -> Wire:
    wire = wire_of(target.kind, address, dict(target.options), numeric)
    try:
        await asyncio.wait_for(wire.connect(), connect_s)  # type: ignore[no-untyped-call]
        wire.checked_at = asyncio.get_running_loop().time()
    except ResponseError as error:  # to the greeting
        wire.abort()
        kind = type(error) if known(error) or "unknown command" not in str(error) else AuthenticationError
        raise kind(words_of(error)) from None
    except asyncio.TimeoutError:
        wire.abort()
        raise TimeoutError(f"no connection within {connect_s:g} s") from None
    except BaseException:
        wire.abort()
        raise
    return wire


def is_replica(reply: object) -> bool:
    """Whether the reply to :data:`CHECK` is a replica's."""
    return isinstance(reply, bytes) and b"role:slave" in reply


__all__ = ["CHECK", "RedisError", "dial", "is_replica"]
