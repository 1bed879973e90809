"""What a proxy can be told to break, and where exactly."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Break(Enum):
    """Where a connection is cut or held, relative to one request. Everything before that point has arrived."""

    BEFORE_REQUEST = "cut before the request: the server never sees it"
    WITHIN_REQUEST = "cut within the request: the server sees half of it"
    BEFORE_REPLY = "cut before the reply: the server has executed it, and nothing that was sent after it"
    WITHIN_REPLY = "cut within the reply: the client sees half of it"
    AFTER_REPLY = "cut after the reply: the client has a connection that is dead"
    HOLD_REQUEST = "the request is held back, and arrives late, even if the client has gone away"
    HOLD_REPLY = "the server has executed it, and its reply is held back"


STOPS_THE_STREAM = {Break.BEFORE_REPLY, Break.WITHIN_REPLY, Break.AFTER_REPLY}
HOLDS = {Break.HOLD_REQUEST, Break.HOLD_REPLY}


@dataclass(frozen=True)
class Request:
    """One request that passed. ``number`` counts all of them from 1, ``index`` those of its connection from 1."""

    number: int
    connection: int
    index: int
    name: str
    args: tuple[bytes, ...]


Trigger = int | str | Callable[[Request], bool]


@dataclass(eq=False)
class Fault:
    """One thing to break: ``where``, ``on`` which request (its number, its command, or a predicate), how often.

    ``times`` None is for ever. A hold ends after ``hold_s``, or when it is released.
    """

    where: Break
    on: Trigger
    times: int | None = 1
    hold_s: float = 60.0
    hits: list[Request] = field(default_factory=list)
    struck: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def fits(self, request: Request) -> bool:
        """Whether this request is to be struck."""
        if self.times is not None and len(self.hits) >= self.times:
            return False
        if callable(self.on):
            return self.on(request)
        return request.number == self.on if isinstance(self.on, int) else request.name == self.on.upper()

    def wait(self, timeout_s: float = 10.0) -> None:
        """Wait until it has struck."""
        assert self.struck.wait(timeout_s), f"nothing came by to strike: {self.where} on {self.on}"

    def release(self) -> None:
        """End the hold."""
        self.released.set()


@dataclass(frozen=True)
class Chaos:
    """Random faults that can be replayed: each is decided by the seed and the request's place, not by the clock.

    ``rates`` gives the probability of each kind, per request. They add up to 1 at most.
    """

    seed: int
    rates: Mapping[Break, float]
    hold_s: float = 0.02

    def fault_for(self, request: Request) -> Fault | None:
        """The fault that strikes this request, if any."""
        draw = random.Random(f"{self.seed}:{request.connection}:{request.index}").random()  # noqa: S311
        for where, rate in self.rates.items():
            draw -= rate
            if draw < 0:
                return Fault(where, request.number, hold_s=self.hold_s)
        return None
