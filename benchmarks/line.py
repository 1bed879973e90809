"""A line to the server that is as long as it is told to be, and that counts what must wait for it.

Every request reaches the server ``delay_s`` late, and nothing leaves before a connection has been open that long:
establishing one costs a round trip too. Replies come at once, so an exchange costs ``delay_s`` in all.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path


class Line:
    """A forwarder from a Unix socket of its own to the one of a server, in a thread. A context manager.

    ``turnarounds`` maps a connection to how often something was sent after something was heard, or first of all.
    """

    def __init__(self, server_socket: Path) -> None:
        self.delay_s = 0.0
        self.turnarounds: Counter[int] = Counter()
        self._server_socket = server_socket
        self._directory = Path(tempfile.mkdtemp(prefix="rs-line-"))
        self._opened: set[asyncio.Task | None] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True, name="line")
        self._thread.start()
        self._ready.wait()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def url(self) -> str:
        """Where to connect."""
        return f"unix://{self._directory / 'line.sock'}"

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        listening = await asyncio.start_unix_server(self._accept, self._directory / "line.sock")
        self._ready.set()
        await self._stop.wait()
        listening.close()

    async def _accept(self, client_reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        server_reader, server = await asyncio.open_unix_connection(self._server_socket)
        self._opened.add(asyncio.current_task())
        heard = asyncio.Event()
        heard.set()
        requests = self._requests(len(self._opened), client_reader, server, heard)
        with suppress(asyncio.CancelledError):
            await asyncio.gather(requests, _replies(server_reader, client, heard), return_exceptions=True)

    async def _requests(
        self, number: int, reader: asyncio.StreamReader, server: asyncio.StreamWriter, heard: asyncio.Event
    ) -> None:
        established, due = self._loop.time() + self.delay_s, 0.0
        while data := await reader.read(1 << 18):
            if heard.is_set():
                heard.clear()
                self.turnarounds[number] += 1
            due = max(due + 1e-6, max(self._loop.time(), established) + self.delay_s)
            self._loop.call_at(due, server.write, data)
        self._loop.call_at(due + 1e-6, server.close)


async def _replies(reader: asyncio.StreamReader, client: asyncio.StreamWriter, heard: asyncio.Event) -> None:
    while data := await reader.read(1 << 18):
        heard.set()
        client.write(data)
    client.close()
