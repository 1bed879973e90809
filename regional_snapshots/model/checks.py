"""The vocabulary of the schema: checks that say what is wrong with a JSON value, one line for each problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from regional_snapshots.model.values import MAX_INSTANT_MS, MAX_MAGNITUDE, TEXT_LIMIT, clean

Check = Callable[[Any, str], Iterator[str]]
"""Given a value and its path, yields what is wrong with it."""


def text(limit: int = TEXT_LIMIT + 60, *, brackets: bool = False) -> Check:
    """A cleaned text of at most ``limit`` characters."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{path}: not a text"
        elif len(value) > limit:
            yield f"{path}: {len(value)} characters, more than {limit}"
        elif clean(value, limit, keep_brackets=brackets) != value.rstrip(" "):
            yield f"{path}: holds characters that are not to be stored"

    return check


def one_of(*words: str) -> Check:
    """One of a few texts."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str) or value not in words:
            yield f"{path}: {value!r:.40} is not one of {', '.join(repr(word) for word in words)}"

    return check


def matching(pattern: re.Pattern[str]) -> Check:
    """A text of a certain form."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            yield f"{path}: {value!r:.40} has not the form {pattern.pattern}"

    return check


def number(low: float = -MAX_MAGNITUDE, high: float = MAX_MAGNITUDE, decimals: int | None = None) -> Check:
    """A number between two bounds, with at most so many decimals."""

    def check(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            yield f"{path}: {value!r:.40} is not a number from {low:g} to {high:g}"
        elif decimals is not None and round(value, decimals) != value:
            yield f"{path}: {value!r} has more than {decimals} decimals"

    return check


def whole(low: int = -MAX_INSTANT_MS, high: int = MAX_INSTANT_MS) -> Check:
    """A whole number between two bounds."""

    def check(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            yield f"{path}: {value!r:.40} is not a whole number from {low} to {high}"

    return check


def boolean(value: Any, path: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield f"{path}: not true or false"


def list_of(item: Check, most: int | None = None, exactly: int | None = None) -> Check:
    """A list whose items pass a check, with a cap or an exact length."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{path}: not a list"
            return
        if most is not None and len(value) > most:
            yield f"{path}: {len(value)} items, more than {most}"
        if exactly is not None and len(value) != exactly:
            yield f"{path}: {len(value)} items, not {exactly}"
        for index, entry in enumerate(value):
            yield from item(entry, f"{path}[{index}]")

    return check


def record(**members: Check) -> Check:
    """An object with exactly these members."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: not an object"
            return
        for name in value:
            if name not in members:
                yield f"{path}.{name:.40}: unexpected"
        for name, member in members.items():
            if name in value:
                yield from member(value[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}: missing"

    return check
