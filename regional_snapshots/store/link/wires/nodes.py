"""Whom to ask: the nodes of a cluster as their redirections have taught them, and the server that sentinels name."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from redis.asyncio.sentinel import MasterNotFoundError, Sentinel
from redis.crc import key_slot
from redis.exceptions import MovedError

from regional_snapshots.store.link.wires.url import Address, Target

SENTINEL_TIMEOUT_S = 1.0
REMEMBERED_S = 1.0
"""How long the answer of the sentinels is good for connections that are opened next."""


class Nodes:
    """Which node serves which slot, as far as is known; every other question goes to the ``entry``.

    The entry is the first host of the URL, until it fails: then the next one, of the URL or of those learnt since.
    """

    def __init__(self, hosts: Sequence[Address]) -> None:
        self._known = list(dict.fromkeys(hosts))
        self._slots: dict[int, Address] = {}
        self.entry = self._known[0]
        self.learnt = 0

    def of(self, key: str | bytes) -> Address:
        """The node that serves a key, as far as is known."""
        if not self._slots:
            return self.entry
        return self._slots.get(key_slot(key if isinstance(key, bytes) else key.encode()), self.entry)

    def learn(self, node: Address, moved: MovedError) -> None:
        """A node has sent somebody elsewhere; one that names no host means its own."""
        place = Address(moved.host or node.host, moved.port)
        self._slots[moved.slot_id] = place
        if place not in self._known:
            self._known.append(place)
        self.learnt += 1

    def forget(self, node: Address) -> None:
        """A node has failed: nothing that it served is known any more, and others are asked first."""
        self._slots = {slot: other for slot, other in self._slots.items() if other != node}
        if node == self.entry:
            self.entry = self._known[(self._known.index(node) + 1) % len(self._known)]


class Sentinels:
    """The server that sentinels call by the ``service`` of the URL, wherever it is at the moment."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._asking = asyncio.Lock()
        self._found: Address | None = None
        self._found_at = 0.0

    async def primary(self) -> Address:
        """Where the server is. Raises redis-py's ``ConnectionError`` when no sentinel knows."""
        loop = asyncio.get_running_loop()
        async with self._asking:
            if self._found is None or loop.time() - self._found_at > REMEMBERED_S:
                self._found, self._found_at = None, 0.0
                self._found = await self._ask()
                self._found_at = loop.time()
            return self._found

    def forget(self) -> None:
        """The server has failed, or is a replica now: ask anew."""
        self._found = None

    async def _ask(self) -> Address:
        names = {"sentinel_username": "username", "sentinel_password": "password"}
        given = {names[name]: value for name, value in self._target.ours.items() if name in names}
        timeouts = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), SENTINEL_TIMEOUT_S)
        places = [(host.host, host.port) for host in self._target.hosts]
        options = {**timeouts, **given, "retry": None, "protocol": 2}
        async with Sentinel(places, sentinel_kwargs=options) as sentinels:  # type: ignore[no-untyped-call]
            try:
                host, port = await sentinels.discover_master(self._target.service)
            except MasterNotFoundError:
                raise MasterNotFoundError(f"no sentinel names a server for {self._target.service!r}") from None
        return Address(str(host), int(port))
