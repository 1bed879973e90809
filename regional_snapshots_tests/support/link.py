"""One client's way through the proxy: its connection, the matching one to the server, and what breaks on them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from regional_snapshots_tests.support.faults import STOPS_THE_STREAM, Break, Fault
from regional_snapshots_tests.support.resp import PUSH, Splitter

if TYPE_CHECKING:
    from regional_snapshots_tests.support.proxy import Proxy

HOLD_POLL_S = 0.002
TIMER_GRAIN_S = 0.0015
"""The event loop pauses up to this much too long, so the last bit of a delay is waited for awake."""
SHARE_OF_REPLY = {Break.BEFORE_REPLY: 0.0, Break.WITHIN_REPLY: 0.5}
"""How much of a reply the client still gets to see."""

Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Link:
    """Passes on requests and replies, whole and in order, except where a fault of the proxy strikes."""

    def __init__(self, proxy: Proxy, number: int, client: Side, server: Side) -> None:
        self.proxy, self.number = proxy, number
        self.client_reader, self.client = client
        self.server_reader, self.server = server
        self.sent = 0
        self.pending: deque[Fault | None] = deque()
        self.all_answered = asyncio.Event()
        self.all_answered.set()
        self.client_spoke_last = False

    async def run(self) -> None:
        """Pass on both directions until the server's side has ended; the client's may end before."""
        requests = asyncio.ensure_future(self._requests())
        with suppress(OSError):
            await self._replies()
        requests.cancel()
        with suppress(OSError, asyncio.CancelledError):
            await requests
        self.cut()

    def cut(self) -> None:
        """Close both sides; what was passed on before still arrives."""
        self.client.close()
        self.server.close()

    async def _requests(self) -> None:
        async for frames in self._frames(self.client_reader, self._client_spoke):
            for frame in frames:
                self.sent += 1
                fault = self.proxy.fault_for(self.proxy.note(self.number, self.sent, frame))
                if fault and fault.where in (Break.BEFORE_REQUEST, Break.WITHIN_REQUEST):
                    await self._cut_at(frame, fault)
                    return
                if fault and fault.where is Break.HOLD_REQUEST:
                    await self._hold(fault)
                self.pending.append(fault)
                self.all_answered.clear()
                self.server.write(self.proxy.rewrites(frame))
                if fault and fault.where in STOPS_THE_STREAM:
                    return
            await self.server.drain()
        self.server.write_eof()

    async def _cut_at(self, frame: bytes, fault: Fault) -> None:
        await self.all_answered.wait()
        if fault.where is Break.WITHIN_REQUEST:
            self.server.write(frame[: len(frame) // 2])
            await self.server.drain()
        fault.struck.set()
        self.cut()

    async def _replies(self) -> None:
        async for frames in self._frames(self.server_reader, self._server_spoke):
            for frame in frames:
                fault = None if frame.startswith(PUSH) else self.pending.popleft()
                if fault and fault.where is Break.HOLD_REPLY:
                    await self._hold(fault)
                share = SHARE_OF_REPLY.get(fault.where, 1.0) if fault else 1.0
                told = self.proxy.retells(frame)
                self._tell_client(told[: int(len(told) * share)])
                if fault and fault.where in STOPS_THE_STREAM:
                    fault.struck.set()
                    return
            with suppress(OSError):  # a client that has gone away does not stop what it has sent
                await self.client.drain()
            if not self.pending:
                self.all_answered.set()

    def _tell_client(self, data: bytes) -> None:
        if not self.client.is_closing():
            self.client.write(data)

    async def _hold(self, fault: Fault) -> None:
        fault.struck.set()
        end = time.monotonic() + fault.hold_s
        while not fault.released.is_set() and time.monotonic() < end:  # noqa: ASYNC110 - another thread releases it
            await asyncio.sleep(HOLD_POLL_S)

    async def _frames(self, reader: asyncio.StreamReader, spoke: Callable[[], None]) -> AsyncIterator[list[bytes]]:
        """Whole frames, each lot as long after its arrival as the delay of one direction says."""
        arrivals: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        reading = asyncio.ensure_future(self._read(reader, arrivals, spoke))
        splitter = Splitter()
        try:
            while True:
                due, data = await arrivals.get()
                await _until(due)
                if not data:
                    return
                yield splitter.feed(data)
        finally:
            reading.cancel()

    async def _read(self, reader: asyncio.StreamReader, arrivals: asyncio.Queue, spoke: Callable[[], None]) -> None:
        data = b"-"
        while data:
            try:
                data = await reader.read(1 << 16)
            except OSError:
                data = b""
            arrivals.put_nowait((time.monotonic() + self.proxy.round_trip_s / 2, data))
            if data:
                spoke()

    def _client_spoke(self) -> None:
        if not self.client_spoke_last:
            self.proxy.turnarounds[self.number] += 1
        self.client_spoke_last = True

    def _server_spoke(self) -> None:
        self.client_spoke_last = False


async def _until(due: float) -> None:
    while (left_s := due - time.monotonic()) > 0:  # noqa: ASYNC110 - time itself is waited for
        await asyncio.sleep(max(left_s - TIMER_GRAIN_S, 0))
