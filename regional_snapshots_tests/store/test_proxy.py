"""The proxy breaks exactly what it was told to break, and counts exactly what passed."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest
import redis

from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.resp import Splitter, words

BROKEN = (redis.ConnectionError, redis.TimeoutError)


@pytest.fixture
def proxy(server):
    with Proxy(server.url) as made:
        yield made


def connect(proxy, **options):
    """A client whose handshake sends nothing and which never tries again, so that requests can be counted."""
    options = {"retry": None, "driver_info": None, "protocol": 2, **options}
    return redis.Redis.from_url(proxy.url, **options)


def names(proxy):
    return [request.name for request in proxy.requests]


def test_frames_are_found_however_the_stream_is_cut():
    stream = (
        b"*2\r\n$3\r\nGET\r\n$4\r\n\r\n\r\n\r\n+OK\r\n$-1\r\n*-1\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n"
        b"%1\r\n+a\r\n,1.5\r\n|1\r\n+k\r\n+v\r\n_\r\n>1\r\n+push\r\n"
    )
    whole = Splitter().feed(stream)
    assert len(whole) == 8
    assert words(whole[0]) == (b"GET", b"\r\n\r\n")
    for cut in range(1, len(stream)):
        parts = Splitter()
        assert parts.feed(stream[:cut]) + parts.feed(stream[cut:]) == whole


@pytest.mark.parametrize("tcp", [False, True])
def test_what_passes_is_unchanged_and_counted(server, tcp):
    with Proxy(server.tcp_url if tcp else server.url) as proxy:
        client = connect(proxy)
        big = bytes(range(256)) * 4000
        assert client.set("a", big)
        assert client.get("a") == big
        with client.pipeline() as pipe:
            pipe.get("a")
            pipe.get("b")
            assert pipe.execute() == [big, None]
        assert names(proxy) == ["SET", "GET", "MULTI", "GET", "GET", "EXEC"]
        assert proxy.requests[0].args == (b"a", big)
        assert sum(proxy.turnarounds.values()) == 3
        assert proxy.connections == 1


@pytest.mark.parametrize(
    ("where", "executed"),
    [
        (Break.BEFORE_REQUEST, False),
        (Break.WITHIN_REQUEST, False),
        (Break.BEFORE_REPLY, True),
        (Break.WITHIN_REPLY, True),
    ],
)
@pytest.mark.parametrize("transaction", [False, True])
def test_a_cut_strikes_its_request_and_nothing_else(server, proxy, where, executed, transaction):
    client = connect(proxy)
    victim = "EXEC" if transaction else (lambda request: request.args[:1] == (b"b",))
    fault = proxy.arm(where, victim)
    with client.pipeline(transaction=transaction) as pipe:
        for key in "abc":
            pipe.set(key, 1)
        with pytest.raises(BROKEN):
            pipe.execute()
    assert fault.struck.is_set()
    kept = [key for key in "abc" if server.client().exists(key)]
    assert kept == ((["a", "b", "c"] if executed else []) if transaction else (["a", "b"] if executed else ["a"]))
    assert client.ping()


@pytest.mark.parametrize(
    ("where", "heard"),
    [
        (Break.BEFORE_REQUEST, b":1\r\n"),
        (Break.WITHIN_REQUEST, b":1\r\n"),
        (Break.BEFORE_REPLY, b":1\r\n"),
        (Break.WITHIN_REPLY, b":1\r\n:2"),
        (Break.AFTER_REPLY, b":1\r\n:2\r\n"),
    ],
)
def test_the_client_hears_everything_up_to_the_cut_and_nothing_more(proxy, where, heard):
    proxy.arm(where, 2)
    with socket.socket(socket.AF_UNIX) as plain:
        plain.connect(proxy.url.removeprefix("unix://"))
        plain.sendall(b"*2\r\n$4\r\nINCR\r\n$1\r\na\r\n" * 3)
        received = b""
        with suppress(OSError):
            while data := plain.recv(64):
                received += data
    assert received == heard


def test_a_cut_after_the_reply_leaves_a_dead_connection(proxy):
    client = connect(proxy, single_connection_client=True)
    proxy.arm(Break.AFTER_REPLY, "SET")
    assert client.set("a", 1)
    with pytest.raises(BROKEN):
        client.get("a")


def test_a_fault_by_number_strikes_once_and_one_without_limit_always(server, proxy):
    proxy.arm(Break.BEFORE_REQUEST, 2)
    client = connect(proxy)
    assert client.ping()
    with pytest.raises(BROKEN):
        client.ping()
    for_ever = proxy.arm(Break.BEFORE_REQUEST, "PING", times=None)
    for _ in range(3):
        with pytest.raises(BROKEN):
            client.ping()
    assert len(for_ever.hits) == 3
    proxy.reset()
    assert client.ping()
    assert proxy.connections == 1


def test_a_held_request_arrives_late_even_if_the_client_has_gone(server, proxy):
    client = connect(proxy, socket_timeout=0.05)
    fault = proxy.arm(Break.HOLD_REQUEST, "SET")
    with pytest.raises(redis.TimeoutError):
        client.set("a", 1)
    client.close()
    assert server.client().get("a") is None
    watching = server.client()
    watching.config_set("notify-keyspace-events", "KEA")
    with watching.pubsub() as events:
        events.psubscribe("__keyspace@0__:a")
        events.get_message(timeout=5)
        fault.release()
        assert events.get_message(timeout=5)["data"] == b"set"
    assert server.client().get("a") == b"1"


def test_a_held_reply_belongs_to_a_request_that_was_executed(server, proxy):
    client = connect(proxy)
    fault = proxy.arm(Break.HOLD_REPLY, "SET")
    said = []
    waiting = threading.Thread(target=lambda: said.append(client.set("a", 1)))
    waiting.start()
    fault.wait()
    assert server.client().get("a") == b"1"
    assert not said
    fault.release()
    waiting.join()
    assert said == [True]


def test_every_nth_connection_is_dropped(proxy):
    proxy.drop_every = 2
    heard = []
    for number in range(1, 5):
        with socket.socket(socket.AF_UNIX) as plain:  # a pool would look, and connect anew
            plain.connect(proxy.url.removeprefix("unix://"))
            with suppress(OSError):
                plain.sendall(b"PING\r\n")
                heard.append((number, plain.recv(64)))
    assert [number for number, reply in heard if reply == b"+PONG\r\n"] == [1, 3]


def test_all_connections_can_be_cut_and_a_dead_server_cuts_them(own_server):
    server = own_server()
    with Proxy(server.url) as proxy:
        client = connect(proxy, single_connection_client=True)  # a pool would look, and connect anew
        client.ping()
        proxy.cut_all()
        with pytest.raises(BROKEN):
            client.ping()
        client.ping()
        server.kill()
        for _ in range(2):
            with pytest.raises(BROKEN):
                client.ping()
        server.start()
        assert client.ping()


def struck_in_a_run(server, seed):
    server.reset()
    rates = {Break.BEFORE_REQUEST: 0.1, Break.BEFORE_REPLY: 0.1, Break.HOLD_REPLY: 0.05}
    with Proxy(server.url) as proxy:
        proxy.chaos(seed, rates, hold_s=0.001)
        client = connect(proxy)
        for number in range(100):
            try:
                client.incrby("a", number)
            except BROKEN:
                client.close()
        return proxy.struck, server.client().get("a")


def test_chaos_is_replayed_by_its_seed(server):
    first = struck_in_a_run(server, 7)
    assert struck_in_a_run(server, 7) == first
    assert struck_in_a_run(server, 8) != first
    assert {where for where, _ in first[0]} == {Break.BEFORE_REQUEST, Break.BEFORE_REPLY, Break.HOLD_REPLY}
