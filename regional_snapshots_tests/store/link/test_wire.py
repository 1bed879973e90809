"""A connection says only what it was asked to say, and never takes one answer for another."""

from __future__ import annotations

import asyncio

import pytest
import redis

from regional_snapshots.store.errors import AccessRefusedError, StoreError
from regional_snapshots.store.link.connections import Connections
from regional_snapshots_tests.support.proxy import Proxy


def names(proxy):
    return [request.name for request in proxy.requests]


def run(work):
    return asyncio.run(asyncio.wait_for(work, 20))


def ask(url, *commands):
    async def once():
        connections = Connections(url)
        try:
            return await connections.ask(list(commands))
        finally:
            await connections.close()

    return run(once())


def test_nothing_is_sent_on_connecting_that_is_not_needed(server):
    with Proxy(server.url) as proxy:
        assert ask(proxy.url, ("PING",)) == [b"PONG"]
        assert names(proxy) == ["PING"]


def test_user_and_database_are_named_in_a_round_trip_each(server):
    server.client().execute_command("ACL", "SETUSER", "writer", "on", ">a b", "~*", "+@all")
    with Proxy(server.tcp_url) as proxy:
        url = proxy.url.replace("redis://", "redis://writer:a%20b@").replace("/0", "/3")
        ask(url, ("SET", "here", "1"))
        assert names(proxy) == ["AUTH", "SELECT", "SET"]
        assert sum(proxy.turnarounds.values()) == 3
    assert server.client(db=3).get("here") == b"1"


@pytest.mark.parametrize("url_end", ["/99", "?username=nobody&password=wrong"])
def test_nothing_is_written_under_a_user_or_database_that_was_refused(server, url_end):
    with pytest.raises(StoreError):
        ask(server.tcp_url.removesuffix("/0") + url_end, ("SET", "here", "1"))
    assert server.client().get("here") is None


def test_a_connection_that_the_server_closed_is_not_used_again(server):
    async def lose_and_ask():
        connections = Connections(server.url)
        async with connections.borrow() as first:
            await connections.exchange(first, [("PING",)])
        server.client().client_kill_filter(_type="normal", skipme=True)
        while not first.spoilt:  # noqa: ASYNC110 - the end of the connection is what is awaited
            await asyncio.sleep(0)
        async with connections.borrow() as second:
            assert second is not first
            return await connections.exchange(second, [("PING",)])

    assert run(lose_and_ask()) == [b"PONG"]


def test_a_connection_that_was_in_use_while_another_broke_is_not_used_again(server):
    """What broke one, such as a failover, may have broken both; only the other's user does not know it yet."""

    async def break_one_of_two():
        connections = Connections(server.url)
        async with connections.borrow() as first:
            with pytest.raises(ConnectionResetError):
                async with connections.borrow():
                    raise ConnectionResetError
            assert await connections.exchange(first, [("PING",)]) == [b"PONG"]
        async with connections.borrow() as second:
            assert second is not first
        return first.spoilt

    assert run(break_one_of_two())


def test_what_nobody_asked_for_is_taken_for_no_answer(server):
    async def be_pushed_and_ask():
        connections = Connections(server.url)
        async with connections.borrow() as listening:
            await connections.exchange(listening, [("SUBSCRIBE", "news")])
        server.client().publish("news", "unasked")
        while not listening.spoilt:  # noqa: ASYNC110 - the end of the connection is what is awaited
            await asyncio.sleep(0)
        return await connections.ask([("GET", "absent")])

    assert run(be_pushed_and_ask()) == [None]


def test_more_answers_than_questions_end_the_connection(server):
    async def subscribe_twice_and_ask():
        connections = Connections(server.url)
        async with connections.borrow() as listening:
            await connections.exchange(listening, [("SUBSCRIBE", "news", "weather")])
        return await connections.ask([("GET", "absent")])

    assert run(subscribe_twice_and_ask()) == [None]


def test_an_exchange_that_was_given_up_leaves_no_answer_behind(server):
    async def give_up_and_ask():
        connections = Connections(server.url, limit=1)
        waiting = asyncio.ensure_future(connections.ask([("BLPOP", "never", 0)]))
        client = server.client()
        while not client.info("clients")["blocked_clients"]:  # noqa: ASYNC110 - the server is asked
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return await connections.ask([("GET", "absent")])

    assert run(give_up_and_ask()) == [None]


def test_error_replies_are_answers_with_redis_pys_types(server):
    server.client().rpush("list", 1)

    async def exchange():
        connections = Connections(server.url)
        async with connections.borrow() as wire:
            return await connections.exchange(wire, [("GET", "list"), ("MULTI",), ("NOSUCH",), ("EXEC",), ("PING",)])

    wrong_type, queued, unknown, aborted, pong = run(exchange())
    assert isinstance(wrong_type, redis.ResponseError)
    assert str(wrong_type).startswith("WRONGTYPE")
    assert (queued, pong) == (b"OK", b"PONG")
    assert isinstance(unknown, redis.ResponseError)
    assert isinstance(aborted, redis.exceptions.ExecAbortError)


def test_callers_beyond_the_limit_wait_in_line(server):
    async def crowd():
        connections = Connections(server.url, limit=3)
        return await asyncio.gather(*(connections.ask([("PING",)]) for _ in range(50)))

    before = server.client().info("stats")["total_connections_received"]
    assert run(crowd()) == [[b"PONG"]] * 50
    assert server.client().info("stats")["total_connections_received"] - before <= 3 + 1


def test_a_redirection_that_names_no_node_is_an_answer_like_others(server):
    with pytest.raises(StoreError, match="MOVED elsewhere"):
        ask(server.url, ("EVAL", "return redis.error_reply('MOVED elsewhere')", 0))


def test_a_server_that_does_not_know_the_command_is_not_quoted_with_the_password(own_server):
    server = own_server(["--rename-command", "AUTH", "LOGIN"], tcp=True)
    with pytest.raises(AccessRefusedError, match="unknown command") as refused:
        ask(server.tcp_url.replace("redis://", "redis://me:hunter2@"), ("PING",))
    assert "hunter2" not in str(refused.value)
