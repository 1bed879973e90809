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
ERRORS = (ResponseError, StoreError)
"""What stands in the place of a reply where there is none: the server's refusal, or why it was not heard."""


_PENDING: Reply = object()


class Asked:
    """One command and, once its batch has run, the server's ``reply`` to it: a value, or an error as it came.

    ``queued``, of a command of a transaction: what the server said when it came by, before ``EXEC``.
    """

    __slots__ = ("_reply", "command", "optional", "queued")

    def __init__(self, command: Command, *, optional: bool = False) -> None:
        self.command, self.optional = command, optional
        self._reply: Reply = _PENDING
        self.queued: Reply = None

    @property
    def key(self) -> str:
        """The (first) key that the command names."""
        return str(key_of(self.command))

    @property
    def reply(self) -> Reply:
        """The reply as it came, an error reply too. Raises ``LookupError`` before the batch has run."""
        if self._reply is _PENDING:
            raise LookupError(f"{self.command[0]} has not been sent yet")
        return self._reply

    @property
    def refused(self) -> bool:
        """Whether the reply is an error."""
        return isinstance(self.reply, ERRORS)

    @property
    def value(self) -> Reply:
        """The reply, which is a value. Raises the :class:`StoreError` that an error reply means."""
        if self.refused:
            raise refusal(self.reply, key=self.key) from self.reply
        return self._reply

    def answer(self, reply: Reply) -> None:
        """For :class:`Batch`: the reply has come."""
        self._reply = reply


class Transaction:
    """Commands between ``MULTI`` and ``EXEC``; the reply of each is the one that ``EXEC`` brings for it.

    Where ``MULTI`` itself was refused (``opened``), nothing was queued, and each command answered for itself.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self.opened = batch.ask("MULTI")
        self.commands: list[Asked] = []
        self.executed: Asked

    def ask(self, *command: Any) -> Asked:
        """Put a command into the transaction."""
        asked = self._batch.ask(*command)
        self.commands.append(asked)
        return asked

    def settle(self) -> None:
        """For :class:`Batch`: hand out what ``EXEC`` has brought."""
        for asked in self.commands:
            asked.queued = asked.reply
        if isinstance(self.executed.reply, list):
            for asked, reply in zip(self.commands, self.executed.reply, strict=True):
                asked.answer(reply)


class Batch:
    """Commands in the order in which they are asked; all of them go out in one write.

    ``clean``: the server has answered, and refused none of them.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.clean = False
        self._transactions: list[Transaction] = []

    @property
    def commands(self) -> list[Command]:
        """The commands in order."""
        return [asked.command for asked in self.asked]

    def ask(self, *command: Any, optional: bool = False) -> Asked:
        """Put a command into the batch. One that is ``optional`` may be refused; see :meth:`check`."""
        asked = Asked(command, optional=optional)
        self.asked.append(asked)
        return asked

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Put a transaction into the batch: what is asked of it is executed whole, or not at all."""
        opened = Transaction(self)
        yield opened
        opened.executed = self.ask("EXEC")
        self._transactions.append(opened)

    def fill(self, replies: Sequence[Reply], *, clean: bool = False) -> None:
        """The replies have come, one for each command; ``clean``: there is no error anywhere among them."""
        self.clean = clean
        for asked, reply in zip(self.asked, replies, strict=True):
            asked.answer(reply)
        for transaction in self._transactions:
            transaction.settle()

    def check(self, region: str = "") -> None:
        """Raise the :class:`StoreError` of the first command that was refused, unless it is optional."""
        for asked in () if self.clean else self.asked:
            if asked.refused and not asked.optional:
                raise refusal(asked.reply, region=region, key=asked.key) from asked.reply


def key_of(command: Command) -> str | bytes:
    """The (first) key that a command names; "" for one that names none."""
    return command[1] if len(command) > 1 else ""


def text(value: bytes) -> str:
    """A reply as text; bytes that are not UTF-8 keep their escapes, so that they never compare equal to an id."""
    return value.decode("utf-8", "backslashreplace")


def texts(values: Iterable[bytes | None]) -> list[str | None]:
    """Replies as text, None where there is none."""
    return [None if value is None else text(value) for value in values]
