"""The server in the model of the protocol: the commands that a commit uses, on a store that is a value."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import chain
from typing import Any

NOW_MS = 1_800_000_000_000 - 1
"""The server's time, which stands still."""

Store = frozenset
"""Of (key, value). A sorted set is a tuple of (score, member) in order, a hash one of (name, value), a stream one of
the fields of its entries."""


def _outside(held: Any, low: Any, high: Any) -> Any:
    """What ``ZREMRANGEBYSCORE`` leaves of a sorted set."""
    least = float(low)
    most = float(str(high).removeprefix("("))
    return tuple(p for p in held or () if not (least <= p[0] < most or (p[0] == most and high == most))) or None


def _between(held: Any, high: str, low: str, *_: Any) -> Any:
    """The members below ``(high``, from ``low`` on, the last one first; the model has fewer than any limit."""
    least, most = float(low), float(high.removeprefix("("))
    return [_bytes(name) for score, name in reversed(held or ()) if least <= score < most]


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _put(held: Any, *flat: Any) -> Any:
    return tuple(sorted({**dict(held or ()), **dict(zip(flat[::2], flat[1::2], strict=True))}.items()))


WRITES: dict[str, Callable[..., Any]] = {
    "SET": lambda held, value, *_: value if isinstance(value, bytes) else value.encode(),
    "DEL": lambda held: None,
    "PEXPIREAT": lambda held, _: held,
    "ZADD": lambda held, score, name: tuple(sorted({*(pair for pair in held or () if pair[1] != name), (score, name)})),
    "ZREM": lambda held, *names: tuple(pair for pair in held or () if pair[1] not in names) or None,
    "ZREMRANGEBYSCORE": _outside,
    "XADD": lambda held, maxlen, about, kept, star, *fields: (*(held or ()), fields),
    "HSET": _put,
    "HDEL": lambda held, *names: tuple(pair for pair in held or () if pair[0] not in names) or None,
}
READS: dict[str, Callable[..., Any]] = {
    "GET": lambda held: held,
    "EXISTS": lambda held: int(held is not None),
    "STRLEN": lambda held: len(held or b""),
    "ZSCORE": lambda held, name: {entry: score for score, entry in held or ()}.get(name),
    "ZREVRANGE": lambda held, *_: [_bytes(held[-1][1]), held[-1][0]] if held else [],
    "XREVRANGE": lambda held, *_: [(b"1-0", tuple(text.encode() for text in held[-1]))] if held else [],
    "ZREVRANGEBYSCORE": _between,
    "HGETALL": lambda held: [text.encode() for pair in held or () for text in pair],
    "TIME": lambda _: (NOW_MS // 1000, NOW_MS % 1000 * 1000),
}


@cache
def served(store: Store, command: tuple) -> Any:
    """The server's reply to one command that changes nothing."""
    name, key, *rest = *command, *[""][: 2 - len(command)]
    return READS[name](dict(store).get(key), *rest) if name in READS else b"OK"


def _one_key_each(command: tuple) -> list[tuple]:
    return [("DEL", key) for key in command[1:]] if command[0] == "DEL" else [command]


@cache
def executed(store: Store, commands: tuple) -> tuple[Store, frozenset]:
    """The store after the commands between ``MULTI`` and ``EXEC``, and the keys that a ``WATCH`` notices."""
    held, touched = dict(store), set()
    for name, key, *rest in chain.from_iterable(map(_one_key_each, commands[1:-1])):
        before = held.pop(key, None)
        after = WRITES[name](before, *rest)
        if after is not None:
            held[key] = after
        if after != before or name in ("SET", "PEXPIREAT"):
            touched.add(key)
    return frozenset(held.items()), frozenset(touched)
