"""Each command is bound to its reply: whatever is put between, nobody reads a neighbour's."""

from __future__ import annotations

import asyncio

import pytest
from redis.exceptions import ResponseError

from regional_snapshots.store.errors import AccessRefusedError, WrongTypeError
from regional_snapshots.store.link.batch import Batch
from regional_snapshots.store.link.connections import Connections


def send(url, batch):
    async def once():
        connections = Connections(url)
        async with connections.borrow() as wire:
            await connections.send(wire, batch)
        await connections.close()

    asyncio.run(once())


def test_a_command_put_in_between_shifts_no_neighbour(server):
    server.client().mset({"a": "1", "b": "2"})
    batch = Batch()
    first, _, second, missing = (batch.ask("GET", key) for key in ("a", "between", "b", "c"))
    send(server.url, batch)
    assert (first.value, second.value, missing.value) == (b"1", b"2", None)


def test_what_exec_brings_belongs_to_the_commands_of_its_transaction(server):
    server.client().set("a", "1")
    batch = Batch()
    before = batch.ask("GET", "a")
    with batch.transaction() as inside:
        inside.ask("INCR", "a")
        after, wrong = inside.ask("GET", "a"), inside.ask("LPUSH", "a", "x")
    last = batch.ask("STRLEN", "a")
    send(server.url, batch)
    assert (before.value, after.value, last.value) == (b"1", b"2", 1)
    assert (after.queued, inside.executed.reply[:2]) == (b"QUEUED", [2, b"2"])
    with pytest.raises(WrongTypeError, match="a: the key holds another type"):
        batch.check()
    assert wrong.refused


def test_a_transaction_that_was_voided_has_no_replies_but_queued_ones(server):
    batch = Batch()
    with batch.transaction() as inside:
        asked, refused = inside.ask("SET", "a", "1"), inside.ask("NOSUCH")
    send(server.url, batch)
    assert asked.reply == b"QUEUED"
    assert isinstance(refused.queued, ResponseError)
    assert inside.executed.refused
    assert server.client().get("a") is None


def test_a_reply_cannot_be_read_before_it_has_come():
    asked = Batch().ask("GET", "a")
    with pytest.raises(LookupError, match="not been sent"):
        _ = asked.value


def test_a_refusal_is_raised_where_its_value_is_read_unless_it_was_optional(server):
    server.client().execute_command("ACL", "SETUSER", "default", "-info")
    batch = Batch()
    batch.ask("INFO", "server", optional=True)
    refused = batch.ask("INFO", "memory")
    send(server.url, batch)
    with pytest.raises(AccessRefusedError, match="memory"):
        _ = refused.value
    with pytest.raises(AccessRefusedError, match="memory"):
        batch.check()
