"""Is the server fit for us? Asked once at start, in one round trip that changes nothing."""

from __future__ import annotations

from redis.exceptions import NoPermissionError

from regional_snapshots.store.errors import ConfigurationError
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.link.batch import Batch
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.link.server import Server, field

PROBE = "probe"
"""A region that does not exist: its keys are named, and nothing is written under them."""


EVICTS = "the server may evict snapshots when its memory is full (maxmemory-policy {}): set it to noeviction"
FORGETS = (
    "the server keeps nothing on disk, and a restart loses every snapshot: set its appendonly to yes (it takes effect "
    "while it runs), or its save"
)
UNCOPIED = (
    "a failover may lose what was committed: set min-replicas-to-write 1 on the server, or "
    "REGIONAL_SNAPSHOTS_MIN_REPLICAS=1 here"
)


async def inspect(connections: Connections, layout: KeyLayout, min_replicas: int = 0) -> list[str]:
    """Warnings in words, empty when the server is fit. Raises :class:`ConfigurationError` for a layout it cannot hold.

    Permissions are tried with the commands of a commit, put so that they find nothing to change. (Queued and discarded
    they would be written down after all by a user who may not ``MULTI``.)
    """
    keys = RegionKeys(PROBE, layout)
    batch = Batch()
    server, info, memory = batch.ask("INFO", "server"), batch.ask("INFO", "cluster"), batch.ask("INFO", "memory")
    persistence, replication = batch.ask("INFO", "persistence"), batch.ask("INFO", "replication")
    saves = batch.ask("CONFIG", "GET", "save", optional=True)
    batch.ask("SET", keys.latest, "x", "XX")
    batch.ask("SET", keys.payload("x"), "x", "XX")
    batch.ask("SET", keys.view(0), "x", "XX")
    batch.ask("SET", keys.claim("x", 0), "x", "XX")
    batch.ask("ZADD", keys.index, "XX", 0, "x")
    batch.ask("ZREMRANGEBYSCORE", keys.index, 0, 0)
    batch.ask("PEXPIREAT", keys.index, 0)
    batch.ask("DEL", keys.live)
    batch.ask("XADD", keys.events, "NOMKSTREAM", "*", "x", "x")
    batch.ask("XADD", keys.regimes, "NOMKSTREAM", "*", "x", "x")
    batch.ask("ZADD", keys.series, "XX", 0, "x")
    batch.ask("HDEL", keys.quiet, "x")
    await connections.read(batch)
    Server.of(server.reply)
    if field(info.reply, "cluster_enabled") == "1" and not layout.one_slot_per_region:
        raise ConfigurationError(
            f"the key layout {layout.name} cannot be used on a cluster: the keys of a region would not share a slot",
            next_step="set REGIONAL_SNAPSHOTS_KEY_LAYOUT=tagged",
        )
    warnings = []
    policy = field(memory.reply, "maxmemory_policy")
    if policy not in ("", "noeviction"):
        warnings.append(EVICTS.format(policy))
    if field(persistence.reply, "aof_enabled") == "0" and saves.reply == [b"save", b""]:
        warnings.append(FORGETS)
    held_back = field(replication.reply, "min_slaves_good_slaves")  # told only where min-replicas-to-write is set
    if connections.fails_over and not held_back and not min_replicas:
        warnings.append(UNCOPIED)
    asked = [each for each in batch.asked if each is not saves]
    denied = [f"{each.command[0]} {each.key}" for each in asked if isinstance(each.reply, NoPermissionError)]
    if denied:
        warnings.append(f"this user may not {', '.join(denied)}: see the permissions in docs/operations.md")
    return warnings
