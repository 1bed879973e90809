"""Names in a text: the longest is found first, as whole words, and what it took is no part of another.

Source: method 2, section 2.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

from regional_snapshots.model.places.gazetteer import IN_CAPITALS_ONLY, entries

Words = tuple[str, ...]

_ABBREVIATION = re.compile(r"(?<!\w)(?:[^\W\d_]\.)+(?:[^\W\d_](?!\w))?")
_WORD = re.compile(r"[^\W_]+")
_REMOVED = ("Mn", "Cf")
"""Unicode categories that no word holds: accents, and what has no width (soft hyphens, joiners, directions)."""


class _Match(NamedTuple):
    """A name found in a text: it takes the words from ``start`` up to ``end``. ``length`` is its own, in characters."""

    length: int
    start: int
    end: int
    regions: frozenset[str]


@lru_cache(maxsize=8192)
def regions_of(text: str) -> frozenset[str]:
    """The ids of all regions that a free text names; empty when it names no place that has one."""
    words = words_of(text)
    taken: set[int] = set()
    regions: set[str] = set()
    for match in sorted(_matches(words), key=lambda match: (-match.length, match.start)):
        span = range(match.start, match.end)
        if taken.isdisjoint(span):
            taken.update(span)
            regions |= match.regions
    return frozenset(regions)


def _matches(words: Words) -> list[_Match]:
    """All names that the words hold, those inside others too."""
    names, longest = _names(), _longest()
    folded = tuple(word.casefold() for word in words)
    found = []
    for start, first in enumerate(folded):
        for end in range(start + 1, min(start + longest.get(first, 0), len(words)) + 1):
            name = folded[start:end]
            if name in names and not (name in _in_capitals() and not words[start].isupper()):
                found.append(_Match(len(" ".join(name)), start, end, names[name]))
    return found


def words_of(text: str) -> Words:
    """The words of a text, without accents, in the case in which they are written. "U.S." is the word "US"."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) not in _REMOVED)
    return tuple(_WORD.findall(_ABBREVIATION.sub(lambda match: match[0].replace(".", "") + " ", plain)))


def _folded(name: str) -> Words:
    return tuple(word.casefold() for word in words_of(name))


@cache
def _names() -> dict[Words, frozenset[str]]:
    """Every name, folded, with its regions. A country without a region has none; a saint is found shortened too."""
    names: dict[Words, frozenset[str]] = {}
    for name, regions in entries():
        folded = _folded(name)
        for form in {folded, tuple("st" if word == "saint" else word for word in folded)}:
            names[form] = names.get(form, frozenset()) | frozenset(regions)
    return names


@cache
def _longest() -> dict[str, int]:
    """First word of a name -> most words of a name that begins with it, so that most words are looked at once."""
    longest: dict[str, int] = {}
    for name in _names():
        longest[name[0]] = max(longest.get(name[0], 0), len(name))
    return longest


@cache
def _in_capitals() -> frozenset[Words]:
    return frozenset(_folded(name) for name in IN_CAPITALS_ONLY)
