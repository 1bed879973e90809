"""An old Redis, made of a new one: what it does not know yet is no syntax to it, and it says how old it is.

Like the real one it takes a ``SET`` with an unknown option into a transaction, and refuses it when it is executed.
"""

from __future__ import annotations

import re

from regional_snapshots_tests.support.proxy import Proxy

VERSION = re.compile(rb"(redis_version:)([0-9.]+)(\r\n)")
SIZED = re.compile(rb"\$\d+\r\n")


def make_old(proxy: Proxy, version: str, *, tells: bool = True) -> None:
    """From now on the server behind the proxy is of this version; without ``tells`` it does not say which."""

    def rewrites(request: bytes) -> bytes:
        request = request.replace(b"$4\r\nPXAT\r\n", b"$4\r\nWHAT\r\n")
        return request if int(version.split(".")[0]) >= 6 else request.replace(b"\r\nKEEPTTL\r\n", b"\r\nWHATTTL\r\n")

    def retells(reply: bytes) -> bytes:
        if not VERSION.search(reply) or not SIZED.match(reply):
            return reply
        if not tells:
            return b"-NOPERM this user has no permissions to run the 'info' command\r\n"
        text = reply.partition(b"\r\n")[2].removesuffix(b"\r\n")
        text = VERSION.sub(rb"\g<1>" + version.encode() + rb"\g<3>", text)
        text = re.sub(rb"(?:server_name|valkey_version|valkey_release_stage):[^\r]*\r\n", b"", text)
        return b"$%d\r\n%s\r\n" % (len(text), text)

    proxy.rewrites, proxy.retells = rewrites, retells
