"""A proxy between a client and a Redis server that counts what passes and breaks exactly what it is told to.

It follows the protocol on both sides, so a fault can name a request and strike before it, within it, between its
execution and its reply, or within that reply. It also measures: requests, connections and turnarounds, and it can
make every round trip cost a given time. Subscriptions and MONITOR are beyond it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from regional_snapshots_tests.support.faults import Break, Chaos, Fault, Request, Trigger
from regional_snapshots_tests.support.link import Link
from regional_snapshots_tests.support.resp import words


class Proxy:
    """Listens on a Unix socket or loopback port, like its upstream, from a thread of its own. A context manager.

    ``requests`` holds every :class:`Request` that was forwarded or struck, ``turnarounds`` maps a connection to the
    number of times it sent something after having heard something, ``struck`` lists what was broken.
    ``rewrites`` and ``retells`` may change each request and each reply, to make the server another one.
    ``round_trip_s`` is added to every exchange, half of it in each direction.
    """

    def __init__(self, upstream_url: str, *, round_trip_s: float = 0.0) -> None:
        self.upstream = urlsplit(upstream_url)
        self.round_trip_s = round_trip_s
        self.drop_every = 0
        self.rewrites: Callable[[bytes], bytes] = lambda request: request
        self.retells: Callable[[bytes], bytes] = lambda reply: reply
        self._directory = Path(tempfile.mkdtemp(prefix="rs-proxy-"))
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task] = set()
        self._connections = 0
        self.reset()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="proxy")
        self._thread.start()
        self._ready.wait()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def connections(self) -> int:
        """How many connections were accepted since the last reset."""
        return self._connections - self._first_connection

    def arm(self, where: Break, on: Trigger, *, times: int | None = 1, hold_s: float = 60.0) -> Fault:
        """Break something when a fitting request comes by: its number, its command name, or a predicate."""
        fault = Fault(where, on, times, hold_s)
        self._faults.append(fault)
        return fault

    def chaos(self, seed: int, rates: Mapping[Break, float], *, hold_s: float = 0.02) -> None:
        """From now on, strike at random but reproducibly, with these probabilities per request."""
        self._chaos = Chaos(seed, rates, hold_s)

    def cut_all(self) -> None:
        """Cut every connection now."""
        done = threading.Event()

        def cut() -> None:
            for link in list(self._links):
                link.cut()
            done.set()

        self._loop.call_soon_threadsafe(cut)
        done.wait()

    def reset(self) -> None:
        """Disarm everything, release what is held, and start counting anew. Connections stay."""
        for fault in getattr(self, "_faults", ()):
            fault.release()
        self._faults: list[Fault] = []
        self._chaos: Chaos | None = None
        self._first_connection = self._connections
        self.requests: list[Request] = []
        self.struck: list[tuple[Break, Request]] = []
        self.turnarounds: Counter[int] = Counter()

    def close(self) -> None:
        """Cut everything and end the thread."""
        if self._thread.is_alive():
            self.reset()
            self.cut_all()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        shutil.rmtree(self._directory, ignore_errors=True)

    def note(self, connection: int, index: int, frame: bytes) -> Request:
        """Record a request that came by. For :class:`Link`."""
        name, *args = words(frame)
        request = Request(len(self.requests) + 1, connection, index, name.decode().upper(), tuple(args))
        self.requests.append(request)
        return request

    def fault_for(self, request: Request) -> Fault | None:
        """The fault that strikes a request, if any. For :class:`Link`."""
        armed = next((fault for fault in self._faults if fault.fits(request)), None)
        fault = armed or (self._chaos.fault_for(request) if self._chaos else None)
        if fault:
            fault.hits.append(request)
            self.struck.append((fault.where, request))
        return fault

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()
        server.close()
        rest = asyncio.all_tasks(self._loop)
        for task in rest:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _listen(self) -> asyncio.AbstractServer:
        if self.upstream.scheme == "unix":
            self.url = f"unix://{self._directory / 'proxy.sock'}"
            return await asyncio.start_unix_server(self._accept, self._directory / "proxy.sock")
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}{self.upstream.path}"
        return server

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        number = self._connections  # others may come while the way to the server is opened
        if self.drop_every and number % self.drop_every == 0:
            writer.close()
            return
        try:
            if self.upstream.scheme == "unix":
                upstream = await asyncio.open_unix_connection(unquote(self.upstream.path))
            else:
                upstream = await asyncio.open_connection(self.upstream.hostname, self.upstream.port)
        except OSError:  # as near to refusing the connection as one can come after accepting it
            writer.close()
            return
        link = Link(self, number, (reader, writer), upstream)
        self._links.add(link)
        await link.run()
        self._links.discard(link)
