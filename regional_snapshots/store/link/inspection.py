"""Is the server fit for us? Asked once at start, in one round trip that changes nothing."""

from __future__ import annotations

from redis.exceptions import NoPermissionError, ResponseError

from regional_snapshots.store.errors import ConfigurationError
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.link.connections import Connections

PROBE = "probe"
"""A region that does not exist: its keys are named, and nothing is written under them."""


async def inspect(connections: Connections, layout: KeyLayout) -> list[str]:
    """Warnings in words, empty when the server is fit. Raises :class:`ConfigurationError` for a layout it cannot hold.

    Permissions are tried with the commands of a commit, put so that they find nothing to change. (Queued and discarded
    they would be written down after all by a user who may not ``MULTI``.)
    """
    keys = RegionKeys(PROBE, layout)
    tried = [
        ("INFO", "cluster"),
        ("INFO", "memory"),
        ("SET", keys.latest, "x", "XX"),
        ("SET", keys.payload("x"), "x", "XX"),
        ("SET", keys.view(0), "x", "XX"),
        ("SET", keys.claim("x", 0), "x", "XX"),
        ("ZADD", keys.index, "XX", 0, "x"),
        ("ZREMRANGEBYSCORE", keys.index, 0, 0),
        ("PEXPIREAT", keys.index, 0),
        ("DEL", keys.live),
        ("XADD", keys.events, "NOMKSTREAM", "*", "x", "x"),
        ("XADD", keys.regimes, "NOMKSTREAM", "*", "x", "x"),
        ("ZADD", keys.series, "XX", 0, "x"),
        ("HDEL", keys.quiet, "x"),
    ]
    info, memory, *_ = replies = await connections.ask(tried, answer_errors=True)
    if _field(info, "cluster_enabled") == "1" and not layout.one_slot_per_region:
        raise ConfigurationError(
            f"the key layout {layout.name} cannot be used on a cluster: the keys of a region would not share a slot",
            next_step="set REGIONAL_SNAPSHOTS_KEY_LAYOUT=tagged",
        )
    warnings = []
    policy = _field(memory, "maxmemory_policy")
    if policy not in ("", "noeviction"):
        warnings.append(
            f"the server may evict snapshots when its memory is full (maxmemory-policy {policy}): set it to noeviction"
        )
    denied = [
        f"{command[0]} {command[1]}"
        for command, reply in zip(tried, replies, strict=True)
        if isinstance(reply, NoPermissionError)
    ]
    if denied:
        warnings.append(f"this user may not {', '.join(denied)}: see the permissions in docs/operations.md")
    return warnings


def _field(info: object, name: str) -> str:
    """A field of an INFO reply, "" when the reply is an error or has no such field."""
    if isinstance(info, ResponseError) or not isinstance(info, bytes):
        return ""
    for line in info.decode(errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return line.split(":", 1)[1].strip()
    return ""
