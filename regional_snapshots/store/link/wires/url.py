"""A URL as redis-py reads it, and more strictly: what would be ignored is refused by name, and no secret is told.

``redis://``, ``rediss://`` (TLS) and ``unix://``; several hosts of a cluster, ``redis://one:6379,two:6379/0``; and
``redis+sentinel://one:26379,two:26379/service/0`` (``rediss+sentinel://`` for TLS to the server).
"""

from __future__ import annotations

import difflib
import inspect
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection, parse_url
from redis.exceptions import RedisError

from regional_snapshots.store.errors import ConfigurationError

SCHEMES = {
    "redis": Connection,
    "rediss": SSLConnection,
    "unix": UnixDomainSocketConnection,
    "redis+sentinel": Connection,
    "rediss+sentinel": SSLConnection,
}
PORT, SENTINEL_PORT = 6379, 26379
FORM = "write it as redis://user:password@host:6379/0, special characters of the password percent-encoded (/ as %2F)"


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _not_negative(text: str) -> float:
    return float(text) and _positive(text)


OURS: Mapping[str, Callable[[str], Any]] = {
    "socket_timeout": _positive,
    "socket_connect_timeout": _positive,
    "health_check_interval": _not_negative,
    "max_connections": _count,
    "sentinel_username": str,
    "sentinel_password": str,
}
"""Options that are honoured here, because here is what they are about: waiting, and who may have a connection."""
REDIS_PYS = frozenset(
    (
        "db", "username", "password", "client_name", "protocol", "socket_keepalive", "socket_read_size",
        "ssl_keyfile", "ssl_certfile", "ssl_cert_reqs", "ssl_include_verify_flags", "ssl_exclude_verify_flags",
        "ssl_ca_certs", "ssl_ca_data", "ssl_ca_path", "ssl_check_hostname", "ssl_min_version", "ssl_ciphers",
        "ssl_password",
    )
)  # fmt: skip
"""Options that redis-py's connections honour."""
REFUSED = {
    "retry_on_timeout": "nothing is sent again here without looking first",
    "retry_on_error": "nothing is sent again here without looking first",
    "timeout": "callers beyond max_connections wait in line",
    "decode_responses": "replies are bytes",
    "encoding": "replies are bytes",
    "encoding_errors": "replies are bytes",
}
"""Options of redis-py that cannot be had, and why."""
FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")


@dataclass(frozen=True)
class Address:
    """Where to connect: ``host`` and ``port``, or the ``path`` of a Unix socket."""

    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        return f"unix://{self.path}" if self.path else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Target:
    """What a URL asks for. ``name`` is the setting that holds it, ``shown`` what may be shown of it.

    ``service`` is what sentinels call the server; then ``hosts`` are theirs. ``options`` are for redis-py's ``kind`` of
    connection, ``ours`` those of ``OURS`` that were given.
    """

    name: str
    shown: str
    kind: type
    hosts: tuple[Address, ...]
    service: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    ours: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read(url: str, name: str = "REDIS_URL") -> Target:
    """What a URL asks for. Raises :class:`ConfigurationError` that names the setting ``name`` and tells no secret."""
    parts = _split(url, name)
    kind, sentinel = SCHEMES[parts.scheme], parts.scheme.endswith("+sentinel")
    user, _, hosts = parts.netloc.rpartition("@")
    service, path = "", parts.path
    if sentinel:
        service, _, database = path.strip("/").partition("/")
        path = f"/{database}" if database else ""
    _check_path(kind, path, hosts, service, name, sentinel=sentinel)
    local = kind is UnixDomainSocketConnection
    addresses = tuple(_address(host, SENTINEL_PORT if sentinel else PORT, name) for host in hosts.split(","))
    shown = "/".join(filter(None, (",".join(map(str, addresses)), service, path.strip("/"))))
    shown = f"{parts.scheme}://{path if local else shown}"
    target = Target(name, shown, kind, (Address("", 0, unquote(path)),) if local else addresses, service)
    ours, options = _options(parts.query, target)
    _check_once(user, "" if local else path.strip("/"), options, target)
    base = "rediss" if kind is SSLConnection else parts.scheme.split("+")[0]
    plain = f"{base}://{user + '@' if user else ''}{'' if local else 'host'}{path}"
    query = "&".join(f"{quote(key)}={quote(value, safe='')}" for key, value in options.items())
    return replace(target, options=_read_by_redis_py(f"{plain}?{query}", target), ours=ours)


def _split(url: str, name: str) -> Any:
    """The parts of a URL of which nothing looks as if a password had torn it apart."""
    try:
        url.encode()
        parts = urlsplit(url)
    except ValueError:  # or no UTF-8; its text may quote a password in which a character was not escaped
        raise ConfigurationError(f"{name} cannot be parsed", next_step=FORM) from None
    if parts.scheme not in SCHEMES:
        shown = repr(parts.scheme) if "://" in url and parts.scheme else "no scheme"
        raise ConfigurationError(
            f"{name} starts with {shown}", next_step=f"use {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
        )
    if parts.fragment or "#" in url or any("@" in part for part in (parts.path, parts.query)):
        raise ConfigurationError(f"{name} holds a special character that tears it apart", next_step=FORM)
    return parts


def _address(text: str, port: int, name: str) -> Address:
    try:
        parts = urlsplit(f"redis://{text}")
        address = Address(unquote(parts.hostname or "localhost"), port if parts.port is None else parts.port)
        if not address.port:
            raise ValueError(text)
    except ValueError:
        raise ConfigurationError(f"{name} cannot be parsed: its port is no number", next_step=FORM) from None
    try:
        if "\0" in address.host or not address.host.encode("idna"):
            raise ValueError(address.host)
    except ValueError:
        raise ConfigurationError(f"{name}: no host can have the name {address.host!r}", next_step=FORM) from None
    return address


def _check_path(kind: type, path: str, hosts: str, service: str, name: str, *, sentinel: bool) -> None:
    """What stands behind the host is a database, and behind ``unix://`` an absolute path."""
    if kind is UnixDomainSocketConnection:
        if hosts or not path:
            raise ConfigurationError(f"{name} names no socket", next_step="write it as unix:///absolute/path")
        return
    if sentinel and not service:
        problem = f"{name} does not say what its sentinels call the server"
        raise ConfigurationError(problem, next_step="write it as redis+sentinel://host:26379/service/0")
    if path.strip("/") and not path.strip("/").isdecimal():
        raise ConfigurationError(f"{name} names a database that is not a number", next_step=FORM)


def _options(query: str, target: Target) -> tuple[dict[str, Any], dict[str, str]]:
    """The options of a query: ours, read; and those for redis-py. Raises for one that would be ignored."""
    ours: dict[str, Any] = {}
    others: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key in OURS and key not in ours:
            try:
                ours[key] = OURS[key](value)
            except ValueError:
                raise _unusable(target, f"{key} takes a number above 0") from None
        elif key in REDIS_PYS and value and key not in others:
            others[key] = value
        else:
            raise _unusable(target, _why_not(key, value))
    if any(key.startswith("sentinel_") for key in ours) and not target.service:
        raise _unusable(target, "sentinel_username and sentinel_password need redis+sentinel://")
    return ours, others


def _check_once(user: str, database: str, options: Mapping[str, str], target: Target) -> None:
    """What stands in its usual place is not given otherwise in the query, and a name is one that servers take."""
    name, _, password = user.partition(":")
    for key, value in {"db": database, "username": name, "password": password}.items():
        if value and key in options:
            raise _unusable(target, f"{key} is given twice")
    if not all("!" <= letter <= "~" for letter in options.get("client_name", "")):
        raise _unusable(target, "client_name takes letters, digits and signs, without spaces")


def _why_not(key: str, value: str) -> str:
    if key in OURS or key in REDIS_PYS:
        return f"{key} is given twice" if value else f"{key} has no value"
    if key in REFUSED:
        return f"{key} is not supported: {REFUSED[key]}"
    nearest = difflib.get_close_matches(key, (*OURS, *REDIS_PYS), n=1)
    return f"there is no option {key!r}" + (f", do you mean {nearest[0]}?" if nearest else "")


def _read_by_redis_py(plain: str, target: Target) -> dict[str, Any]:
    """What redis-py makes of the URL of one host: the options for its connections, tried once."""
    try:
        options: dict[str, Any] = dict(parse_url(plain))
    except (ValueError, TypeError) as error:
        raise _unusable(target, str(error)) from None
    for key in ("connection_class", "host", "port", "path"):
        options.pop(key, None)
    taken = {name for each in target.kind.__mro__ if each is not object for name in inspect.signature(each).parameters}
    for key in options:
        if key not in taken:
            raise _unusable(target, f"{key} needs rediss://" if key.startswith("ssl") else f"{key} has no meaning here")
    for key in FILES:
        if key in options and not Path(options[key]).exists():
            raise _unusable(target, f"{key}: there is no {options[key]}")
    if "ssl_keyfile" in options and "ssl_certfile" not in options:
        raise _unusable(target, "ssl_keyfile needs ssl_certfile: a key proves nothing without its certificate")
    try:
        tried = target.kind(**options)
        if target.kind is SSLConnection:
            tried.ssl_context.get()
    except (ValueError, TypeError, OSError, RedisError) as error:  # ssl.SSLError is an OSError
        raise _unusable(target, _wrong_file(options) or f"its options: {error}") from None
    return options


def _wrong_file(options: Mapping[str, Any]) -> str:
    """Which file of TLS is not what it should be; "" when all are."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority, certificate = options.get("ssl_ca_certs"), options.get("ssl_certfile")
    try:
        if authority:
            context.load_verify_locations(cafile=authority)
    except OSError:
        return f"ssl_ca_certs: no certificate can be read from {authority}"
    try:
        if certificate:
            context.load_cert_chain(certificate, options.get("ssl_keyfile"), lambda: options.get("ssl_password", ""))
    except OSError as error:
        reason = getattr(error, "reason", None) or "no key that can be read"
        return f"ssl_certfile: {certificate} and its key cannot be used ({reason.replace('_', ' ').lower()})"
    return ""


def _unusable(target: Target, problem: str) -> ConfigurationError:
    step = "see the options in docs/operations.md"
    return ConfigurationError(f"{target.name} ({target.shown}) cannot be used: {problem}", next_step=step)
