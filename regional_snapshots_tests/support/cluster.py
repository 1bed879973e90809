"""A real cluster of three nodes for tests, whose slots can be moved and whose nodes can be killed."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from regional_snapshots_tests.support.commits import wait_until
from regional_snapshots_tests.support.server import RedisServer

NODES = 3
SETTINGS = {"cluster-enabled": "yes", "cluster-require-full-coverage": "no", "cluster-node-timeout": 60_000}


class Cluster:
    """Three nodes, a third of the slots each; on request each with a replica that takes over. A context manager."""

    def __init__(self, *, replicated: bool = False, **settings: object) -> None:
        self._open = ExitStack()
        count = NODES * (1 + replicated)
        self._buses = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        self._ports = [bus.getsockname()[1] for bus in self._buses]
        for bus in self._buses:
            bus.close()
        named = {**SETTINGS, **{name.replace("_", "-"): value for name, value in settings.items()}}
        self.nodes = [
            self._open.enter_context(RedisServer({**named, "cluster-port": port}, tcp=True)) for port in self._ports
        ]
        self.clients = [self._open.enter_context(node.client()) for node in self.nodes]
        self._ids = [client.execute_command("CLUSTER MYID") for client in self.clients]
        share = -(-REDIS_CLUSTER_HASH_SLOTS // NODES)
        for number, client in enumerate(self.clients):
            if number < NODES:
                last = min((number + 1) * share, REDIS_CLUSTER_HASH_SLOTS) - 1
                client.execute_command("CLUSTER ADDSLOTSRANGE", number * share, last)
            client.execute_command("CLUSTER MEET", "127.0.0.1", self.nodes[0].port, self._ports[0])
        wait_until(lambda: all(self._complete(client) for client in self.clients))
        for number in range(NODES, count):
            self._replicate(number)

    def _replicate(self, number: int) -> None:
        """Make a node the replica of the one that stands as far from it as there are nodes with slots."""
        client, primary = self.clients[number], self._ids[number - NODES].decode()
        wait_until(lambda: primary in {each["node_id"] for each in self._known(client)})
        client.execute_command("CLUSTER REPLICATE", primary)
        wait_until(lambda: client.info("replication").get("master_link_status") == "up")
        wait_until(lambda: all(primary in {it["master_id"] for it in self._known(each)} for each in self.clients))

    def _known(self, client: redis.Redis) -> list[dict[str, str]]:
        return list(client.execute_command("CLUSTER NODES").values())

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def url(self) -> str:
        """Address of the first node."""
        return self.nodes[0].tcp_url

    @property
    def urls(self) -> str:
        """Addresses of the nodes that serve slots, all in one URL."""
        return f"redis://{','.join(f'127.0.0.1:{node.port}' for node in self.nodes[:NODES])}/0"

    def place(self, key: str, asked: int = 0) -> int:
        """Number of the node that serves a key, as the node ``asked`` sees it."""
        slot = key_slot(key.encode())
        for first, last, owner, *_ in self.clients[asked].execute_command("CLUSTER SLOTS"):
            if first <= slot <= last:
                return self._ids.index(owner[2])
        raise LookupError(key)

    def client(self, key: str) -> redis.Redis:
        """A blocking client of the node that serves a key."""
        return self.clients[self.place(key)]

    def move(self, key: str, to: int) -> None:
        """Move the slot of a key, with all it holds, to another node; the others do not wait to be told."""
        slot, old, new = key_slot(key.encode()), self.client(key), self.clients[to]
        new.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", self._ids[self.place(key)])
        old.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", self._ids[to])
        held = old.execute_command("CLUSTER GETKEYSINSLOT", slot, 1000)
        if held:
            old.execute_command("MIGRATE", "127.0.0.1", self.nodes[to].port, "", 0, 5000, "KEYS", *held)
        self.assign(key, to)

    def assign(self, key: str, to: int) -> None:
        """Tell every living node that this one serves a key's slot now; what another held of it is lost."""
        for number in (to, *set(range(NODES)) - {to}):
            if self.nodes[number].alive:
                self.clients[number].execute_command("CLUSTER SETSLOT", key_slot(key.encode()), "NODE", self._ids[to])

    def _complete(self, client: redis.Redis) -> bool:
        state = client.execute_command("CLUSTER INFO")
        text = state if isinstance(state, dict) else dict(line.split(":") for line in state.decode().split())
        slots = client.execute_command("CLUSTER SLOTS")
        return text["cluster_state"] == "ok" and sum(last - first + 1 for first, last, *_ in slots) == 16384
