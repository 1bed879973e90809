"""What tests of the commit share: snapshots of the server's present, and what the server itself has counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.errors import StoreError
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import BUCKET_MS
from regional_snapshots_tests.support.proxy import Proxy

REGION = "latam"


def fresh(client: redis.Redis, *, back: int = 0, plus_ms: int = 0, region: str = REGION, **extra: Any) -> Snapshot:
    """A snapshot at the start of the server's current bucket, ``back`` buckets earlier, ``plus_ms`` later."""
    seconds, microseconds = client.time()
    now_ms = seconds * 1000 + microseconds // 1000
    instant = now_ms - now_ms % BUCKET_MS - back * BUCKET_MS + plus_ms
    return snapshot(region, instant, **{"reason": "regime_shift", **extra})


def executions(client: redis.Redis) -> int:
    """How many commits the server has executed since its statistics were reset (each has one ZADD)."""
    return client.info("commandstats").get("cmdstat_zadd", {}).get("calls", 0)


class Started:
    """Something that runs in a thread of its own, with its answer or its error."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._answer: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answer = self._call()
        except StoreError as error:
            self._answer = error

    def answer(self) -> Any:
        """What it returned, or the :class:`StoreError` it raised."""
        self._thread.join(60)
        assert not self._thread.is_alive(), "it never ended"
        return self._answer


@contextmanager
def held_at_exec(proxy: Proxy, call: Callable[[], Any]) -> Iterator[Started]:
    """Something that runs beside the block, whose ``EXEC`` is held back until the block is over."""
    held = proxy.arm(Break.HOLD_REQUEST, "EXEC")
    started = Started(call)
    held.wait()
    yield started
    held.release()


def wait_until(condition: Callable[[], Any], timeout_s: float = 20.0) -> None:
    """Wait until something is true, and fail if it never becomes so."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "the condition never came true"
        time.sleep(0.002)
