"""Reading the feeds that other programs publish: all of them at one instant, in one command."""

from __future__ import annotations

from collections.abc import Sequence

from redis.exceptions import ClusterCrossSlotError, ResponseError

from regional_snapshots.store.connection import Connections, refusal


async def read_feeds(connections: Connections, keys: Sequence[str]) -> dict[str, bytes | None]:
    """``{key: value}``, None where there is none. One round trip; two where the keys do not share a slot.

    Raises :class:`~regional_snapshots.store.errors.StoreError`. A key of another type reads as missing.
    """
    [values] = await connections.ask([("MGET", *keys)], answer_errors=True)
    if isinstance(values, ClusterCrossSlotError):
        values = await connections.ask([("GET", key) for key in keys], answer_errors=True)
        return {
            key: None if isinstance(value, ResponseError) else value for key, value in zip(keys, values, strict=True)
        }
    if isinstance(values, ResponseError):
        raise refusal(values) from values
    return dict(zip(keys, values, strict=True))
