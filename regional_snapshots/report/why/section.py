"""The shape of an answer to *why*: sections of facts, short first (``facts``), everything on request (``more``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LARGEST = 3
"""Of contributions, steps and actors, so many are told first."""


@dataclass(frozen=True)
class Fact:
    """One statement, and what it rests on."""

    says: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A part of the answer: ``facts`` first, ``more`` on request."""

    title: str
    facts: tuple[Fact, ...]
    more: tuple[Fact, ...] = ()


def lines(sections: Sequence[Section], *, full: bool) -> Iterator[tuple[int, str]]:
    """``(depth, text)``: titles at 0, facts at 1, what they rest on at 2. ``full`` tells all of it."""
    for section in sections:
        facts = section.facts + (section.more if full else ())
        if facts:
            yield 0, section.title
        for fact in facts:
            yield 1, fact.says
            yield from ((2, reason) for reason in fact.because)
