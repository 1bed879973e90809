"""Case files: whether they speak of alliances that hold or break, and whom they name. Key names say nothing.

Source: method 2, sections 3 (breaks and support) and 9 (actors).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from regional_snapshots.model.places import words_of

BREAK_WORDS = (
    "collapse", "collapses", "collapsed", "collapsing", "torn", "withdraw", "withdraws", "withdrew", "withdrawal",
    "breakdown", "rupture", "fragments", "fragmented", "fragmentation",
)  # fmt: skip
SUPPORT_WORDS = ("alliance", "alliances", "treaty", "coalition", "coordination", "pact", "accord")
IN_CAPITALS_ONLY = frozenset({"us"})
"""Words that mean an actor in capitals only: "told us" names nobody."""


@dataclass(frozen=True)
class CaseFile:
    """A case file that holds something: an object, a list or a text."""

    content: Any

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Every text among its values, as written."""
        return tuple(_texts(self.content))

    @cached_property
    def breaks(self) -> bool:
        """Whether it speaks of something that falls apart."""
        return self.names(BREAK_WORDS)

    @cached_property
    def supports(self) -> bool:
        """Whether it speaks of something that holds together, and of nothing that falls apart."""
        return not self.breaks and self.names(SUPPORT_WORDS)

    def names(self, phrases: Iterable[str]) -> bool:
        """Whether one of its values holds one of the phrases (lower case) as whole words."""
        return any(self._holds(phrase) for phrase in phrases)

    def _holds(self, phrase: str) -> bool:
        if phrase in IN_CAPITALS_ONLY:
            return phrase.upper() in self._words
        return any(f" {phrase} " in text for text in self._folded)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(word for text in self.texts for word in words_of(text))

    @cached_property
    def _folded(self) -> tuple[str, ...]:
        """Each text as its words in lower case between single spaces, with one at either end."""
        return tuple(f" {' '.join(words_of(text)).casefold()} " for text in self.texts)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)
