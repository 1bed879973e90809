"""A batch of commands for one write: asking returns a handle, and the handle holds the reply once the batch has run.

No reply is found by counting, so a command that is put in between shifts nobody's answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from redis.exceptions import ResponseError

from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.link.refusals import refusal

Command = tuple[Any, ...]
Reply = Any
ERRORS = (ResponseError, StoreError)
"""What stands in the place of a reply where there is none: the server's refusal, or why it was not heard."""


class Asked:
    """One command of a batch and, once that has run, the server's ``reply``: a value, or an error as it came.

    It knows the list into which the replies come, and not its batch: a batch that is done with is then freed at once.
    """

    __slots__ = ("_place", "_replies", "command")

    def __init__(self, command: Command, replies: list[Reply], place: int) -> None:
        self.command, self._replies, self._place = command, replies, place

    @property
    def key(self) -> str:
        """The (first) key that the command names."""
        return str(key_of(self.command))

    @property
    def reply(self) -> Reply:
        """The reply as it came, an error reply too. Raises ``LookupError`` before the batch has run."""
        if not self._replies:
            raise LookupError(f"{self.command[0]} has not been sent yet")
        return self._replies[self._place]

    @property
    def refused(self) -> bool:
        """Whether the reply is an error."""
        return isinstance(self.reply, ERRORS)

    @property
    def value(self) -> Reply:
        """The reply, which is a value. Raises the :class:`StoreError` that an error reply means."""
        reply = self.reply
        if isinstance(reply, ERRORS):
            raise refusal(reply, key=self.key) from reply
        return reply


class Queued(Asked):
    """One command of a transaction; its reply is the one that ``EXEC`` brings for it.

    ``queued`` is what the server said when it came by. Where nothing was executed, that is its reply.
    """

    __slots__ = ("_executed", "_order")

    def __init__(self, command: Command, replies: list[Reply], place: int, executed: list[Reply], order: int) -> None:
        super().__init__(command, replies, place)
        self._executed, self._order = executed, order

    @property
    def queued(self) -> Reply:
        """The reply before ``EXEC``."""
        return super().reply

    @property
    def reply(self) -> Reply:
        """See :class:`Asked`."""
        return self._executed[self._order] if self._executed else super().reply


class Batch:
    """Commands in the order in which they are asked; all of them go out in one write.

    ``clean``: the server has answered, and refused none of them.
    """

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.asked: list[Asked] = []
        self.clean = False
        self._optional: set[int] = set()
        self._replies: list[Reply] = []
        self._transactions: list[Transaction] = []

    def ask(self, *command: Any, optional: bool = False) -> Asked:
        """Put a command into the batch. One that is ``optional`` may be refused; see :meth:`check`."""
        asked = Asked(command, self._replies, len(self.commands))
        if optional:
            self._optional.add(len(self.commands))
        self.commands.append(command)
        self.asked.append(asked)
        return asked

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Put a transaction into the batch: what is asked of it is executed whole, or not at all."""
        opened = Transaction(self.ask("MULTI"), self.commands, self.asked, self._replies)
        yield opened
        opened.executed = self.ask("EXEC")
        self._transactions.append(opened)

    def fill(self, replies: Sequence[Reply], *, clean: bool = False) -> None:
        """The replies have come, one for each command; ``clean``: there is no error anywhere among them."""
        if len(replies) != len(self.commands):
            raise ValueError(f"{len(replies)} replies to {len(self.commands)} commands")
        self._replies[:], self.clean = replies, clean
        for transaction in self._transactions:
            transaction.settle()

    def check(self, region: str = "") -> None:
        """Raise the :class:`StoreError` of the first command that was refused, unless it is optional."""
        for place, asked in () if self.clean else enumerate(self.asked):
            if asked.refused and place not in self._optional:
                raise refusal(asked.reply, region=region, key=asked.key) from asked.reply


class Transaction:
    """Commands between ``MULTI`` and ``EXEC``; see :meth:`Batch.transaction`.

    Where ``MULTI`` itself was refused (``opened``), nothing was queued, and each command answered for itself.
    """

    def __init__(self, opened: Asked, commands: list[Command], asked: list[Asked], replies: list[Reply]) -> None:
        self.opened = opened
        self.commands: list[Queued] = []
        self.executed: Asked
        self._commands, self._asked, self._replies = commands, asked, replies
        self._results: list[Reply] = []

    def ask(self, *command: Any) -> Queued:
        """Put a command into the transaction."""
        asked = Queued(command, self._replies, len(self._commands), self._results, len(self.commands))
        self.commands.append(asked)
        self._commands.append(command)
        self._asked.append(asked)
        return asked

    def settle(self) -> None:
        """For :class:`Batch`: hand out what ``EXEC`` has brought."""
        executed = self.executed.reply
        if isinstance(executed, list):
            self._results[:] = executed


def key_of(command: Command) -> str | bytes:
    """The (first) key that a command names; "" for one that names none."""
    return command[1] if len(command) > 1 else ""


def text(value: bytes) -> str:
    """A reply as text; bytes that are not UTF-8 keep their escapes, so that they never compare equal to an id."""
    return value.decode("utf-8", "backslashreplace")


def texts(values: Iterable[bytes | None]) -> list[str | None]:
    """Replies as text, None where there is none."""
    return [None if value is None else text(value) for value in values]


def pairs(reply: Mapping[bytes, bytes] | Iterable[bytes]) -> dict[bytes, bytes]:
    """The reply of ``HGETALL``, or the fields of a stream's entry: a map, or a flat list of names and values."""
    if isinstance(reply, Mapping):
        return dict(reply)
    flat = list(reply)
    return dict(zip(flat[::2], flat[1::2], strict=True))


def milliseconds(reply: Reply) -> int:
    """The reply of ``TIME`` as milliseconds since 1970."""
    seconds, microseconds = reply
    return int(seconds) * 1000 + int(microseconds) // 1000
