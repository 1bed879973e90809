"""The event loop that carries the connections, in a thread of its own; a forked child starts afresh.

After ``fork`` a child has copies of its parent's sockets and none of its threads. Whatever the child did with them
would be done to the parent, even closing TLS properly, or closing at all. So it puts nothing in their places, keeps
what belongs to them for ever, where no finalizer gets at it, and begins with a new loop.
"""

from __future__ import annotations

import asyncio
import os
import select
import selectors
import sys
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_alive: weakref.WeakSet[LoopThread] = weakref.WeakSet()
_inherited: list[object] = []


class LoopThread:
    """Runs coroutines for callers of any thread; the thread begins with the first of them.

    ``on_fork`` is called in a forked child: it forgets what belongs to the parent, and returns what must not be
    finalized.
    """

    def __init__(self, on_fork: Callable[[], object]) -> None:
        self._on_fork = on_fork
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._selector: selectors.BaseSelector | None = None
        _alive.add(self)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end. When the caller is interrupted, the work is cancelled first."""
        future = self.begin(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine while the caller does something else."""
        return asyncio.run_coroutine_threadsafe(work, self._running())

    def close(self, *last: Coroutine[Any, Any, object]) -> None:
        """Run the last coroutines, if there is a loop, and end it."""
        with self._lock:
            loop, self._loop = self._loop, None
        for work in last:
            if loop is None:
                work.close()
            else:
                asyncio.run_coroutine_threadsafe(work, loop).result()
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)

    def forked(self) -> None:
        """In the child: leave the parent what is the parent's."""
        loop, selector = self._loop, self._selector
        self._lock, self._loop, self._selector = threading.Lock(), None, None
        _inherited.append(self._on_fork())
        if loop is not None and selector is not None:
            _inherited.extend((loop, selector))
            _let_go(selector)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._selector = selectors.DefaultSelector()
                self._loop = asyncio.SelectorEventLoop(self._selector)
                threading.Thread(target=_serve, args=(self._loop,), name="snapshot-store", daemon=True).start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    left = asyncio.all_tasks(loop)  # such as the siblings of a read that failed
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))
    loop.close()


def _let_go(selector: selectors.BaseSelector) -> None:
    """Put nothing in the place of every socket that the loop watched, and another epoll in the place of its own.

    So the server sees the parent's connections end when the parent ends them, and whatever still refers to those
    numbers does no harm.
    """
    with open(os.devnull, "rb") as nothing:
        for key in list(selector.get_map().values()):
            os.dup2(nothing.fileno(), key.fd, inheritable=False)
    if sys.platform == "linux" and isinstance(selector, selectors.EpollSelector):
        with select.epoll() as fresh:
            os.dup2(fresh.fileno(), selector.fileno(), inheritable=False)


def _forked() -> None:
    for each in list(_alive):
        each.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
