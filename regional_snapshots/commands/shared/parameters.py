"""Kinds of arguments: a region, an instant."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable

import click

from regional_snapshots.commands.shared.instants import instant_ms
from regional_snapshots.model.regions import REGION_IDS, REGIONS, named_regions
from regional_snapshots.model.snapshot import ID_PATTERN
from regional_snapshots.model.values import UNITS_MS

LEAST_LIKENESS = 0.7
"""From 0 to 1: below it, a name that nobody meant would be proposed."""


TIMES = "2h, 'yesterday 18:00', 2026-05-28, 2026-05-28T16:00Z or milliseconds; UTC"
"""How a time may be given."""


class RegionName(click.ParamType[str]):
    """The id of a region."""

    name = "region"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id itself, or a usage error that names the nearest, or else lists the ids."""
        if value not in REGIONS:
            near = nearest_region(value)
            hint = f"did you mean {near}?" if near else f"use some of {named_regions()}"
            self.fail(f"there is no region {value!r}: {hint}", param, ctx)
        return value


class Instant(click.ParamType[int]):
    """An instant, as :func:`instant_ms` reads it."""

    name = "time"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Milliseconds since 1970."""
        if isinstance(value, int):
            return value
        instant = instant_ms(value, time.time_ns() // 1_000_000)
        if instant is None:
            self.fail(f"{value!r} is no time: use {TIMES}", param, ctx)
        return instant


class SnapshotPoint(click.ParamType[int | str]):
    """A snapshot by its id or by a time at which it was the latest."""

    name = "id or time"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """The id, or milliseconds since 1970."""
        if isinstance(value, str) and ID_PATTERN.fullmatch(value):
            return value
        return Instant().convert(value, param, ctx)


class Duration(click.ParamType[int]):
    """A length of time: ``30m``, ``2h``, ``3d``."""

    name = "duration"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Milliseconds."""
        if isinstance(value, int):
            return value
        number, unit = value[:-1], value[-1:]
        if not (number.isascii() and number.isdecimal() and unit in UNITS_MS and 0 < int(number) <= 100_000):
            self.fail(f"{value!r} is no length of time: use 30m, 2h or 3d", param, ctx)
        return int(number) * UNITS_MS[unit]


def nearest_region(text: str) -> str | None:
    """The id whose id or label has all the words of the text, or looks like it; slips of the pen are forgiven."""
    names = {_slug(name): region for region in REGION_IDS for name in (region, REGIONS[region].label)}
    vocabulary = {word for name in names for word in name.split("-")}
    words = {_nearest(word, vocabulary) or word for word in _slug(text).split("-")}
    holding = sorted((name for name in names if words <= set(name.split("-"))), key=len)
    found = holding[0] if holding else _nearest(_slug(text), names)
    return names[found] if found else None


def _slug(text: str) -> str:
    return text.strip().lower().replace("_", "-").replace(" ", "-")


def _nearest(text: str, choices: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(text, sorted(choices), n=1, cutoff=LEAST_LIKENESS)), None)
