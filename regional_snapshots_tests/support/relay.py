"""A relay that knows nothing of the protocol: what balancers, slow lines and moved addresses do to connections."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from urllib.parse import unquote, urlsplit

CHUNK = 1 << 16


class Relay:
    """Listens on a loopback port, from a thread of its own, and passes bytes on. A context manager.

    ``upstream_url`` may be changed: connections that are open stay where they lead. ``bytes_per_s`` slows the answers
    down, ``uploaded_per_s`` the questions. ``hangs``: new connections are accepted, and nothing comes of them;
    ``refuses`` is sent to each new one, which is then closed.
    """

    def __init__(self, upstream_url: str, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.upstream_url = upstream_url
        self.bytes_per_s = 0.0
        self.uploaded_per_s = 0.0
        self.hangs = False
        self.refuses = b""
        self.accepted = 0
        self._frozen: set[int] = set()
        self._writers: dict[int, tuple[asyncio.StreamWriter, ...]] = {}
        self._host, self._wanted = host, port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="relay")
        self._thread.start()
        self._ready.wait()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where to connect, with the database of the upstream."""
        path = urlsplit(self.upstream_url).path
        return f"redis://{self._host}:{self.port}{path if path.strip('/').isdecimal() else ''}"

    @property
    def open(self) -> int:
        """Connections that are open."""
        return len(self._writers)

    def freeze(self) -> None:
        """All open connections go silent, for ever, without being closed. New ones work."""
        self._frozen |= set(self._writers)

    def cut(self) -> None:
        """Close all connections."""
        done = threading.Event()

        def close() -> None:
            for writers in list(self._writers.values()):
                for writer in writers:
                    writer.transport.abort()
            done.set()

        self._loop.call_soon_threadsafe(close)
        done.wait()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, self._host, self._wanted))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        rest = asyncio.all_tasks(self._loop)
        for task in rest:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        number = self.accepted
        self._writers[number] = (writer,)
        try:
            if self.refuses:
                writer.write(self.refuses)
                return
            if self.hangs:
                await asyncio.Event().wait()
            await self._pass_on(number, reader, writer)
        finally:
            for each in self._writers.pop(number):
                with suppress(OSError):
                    each.close()

    async def _pass_on(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = urlsplit(self.upstream_url)
        try:
            if upstream.scheme == "unix":
                other_reader, other = await asyncio.open_unix_connection(unquote(upstream.path))
            else:
                other_reader, other = await asyncio.open_connection(upstream.hostname, upstream.port)
        except OSError:
            return
        self._writers[number] = (writer, other)
        directions = (
            self._carry(number, reader, other, "uploaded"),
            self._carry(number, other_reader, writer, "bytes"),
        )
        await asyncio.wait(map(asyncio.ensure_future, directions), return_when=asyncio.FIRST_COMPLETED)

    async def _carry(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, what: str) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if number in self._frozen:
                    continue
                writer.write(data)
                await writer.drain()
                if rate := getattr(self, f"{what}_per_s"):
                    await asyncio.sleep(len(data) / rate)
