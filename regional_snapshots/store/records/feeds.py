"""The feeds that other programs publish: read all at one instant, in one command; written only to try things out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redis.exceptions import ClusterCrossSlotError, ResponseError

from regional_snapshots.store.errors import StoreError, WrongTypeError
from regional_snapshots.store.link.connections import Connections, refusal


async def read_feeds(connections: Connections, keys: Sequence[str]) -> dict[str, bytes | None]:
    """``{key: value}``, None where there is none. One round trip; two where the keys do not share a slot.

    Raises :class:`~regional_snapshots.store.errors.StoreError`. A key of another type reads as missing.
    """
    [values] = await connections.ask([("MGET", *keys)], answer_errors=True)
    if isinstance(values, ClusterCrossSlotError):
        values = await connections.ask([("GET", key) for key in keys], answer_errors=True)
        for key, value in zip(keys, values, strict=True):
            if isinstance(value, StoreError):
                raise refusal(value, key=key) from value
        values = [None if isinstance(value, ResponseError) else value for value in values]
    elif isinstance(values, ResponseError):
        raise refusal(values) from values
    return dict(zip(keys, values, strict=True))


async def write_feeds(connections: Connections, documents: Mapping[str, bytes]) -> None:
    """Put feed documents where producers would. Raises :class:`WrongTypeError` before any write."""
    kinds = await connections.ask([("TYPE", key) for key in documents])
    for key, kind in zip(documents, kinds, strict=True):
        if kind not in (b"none", b"string"):
            raise WrongTypeError(
                f"the feed's key holds a {kind.decode()}, not a document",
                key=key,
                next_step="rename or delete that key",
            )
    await connections.ask([("SET", key, document) for key, document in documents.items()])
