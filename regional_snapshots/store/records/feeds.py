"""The feeds that other programs publish: read all at one instant, in one command; written only to try things out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redis.exceptions import NoPermissionError

from regional_snapshots.store.errors import AccessRefusedError, StoreError, WrongTypeError
from regional_snapshots.store.link.batch import Asked, Batch, text
from regional_snapshots.store.link.connections import Connections, TooLargeError
from regional_snapshots.store.link.refusals import refusal, words_of

MEGABYTE = 1 << 20
MOST_MB = 40.0
"""What one feed may weigh unless a setting says otherwise; real ones are far below a megabyte."""
TOGETHER = 4
"""All feeds of a run may weigh this many times what one may."""
SLACK = 1 << 16
"""What the answers weigh beside the documents."""
LIMIT_SETTING = "REGIONAL_SNAPSHOTS_FEED_MEGABYTES"


class FeedValues(dict[str, bytes | None]):
    """``{key: value}``, None where there is none; ``problems`` says why of those that are there and were not read."""

    def __init__(self, values: Mapping[str, bytes | None], problems: Mapping[str, str]) -> None:
        super().__init__(values)
        self.problems = dict(problems)


async def read_feeds(connections: Connections, keys: Sequence[str], most_mb: float = MOST_MB) -> FeedValues:
    """All feeds at one instant: what is there, how much of it, and the values, in one round trip.

    One more where the keys do not share a slot, or where the server hands out only one value at a time; two more where
    there is too much. What is no document, weighs more than ``most_mb`` megabytes, or is refused by itself, has a
    problem and no value. Raises :class:`StoreError`.
    """
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        return FeedValues({}, {})
    most = most_mb * MEGABYTE
    batch = Batch()
    looked = _look(batch, wanted)
    at_once: Asked | None = batch.ask("MGET", *wanted)
    try:
        await connections.read(batch, most * TOGETHER + SLACK)
    except TooLargeError:
        batch, at_once = Batch(), None
        looked = _look(batch, wanted)
        await connections.read(batch)
    sizes, problems = _sizes(looked)
    problems |= _too_heavy(sizes, most)
    fit = [key for key in sizes if key not in problems]
    if at_once is None:
        batch, wanted = Batch(), fit
        at_once = batch.ask("MGET", *fit)
        await connections.read(batch)
    read = _values(at_once)
    values = await _one_by_one(connections, fit, problems) if read is None else dict(zip(wanted, read, strict=True))
    return FeedValues({key: None if key in problems else values.get(key) for key in keys}, problems)


def _look(batch: Batch, keys: Sequence[str]) -> dict[str, tuple[Asked, Asked]]:
    """Ask for type and size of each."""
    return {key: (batch.ask("TYPE", key), batch.ask("STRLEN", key)) for key in keys}


def _values(at_once: Asked) -> list[bytes | None] | None:
    """What one command has brought; None where it was refused for any reason but access. Raises :class:`StoreError`."""
    if not at_once.refused:
        return list(at_once.value)
    if isinstance(at_once.reply, StoreError) or isinstance(refusal(at_once.reply), AccessRefusedError):
        raise refusal(at_once.reply) from at_once.reply
    return None


def _sizes(asked: Mapping[str, tuple[Asked, Asked]]) -> tuple[dict[str, int], dict[str, str]]:
    """Bytes of each document that is there, and what holds the key instead of one.

    A user who may not ask is not refused for it: the size is then unknown, and counts as none.
    """
    sizes: dict[str, int] = {}
    problems: dict[str, str] = {}
    for key, (kind, size) in asked.items():
        for answer in (kind, size):
            if isinstance(answer.reply, StoreError):
                raise refusal(answer.reply, key=key) from answer.reply
        held = text(kind.value) if not kind.refused else "string"
        if held not in ("string", "none"):
            problems[key] = f"the key holds a {held}, and not a document"
        elif held == "string" and not (size.refused and not isinstance(size.reply, NoPermissionError)):
            sizes[key] = 0 if size.refused else int(size.value)
    return sizes, problems


def _too_heavy(sizes: Mapping[str, int], most: float) -> dict[str, str]:
    """The documents that are too large by themselves, and the largest of those that are too large together."""
    problems: dict[str, str] = {}
    together = 0
    for key in sorted(sizes, key=lambda key: sizes[key]):
        together += sizes[key]
        weight = f"it weighs {sizes[key] / MEGABYTE:.1f} MB"
        if sizes[key] > most:
            problems[key] = f"{weight}, and a feed may weigh {most / MEGABYTE:g}: see {LIMIT_SETTING}"
        elif together > most * TOGETHER:
            total = most * TOGETHER / MEGABYTE
            problems[key] = f"{weight}, and all feeds together more than {total:g}: see {LIMIT_SETTING}"
    return problems


async def _one_by_one(
    connections: Connections, keys: Sequence[str], problems: dict[str, str]
) -> dict[str, bytes | None]:
    """The values, each for itself; those that are refused are added to the problems."""
    batch = Batch()
    asked = {key: batch.ask("GET", key) for key in keys}
    await connections.read(batch)
    return {key: _single(found, problems) for key, found in asked.items()}


def _single(found: Asked, problems: dict[str, str]) -> bytes | None:
    if not found.refused:
        value: bytes | None = found.value
        return value
    problem = refusal(found.reply, key=found.key)
    if isinstance(found.reply, StoreError) or isinstance(problem, AccessRefusedError):
        raise problem from found.reply
    problems[found.key] = f"the server does not hand it out ({words_of(found.reply)})"
    return None


async def write_feeds(connections: Connections, documents: Mapping[str, bytes]) -> None:
    """Put feed documents where producers would. Raises :class:`WrongTypeError` before any write."""
    batch = Batch()
    kinds = {key: batch.ask("TYPE", key) for key in documents}
    await connections.read(batch)
    for key, kind in kinds.items():
        if kind.value not in (b"none", b"string"):
            raise WrongTypeError(
                f"the feed's key holds a {text(kind.value)}, not a document",
                key=key,
                next_step="rename or delete that key",
            )
    batch = Batch()
    for key, document in documents.items():
        batch.ask("SET", key, document)
    await connections.read(batch)
    batch.check()
