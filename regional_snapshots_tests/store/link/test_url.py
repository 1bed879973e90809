"""What a URL asks for is honoured, or refused by name; and nothing of a password is ever told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

import pytest

from regional_snapshots.store.commit import Policy
from regional_snapshots.store.errors import AccessRefusedError, ConfigurationError, UnreachableError
from regional_snapshots.store.link.connections import Connections
from regional_snapshots.store.link.waiting import Patience
from regional_snapshots.store.link.wires.url import OURS, REDIS_PYS, Address, read
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import fresh
from regional_snapshots_tests.support.proxy import Proxy


def ask(url, *commands, **named):
    async def once():
        connections = Connections(url, patience=Patience(attempts=1), **named)
        try:
            return await connections.ask(list(commands))
        finally:
            await connections.close()

    return asyncio.run(once())


TORN = [
    "redis://user:2024/hunter2@host/0",
    "redis://:31337#hunter2@host",
    "redis://me:hunter2/x@host/0",
    "redis://me:hunter2#x@host",
    "redis://:hunter2?x@host",
    "redis://me:p?hunter2=word@host",
    "redis://me:a@b?hunter2@host",
    "redis://:12/hunter2@host",
    "redis://me:hunter2",
    "redis://me:[hunter2@host",
    "rediss://me:hunter2/x@host/0",
    "redis+sentinel://me:hunter2/x@host/service/0",
    "unix://me:hunter2/x@/tmp/redis.sock",
    "redis://host/hunter2",
    "hunter2@host",
    "hunter2",
]


@pytest.mark.parametrize("name", ["REDIS_URL", "FEEDS_REDIS_URL"])
@pytest.mark.parametrize("url", TORN)
def test_a_url_torn_apart_by_its_password_is_refused_and_nothing_of_it_is_told(url, name):
    with pytest.raises(ConfigurationError, match=f"^{name} ") as refused:
        Connections(url, name=name)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("password", ["a b", "a/b", "a#b", "a?b", "a@b", "a:b", "a%b", "ä€", "["])
def test_any_password_can_be_written_percent_encoded(server, password):
    server.client().execute_command("ACL", "SETUSER", "writer", "reset", "on", f">{password}", "~*", "+@all")
    url = server.url.replace("unix://", f"unix://writer:{quote(password, safe='')}@")
    assert ask(url, ("PING",)) == [b"PONG"]
    with pytest.raises(AccessRefusedError) as refused:
        ask(url.replace("@/", "x@/"), ("PING",))
    assert password not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://host/mydb", "REDIS_URL names a database that is not a number"),
        ("redis://host/0?socket_timeuot=60", "no option 'socket_timeuot', do you mean socket_timeout?"),
        ("redis://host/0?nonsense=1", "no option 'nonsense'"),
        ("redis://host/0?socket_timeout=soon", "socket_timeout takes a number above 0"),
        ("redis://host/0?socket_timeout=0", "socket_timeout takes a number above 0"),
        ("redis://host/0?socket_timeout=nan", "socket_timeout takes a number above 0"),
        ("redis://host/0?socket_connect_timeout=-1", "socket_connect_timeout takes a number above 0"),
        ("redis://host/0?max_connections=0", "max_connections takes a number above 0"),
        ("redis://host/0?max_connections=1.5", "max_connections takes a number above 0"),
        ("redis://host/0?protocol=9", "protocol must be"),
        ("redis://host/0?protocol=two", "Invalid value for 'protocol'"),
        ("redis://host?db=first", "Invalid value for 'db'"),
        ("redis://host/0?client_name=", "client_name has no value"),
        ("redis://host/0?client_name=a&client_name=b", "client_name is given twice"),
        ("redis://host/0?socket_timeout=1&socket_timeout=2", "socket_timeout is given twice"),
        ("redis://host/0?db=1", "db is given twice"),
        ("redis://writer@host/0?username=other", "username is given twice"),
        ("redis://:secret@host/0?password=other", "password is given twice"),
        ("redis://host/0?client_name=a%20b", "client_name takes letters, digits and signs"),
        ("redis://host:0/0", "port is no number"),
        ("redis://:\udcff@host/0", "cannot be parsed"),
        ("redis://host/0?retry_on_timeout=true", "retry_on_timeout is not supported"),
        ("redis://host/0?decode_responses=true", "decode_responses is not supported"),
        ("redis://host/0?timeout=5", "timeout is not supported"),
        ("redis://host/0?host=elsewhere", "no option 'host'"),
        ("redis://host/0?ssl_cert_reqs=none", "ssl_cert_reqs needs rediss://"),
        ("redis://host/0?sentinel_password=x", "need redis.sentinel://"),
        ("unix:///tmp/redis.sock?socket_keepalive=1", "socket_keepalive has no meaning here"),
        ("unix://tmp/redis.sock", "names no socket"),
        ("unix://", "names no socket"),
        ("redis+sentinel://host:26379", "does not say what its sentinels call the server"),
        ("redis+sentinel://host/service/first", "not a number"),
        ("redis://one,two:x/0", "port is no number"),
        ("redis://a..b/0", "no host can have the name"),
        ("redis://%00/0", "no host can have the name"),
        ("http://host", "starts with 'http'"),
        ("", "starts with no scheme"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(url, said):
    with pytest.raises(ConfigurationError, match=said):
        Connections(url)


def test_every_option_of_the_guide_is_known_and_every_known_one_is_in_the_guide():
    guide = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    assert [name for name in (*OURS, *sorted(REDIS_PYS)) if f"`{name}`" not in guide] == []


def test_hosts_and_service_are_read_and_shown_without_user_and_password():
    several = read("redis://me:hunter2@one:7000,two,[::1]:7002/0")
    assert several.hosts == (Address("one", 7000), Address("two", 6379), Address("::1", 7002))
    assert several.shown == "redis://one:7000,two:6379,::1:7002/0"
    sentinel = read("rediss+sentinel://me:hunter2@one,two:7001/main/3")
    assert (sentinel.hosts, sentinel.service) == ((Address("one", 26379), Address("two", 7001)), "main")
    assert (sentinel.shown, sentinel.options["db"]) == ("rediss+sentinel://one:26379,two:7001/main/3", 3)
    assert "hunter2" not in repr(several) + repr(sentinel)


def test_the_name_of_the_client_is_told_to_the_server(server, client):
    async def look():
        connections = Connections(f"{server.url}?client_name=refresher")
        async with connections.borrow() as wire:
            await connections.exchange(wire, [("PING",)])
            names = [each["name"] for each in client.client_list()]
        await connections.close()
        return names

    assert "refresher" in asyncio.run(look())


def test_protocol_3_answers_like_protocol_2(server, client):
    made = [fresh(client, back=2), fresh(client, back=1), fresh(client)]
    with Proxy(server.url) as proxy, SnapshotStore(f"{proxy.url}?protocol=3") as new, SnapshotStore(server.url) as old:
        assert old.commit(made[0]).id == new.commit(made[0]).id == made[0].id
        for each in made[1:]:
            new.commit(each)
        assert "HELLO" in {request.name for request in proxy.requests}
        assert list(new.history("latam")["id"]) == list(old.history("latam")["id"]) == [it.id for it in made[::-1]]
        assert new.as_of("latam", made[1].generated_at).id == made[1].id
        assert new.inspect() == old.inspect() == []
        assert new.reconcile(["latam"], deep=True).findings == ()
        client.delete("snapshot:latest:{latam}")
        assert [each.kind for each in new.reconcile(["latam"], deep=True).findings] == ["latest_missing"]
        assert old.latest("latam").id == made[2].id


def test_at_most_so_many_connections_are_opened_and_the_rest_waits_in_line(server, client):
    with Proxy(server.url) as proxy, SnapshotStore(f"{proxy.url}?max_connections=2") as store:
        store.read_inputs(["risk:scores:sebuf:stale:v8"], [f"region-{number}" for number in range(20)])
        answers = store.commit_all([fresh(client, region=f"region-{number}") for number in range(20)])
        assert {answer.outcome.value for answer in answers} == {"COMMITTED"}
        assert proxy.connections == 2


def test_the_time_outs_of_the_url_are_used(server):
    server.pause()
    try:
        with pytest.raises(UnreachableError, match=r"no answer within 0.1 s"):
            ask(f"{server.url}?socket_timeout=0.1", ("PING",))
        with pytest.raises(UnreachableError, match=r"no connection within 0.2 s"):
            ask(f"{server.url.replace('unix://', 'unix://:x@')}?socket_connect_timeout=0.2", ("PING",))
    finally:
        server.resume()


def test_what_is_wrong_with_the_feeds_server_is_said_of_its_setting(server):
    policy = Policy(attempts=1)
    with SnapshotStore(server.url, feeds_url="redis://127.0.0.1:1/0", policy=policy) as store:
        with pytest.raises(UnreachableError, match="FEEDS_REDIS_URL") as refused:
            store.read_feeds(["risk:scores:sebuf:stale:v8"])
        assert " REDIS_URL" not in str(refused.value)
