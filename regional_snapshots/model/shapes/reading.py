"""How an adapter reads one feed: it keeps what fits, and counts and names what does not.

Source: the pipeline specification, section 3.6 and its deliberate differences (an entry that does not fit is dropped
and counted; it never raises, and it never takes its neighbours with it).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from regional_snapshots.model.instants import parse_date
from regional_snapshots.model.places import regions_of
from regional_snapshots.model.values import MAX_INSTANT_MS, as_text, clean, number

MOST_PLACES_NAMED = 8

Row = TypeVar("Row")
Entry = Mapping[str, Any]


class UnfitEntryError(ValueError):
    """An entry cannot be used; the text says why, for the feed report."""


class Reading:
    """What one adapter used, rejected and noted. Mutable, and private to one parse of one feed.

    ``shaped`` is False once the document turned out to have the wrong shape altogether."""

    def __init__(self) -> None:
        self.used = 0
        self.shaped = True
        self.rejected: Counter[str] = Counter()
        self.notes: list[str] = []
        self.unplaced: Counter[str] = Counter()

    def reject(self, reason: str, count: int = 1) -> None:
        self.rejected[reason] += count

    def note(self, text: str) -> None:
        self.notes.append(text)

    def record(self, payload: Any) -> Entry:
        """The payload as an object; an empty one, with a note, when it is something else."""
        if isinstance(payload, Mapping):
            return payload
        self.shaped = False
        self.note(f"the payload is {kind(payload)}, not an object: nothing used")
        return {}

    def member(self, payload: Any, name: str, wanted: type) -> Any:
        """A member of the payload, or an empty ``wanted`` (list or dict), with a note, when it is something else."""
        record = self.record(payload)
        value = record.get(name)
        if isinstance(value, wanted):
            return value
        self.shaped = False
        if record is payload:
            self.note(f"{name} is {kind(value)}, not {kind(wanted())}: nothing used")
        return wanted()

    def rows(self, payload: Any, member: str, build: Callable[[Entry], Row]) -> tuple[Row, ...]:
        """``build(entry)`` for each object in the list ``member``, in feed order; the unfit are counted."""
        rows = []
        for entry in self.member(payload, member, list):
            if not isinstance(entry, Mapping):
                self.reject("entry is not an object")
                continue
            try:
                rows.append(build(entry))
            except UnfitEntryError as unfit:
                self.reject(str(unfit))
        self.used += len(rows)
        return tuple(rows)

    def text(self, entry: Entry, field: str) -> str | None:
        """Text of a field; None when it is absent, or (counted) when it is not text at all."""
        value = entry.get(field)
        text = as_text(value)
        if text is None and value is not None:
            self.reject(f"{field} is not text: left empty")
        return text

    def regions(self, place: str) -> frozenset[str]:
        """The regions that a place's name belongs to; one that belongs to none is counted."""
        found = regions_of(place)
        if not found:
            self.unplaced[clean(place, 60) or "no place at all"] += 1
        return found

    def note_unplaced(self) -> None:
        """Note how many entries belong to no region, and the places that most of them name."""
        if self.unplaced:
            most = self.unplaced.most_common(MOST_PLACES_NAMED)
            names = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in most)
            others = ", …" if len(self.unplaced) > len(most) else ""
            self.note(f"{self.unplaced.total()} in no region: {names}{others}")

    def stated(self, entry: Entry, field: str) -> float | None:
        """A number that the entry is about, None where it is absent.

        Raises :class:`UnfitEntryError` for a value that is not a number.
        """
        value = entry.get(field)
        found = number(value)
        if found is None and value is not None:
            raise UnfitEntryError(f"{field} is not a number")
        return found

    def optional(self, entry: Entry, field: str) -> float | None:
        """A number beside others; None where it is absent, or (counted) where it is not a number."""
        value = entry.get(field)
        found = number(value)
        if found is None and value is not None:
            self.reject(f"{field} is not a number: left out")
        return found

    def number(self, entry: Entry, field: str, default: float) -> float:
        """A number that has a default; a value that is not a number is counted."""
        value = entry.get(field)
        found = number(value)
        if found is None:
            if value is not None:
                self.reject(f"{field} is not a number: {default:g} used")
            return default
        return found

    def instant(self, entry: Entry, field: str) -> int | None:
        """An instant (ms since 1970) given as number or as date; None when absent, or (counted) unreadable."""
        value = entry.get(field)
        found = number(value)
        if found is None and isinstance(value, str):
            found = parse_date(value)
        if found is not None and abs(found) <= MAX_INSTANT_MS:
            return int(found)
        if value is not None:
            self.reject(f"{field} is not an instant: left out")
        return None


def kind(value: Any) -> str:
    """What JSON calls a value, for reports."""
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "an object" if isinstance(value, Mapping) else "a value")
