"""What is wrong with TLS is said at once, in its own words, and is an error of the configuration."""

from __future__ import annotations

import pytest

from regional_snapshots.store.errors import ConfigurationError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.certificates import make_certificates
from regional_snapshots_tests.support.relay import Relay
from regional_snapshots_tests.support.server import RedisServer, ServerFailedError


@pytest.fixture(scope="module")
def secured():
    try:
        server = RedisServer(tcp=True, tls=True)
    except ServerFailedError as error:
        pytest.skip(str(error).splitlines()[0])
    with server:
        yield server


def told(url, name="REDIS_URL"):
    """What a read says that cannot come about."""

    def work():
        feeds = name == "FEEDS_REDIS_URL"
        with SnapshotStore("unix:///nowhere" if feeds else url, feeds_url=url if feeds else "") as store:
            store.read_feeds(["any"]) if feeds else store.inspect()

    with pytest.raises(ConfigurationError, match=f"^{name} ") as refused:
        work()
    return str(refused.value)


@pytest.mark.parametrize("name", ["REDIS_URL", "FEEDS_REDIS_URL"])
def test_a_certificate_of_an_unknown_authority_is_named(secured, name):
    assert "certificate is not trusted (self-signed certificate" in told(secured.tls_url.split("?")[0], name)


def test_it_is_said_after_one_attempt(secured):
    with Relay(f"redis://localhost:{secured.tls_port}") as relay:
        told(f"rediss://localhost:{relay.port}/0")
        assert relay.accepted == 1


def test_a_certificate_that_has_expired_is_named(own_server, secured, tmp_path):
    made = make_certificates(tmp_path, expired=True)
    files = {"tls-cert-file": made.certificate, "tls-key-file": made.key, "tls-ca-cert-file": made.authority}
    server = own_server({**files, "tls-auth-clients": "no"}, tls=True)
    assert "certificate has expired" in told(f"rediss://localhost:{server.tls_port}/0?ssl_ca_certs={made.authority}")


def test_a_certificate_of_another_host_is_named(secured):
    with Relay(f"redis://localhost:{secured.tls_port}", host="127.0.0.2") as relay:
        url = secured.tls_url.replace(f"localhost:{secured.tls_port}", f"127.0.0.2:{relay.port}")
        assert "certificate is not valid for '127.0.0.2'" in told(url)


def test_a_server_that_asks_for_our_certificate_is_understood(secured):
    secured.configure(tls_auth_clients="yes")
    try:
        assert "name it in ssl_certfile and ssl_keyfile" in told(secured.tls_url)
        pair = f"&ssl_certfile={secured.directory}/server.pem&ssl_keyfile={secured.directory}/server.key"
        with SnapshotStore(secured.tls_url + pair) as store:
            assert store.inspect() == []
    finally:
        secured.configure(tls_auth_clients="no")


@pytest.mark.parametrize("user", ["", "writer:hunter2@"])
def test_a_plain_url_to_a_port_with_tls_is_told_to_use_it(secured, user):
    text = told(f"redis://{user}localhost:{secured.tls_port}/0")
    assert f"speaks TLS on port {secured.tls_port}: write rediss://" in text
    assert "hunter2" not in text


def test_a_url_of_tls_to_a_plain_port_is_told_not_to_use_it(secured):
    url = f"rediss://localhost:{secured.port}/0?socket_connect_timeout=0.2"
    assert f"does not speak TLS on port {secured.port}: write redis://" in told(url)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("ssl_ca_certs={0}/none.pem", "ssl_ca_certs: there is no {0}/none.pem"),
        ("ssl_ca_path={0}/none", "ssl_ca_path: there is no {0}/none"),
        ("ssl_certfile={0}/none.pem", "ssl_certfile: there is no {0}/none.pem"),
        ("ssl_certfile={0}/server.pem&ssl_keyfile={0}/none.key", "ssl_keyfile: there is no {0}/none.key"),
        ("ssl_keyfile={0}/server.key", "ssl_keyfile needs ssl_certfile"),
        ("ssl_certfile={0}/server.pem", "{0}/server.pem and its key cannot be used (no key that can be read)"),
        ("ssl_certfile={0}/ca.pem&ssl_keyfile={0}/server.key", "{0}/ca.pem and its key cannot be used (key values"),
        ("ssl_ca_certs={0}/redis.log", "no certificate can be read from {0}/redis.log"),
        ("ssl_ca_certs={0}", "no certificate can be read from {0}"),
        ("ssl_cert_reqs=maybe", "Invalid SSL Certificate Requirements Flag: maybe"),
        ("ssl_ciphers=NOSUCH", "No cipher can be selected"),
        ("ssl_min_version=99", "Unsupported"),
    ],
)
def test_files_and_options_that_cannot_be_used_are_named(secured, options, said):
    url = f"rediss://localhost:{secured.tls_port}/0?{options.format(secured.directory)}"
    assert said.format(secured.directory) in told(url)
