"""What a server has executed, in order, as its append-only log says: the last word on who moved latest, and when."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from regional_snapshots_tests.support.oracle import Names
from regional_snapshots_tests.support.resp import Splitter, words

Command = tuple[str, ...]


def transactions(log: bytes) -> Iterator[list[Command]]:
    """The commands that took effect together; one that was sent by itself is a list of one."""
    inside: list[Command] | None = None
    for frame in Splitter().feed(log):
        command = tuple(word.decode(errors="replace") for word in words(frame))
        name = command[0].upper()
        if name == "MULTI":
            inside = []
        elif name == "EXEC":
            yield inside or []
            inside = None
        elif inside is None:
            yield [command]
        else:
            inside.append(command)


@dataclass
class Region:
    """One region, followed through the log."""

    names: Names
    indexed: set[str] = field(default_factory=set)
    pin: str | None = None
    pin_expired: bool = False
    pointed: str = ""
    """The newest snapshot that moved latest by its own commit."""
    moved: set[str] = field(default_factory=set)
    """Snapshots that moved latest by their own commit."""
    times: Counter[str] = field(default_factory=Counter)
    """How often each snapshot was written."""

    def follow(self, commands: list[Command]) -> Iterator[str]:
        """What is wrong with one transaction, in words."""
        sets = {command[1]: command[2] for command in commands if command[0].upper() == "SET"}
        gone = {key for command in commands if command[0].upper() in ("DEL", "UNLINK") for key in command[1:]}
        held, released = self.pin, self.names.pin in gone
        if released:
            self.pin, self.pin_expired = None, self.pin_expired or self.names.latest not in sets
        self.pin = sets.get(self.names.pin, self.pin)
        written = {key.removeprefix(self.names.payloads) for key in sets if key.startswith(self.names.payloads)}
        self.times.update(written)
        added = {command[3] for command in commands if command[0].upper() == "ZADD" and command[1] == self.names.index}
        self.indexed |= added
        if self.names.latest in sets:
            yield from self._moves(sets[self.names.latest], held, written, released=released)

    def _moves(self, to: str, held: str | None, written: set[str], *, released: bool) -> Iterator[str]:
        if to in written:
            if held is not None and self.pin is not None:
                yield f"latest moved to {to}, though it was pinned at {held}"
            if (to[:12], to) < (self.pointed[:12], self.pointed):
                yield f"latest moved back to {to} from {self.pointed}"
            self.pointed = to
            self.moved.add(to)
        elif to == self.pin:
            return
        elif released:
            if to != max(self.indexed, default=""):
                yield f"latest was unpinned to {to}, and the newest is {max(self.indexed, default='')}"
        else:
            yield f"latest moved to {to}, and neither a commit nor a pin says why"


def follow(log: bytes, names: Mapping[str, Names]) -> tuple[dict[str, Region], list[str]]:
    """Every region of ``names`` through the whole log, and what is wrong, in words."""
    regions = {region: Region(each) for region, each in names.items()}
    of_key: dict[str, str] = {}
    for region, each in names.items():
        of_key |= {each.latest: region, each.pin: region, each.index: region}
    problems = []
    for commands in transactions(log):
        touched: dict[str, list[Command]] = defaultdict(list)
        for region in {of_key[key] for command in commands for key in command[1:2] if key in of_key}:
            touched[region] = commands
        for region, done in touched.items():
            problems += [f"{region}: {problem}" for problem in regions[region].follow(done)]
    return regions, problems
