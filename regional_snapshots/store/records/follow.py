"""Following events: waiting for new ones on a connection of one's own, from where one stopped.

A stream's entry has an id that only grows. Whoever remembers the last one misses nothing, whatever breaks in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from redis.exceptions import ClusterCrossSlotError, ResponseError

from regional_snapshots.model.events import Event
from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.keys import TAGGED, KeyLayout, RegionKeys
from regional_snapshots.store.link.connections import Command, Connections, Reply, refusal, texts
from regional_snapshots.store.link.refusals import PASSING
from regional_snapshots.store.records.news import event_of, is_worth

BLOCK_MS = 1000
"""So long the server keeps a question open; shorter than any time-out of the link."""
ASK_EVERY_S = 0.5
"""In a cluster, where streams of several regions cannot be waited for in one command, they are asked so often."""
AT_ONCE = 500
"""Entries of a region that one answer holds at most."""
BEGINNING = "0-0"
PAUSE_S = 1.0
"""Between two tries to reach a server that is away."""

T = TypeVar("T")


class Follower:
    """Waits for the events of some regions. ``connections`` are its own: a question that waits holds one up."""

    def __init__(self, connections: Connections, regions: Iterable[str], layout: KeyLayout = TAGGED) -> None:
        self.connections = connections
        self._streams = [RegionKeys(region, layout).events for region in regions]
        self._seen: dict[str, str] = {}
        self._apart = False

    async def start(self, since_ms: int | None) -> None:
        """Begin with the events of snapshots stored at ``since_ms`` or later; None: with those to come."""
        if since_ms is not None:
            self._seen = dict.fromkeys(self._streams, f"{max(0, since_ms - 1)}-{2**64 - 1}" if since_ms else BEGINNING)
            return
        commands: list[Command] = [("XREVRANGE", stream, "+", "-", "COUNT", 1) for stream in self._streams]
        for stream, reply in zip(self._streams, await self.connections.ask(commands), strict=True):
            self._seen[stream] = _id(reply[0][0]) if reply else BEGINNING

    async def next(self) -> list[Event]:
        """The next events, oldest first; an empty list when none came within a second. Raises :class:`StoreError`."""
        replies = await (self._ask_apart() if self._apart else self._wait())
        events = []
        for reply in replies:
            for stream, entries in _by_stream(reply):
                for identity, fields in entries:
                    self._seen[_id(stream)] = _id(identity)
                    events.append(event_of(fields))
        found = [event for event in events if event is not None]
        return sorted(found, key=lambda event: event.generated_at)

    async def _wait(self) -> Sequence[Reply]:
        command = ("XREAD", "COUNT", AT_ONCE, "BLOCK", BLOCK_MS, "STREAMS", *self._seen, *self._seen.values())
        [answer] = await self.connections.ask_each([(self._streams[0], [command])])
        if isinstance(answer, list) and isinstance(answer[0], ClusterCrossSlotError):
            self._apart = True
            return await self._ask_apart()
        return _good([answer], self._streams)

    async def _ask_apart(self) -> Sequence[Reply]:
        blocks = [
            (stream, [("XREAD", "COUNT", AT_ONCE, "STREAMS", stream, seen)]) for stream, seen in self._seen.items()
        ]
        replies = _good(await self.connections.ask_each(blocks), self._streams)
        if not any(replies):
            await asyncio.sleep(ASK_EVERY_S)
        return replies


class Run(Protocol):
    """Runs a coroutine to its end, for callers that are not asynchronous."""

    def __call__(self, work: Coroutine[Any, Any, T], /) -> T:
        """What the coroutine returns."""


def following(
    follower: Follower,
    run: Run,
    severity: str,
    since_ms: int | None,
    troubled: Callable[[StoreError], None],
) -> Iterator[Event]:
    """See :meth:`SnapshotStore.follow`: ``run`` carries the waiting, a second at a time, so that it can be ended."""
    run(follower.start(since_ms))
    well = True
    while True:
        try:
            events = run(follower.next())
            well = True
        except PASSING as error:
            if well:
                troubled(error)
            well, events = False, list[Event]()
            run(asyncio.sleep(PAUSE_S))
        yield from (event for event in events if is_worth(event, severity))


def _good(answers: Sequence[list[Reply] | StoreError], streams: Sequence[str]) -> list[Reply]:
    """The replies; raises the first error among them."""
    replies: list[Reply] = []
    for answer, stream in zip(answers, streams, strict=False):
        reply = answer if isinstance(answer, StoreError) else answer[0]
        if isinstance(reply, StoreError | ResponseError):
            raise refusal(reply, key=stream) from reply
        replies.append(reply)
    return replies


def _by_stream(reply: Reply) -> list[tuple[bytes, Sequence[tuple[bytes, Reply]]]]:
    """A reply of ``XREAD``: nothing, a map (RESP3), or pairs of a stream and its entries."""
    return list(reply.items()) if isinstance(reply, dict) else list(reply or ())


def _id(value: bytes) -> str:
    return texts([value])[0] or ""
