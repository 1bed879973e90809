"""What kind of server is at the other end: its name and version, and what it therefore lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from redis.exceptions import ResponseError

from regional_snapshots.store.errors import ConfigurationError
from regional_snapshots.store.link.batch import Command

OLDEST = (5, 0)
"""Of this version on there are streams, which events need."""
PXAT_SINCE = (6, 2)
"""Of this version on ``SET`` takes an expiry as an instant."""


@dataclass(frozen=True)
class Server:
    """A server as ``INFO server`` describes it; ``version`` is that of the Redis it is compatible with.

    A user who may not ask learns nothing: then the server counts as one that can do little.
    """

    name: str = "the server"
    version: tuple[int, ...] = ()

    @classmethod
    def of(cls, info: object) -> Server:
        """From the reply to ``INFO server``, which may be an error. Raises :class:`ConfigurationError` if too old."""
        told = field(info, "redis_version")
        try:
            version = tuple(int(part) for part in told.split("."))
        except ValueError:
            return cls()
        server = cls(field(info, "server_name") or "redis", version)
        if version < OLDEST:
            needed = ".".join(map(str, OLDEST))
            problem = f"the server is {server.name} {told}: it has no streams, {needed} is the oldest that can be used"
            raise ConfigurationError(problem, next_step="upgrade the server, or name another one")
        return server

    @property
    def sets_instants(self) -> bool:
        """Whether ``SET`` takes the instant of its expiry (``PXAT``)."""
        return self.version >= PXAT_SINCE

    def understood(self, commands: Iterable[Command]) -> list[Command]:
        """The same commands as this server understands them: an instant of expiry in a command of its own."""
        return [part for command in commands for part in ([command] if self.sets_instants else _apart(command))]


def has_instant(command: Command) -> bool:
    """Whether it sets a value together with the instant of its expiry."""
    return command[0] == "SET" and "PXAT" in command[3:]


def _apart(command: Command) -> list[Command]:
    if not has_instant(command):
        return [command]
    at = command.index("PXAT", 3)
    return [(*command[:at], *command[at + 2 :]), ("PEXPIREAT", command[1], command[at + 1])]


def field(info: object, name: str) -> str:
    """A field of an INFO reply, "" when the reply is an error or has no such field."""
    if isinstance(info, ResponseError) or not isinstance(info, bytes):
        return ""
    for line in info.decode(errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return line.split(":", 1)[1].strip()
    return ""
