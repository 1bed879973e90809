"""A batch of commands for one write: asking returns a handle, and the handle holds the reply once the batch has run.

No reply is found by counting, so a command that is put in between shifts nobody's answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis.exceptions import ResponseError

from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.link.refusals import refusal

Command = tuple[Any, ...]
Reply = Any


class Asked:
    """One command and, once its batch has run, the server's ``reply`` to it: a value, or an error as it came."""

    __slots__ = ("_replies", "command")

    def __init__(self, command: Command) -> None:
        self.command = command
        self._replies: list[Reply] = []

    @property
    def key(self) -> str:
        """The (first) key that the command names."""
        return str(key_of(self.command))

    @property
    def reply(self) -> Reply:
        """The reply as it came, an error reply too. Raises ``LookupError`` before the batch has run."""
        if not self._replies:
            raise LookupError(f"{self.command[0]} has not been sent yet")
        return self._replies[-1]

    @property
    def queued(self) -> Reply:
        """What the server said to a command of a transaction when it came by, before ``EXEC``."""
        return self._replies[0] if self._replies else None

    @property
    def value(self) -> Reply:
        """The reply, which is a value. Raises the :class:`StoreError` that an error reply means."""
        reply = self.reply
        if isinstance(reply, ResponseError | StoreError):
            raise refusal(reply, key=self.key) from reply
        return reply

    @property
    def refused(self) -> bool:
        """Whether the reply is an error."""
        return isinstance(self.reply, ResponseError | StoreError)

    def answer(self, reply: Reply) -> None:
        """For :class:`Batch`: the reply has come."""
        self._replies.append(reply)


class Transaction:
    """Commands between ``MULTI`` and ``EXEC``; the reply of each is the one that ``EXEC`` brings for it.

    Where ``MULTI`` itself was refused (``opened``), nothing was queued, and each command answered for itself.
    """

    def __init__(self) -> None:
        self.opened, self.executed = Asked(("MULTI",)), Asked(("EXEC",))
        self.commands: list[Asked] = []

    def ask(self, *command: Any) -> Asked:
        """Put a command into the transaction."""
        asked = Asked(command)
        self.commands.append(asked)
        return asked

    def __iter__(self) -> Iterator[Asked]:
        return iter((self.opened, *self.commands, self.executed))

    def settle(self) -> None:
        """For :class:`Batch`: hand out what ``EXEC`` has brought."""
        if isinstance(self.executed.reply, list):
            for asked, reply in zip(self.commands, self.executed.reply, strict=True):
                asked.answer(reply)


class Batch:
    """Commands in the order in which they are asked; all of them go out in one write."""

    def __init__(self) -> None:
        self._parts: list[Asked | Transaction] = []

    def ask(self, *command: Any) -> Asked:
        """Put a command into the batch."""
        asked = Asked(command)
        self._parts.append(asked)
        return asked

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Put a transaction into the batch: what is asked of it is executed whole, or not at all."""
        opened = Transaction()
        self._parts.append(opened)
        yield opened

    @property
    def asked(self) -> list[Asked]:
        """The handles in order, those of ``MULTI`` and ``EXEC`` among them."""
        return [asked for part in self._parts for asked in (part if isinstance(part, Transaction) else (part,))]

    @property
    def commands(self) -> list[Command]:
        """The commands in order."""
        return [asked.command for asked in self.asked]

    def fill(self, replies: Sequence[Reply]) -> None:
        """The replies have come, one for each command."""
        for asked, reply in zip(self.asked, replies, strict=True):
            asked.answer(reply)
        for part in self._parts:
            if isinstance(part, Transaction):
                part.settle()


def key_of(command: Command) -> str | bytes:
    """The (first) key that a command names; "" for one that names none."""
    return command[1] if len(command) > 1 else ""


def text(value: bytes) -> str:
    """A reply as text; bytes that are not UTF-8 keep their escapes, so that they never compare equal to an id."""
    return value.decode("utf-8", "backslashreplace")


def texts(values: Iterable[bytes | None]) -> list[str | None]:
    """Replies as text, None where there is none."""
    return [None if value is None else text(value) for value in values]
