"""The terms on which a region's snapshots are written: kept beside them, looked at by everyone who writes.

Writers that cut time into other buckets would each own one, and in another key layout they would not meet at all: both
are refused, and so is a store of a newer version. How long snapshots are kept, the method and the table of regions
may change; then the first commit says so, and writes them down.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from regional_snapshots.model.values import DAY_MS, MINUTE_MS
from regional_snapshots.store.errors import NewerFormatError, OtherTermsError
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.link.connections import Connections

FORMAT = 1
"""Of everything below a region's keys. A version that writes what this one would misread has a higher one."""


@dataclass(frozen=True)
class Terms:
    """What writers have to agree on. ``method`` and ``regions`` (a digest of their table) may be unknown: ""."""

    layout: str
    bucket_ms: int
    retention_ms: int
    method: str = ""
    regions: str = ""
    format: int = FORMAT

    def encode(self) -> str:
        """As it is stored, JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    def words(self) -> dict[str, str]:
        """What each term that is known is, as a person reads it."""
        known = ((term, getattr(self, name)) for name, term in TERMS.items())
        return {term.what: term.said(value) for term, value in known if value != ""}

    @classmethod
    def decode(cls, stored: str | bytes | None) -> Terms | None:
        """The terms that are stored; None where there are none, or none that can be read."""
        try:
            held: Mapping[str, Any] = json.loads(stored or b"")
            if int(held["format"]) > FORMAT:  # of the rest, a newer version may have made anything
                return cls("", 0, 0, format=int(held["format"]))
            read: dict[str, Any] = {
                each.name: (int if each.type == "int" else str)(held[each.name]) for each in fields(cls)
            }
            return cls(**read)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None


@dataclass(frozen=True)
class Renewal:
    """What the next writer writes down ("" where nothing changes), and what it says of that."""

    text: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """One of the terms: what it is, how its value is said, and its setting if no writer may have it otherwise."""

    what: str
    said: Callable[[Any], str] = str
    setting: str = ""


TERMS: Mapping[str, Term] = {
    "layout": Term("key layout", setting="REGIONAL_SNAPSHOTS_KEY_LAYOUT"),
    "bucket_ms": Term("bucket in minutes", lambda ms: f"{ms / MINUTE_MS:g}", "REGIONAL_SNAPSHOTS_BUCKET_MINUTES"),
    "retention_ms": Term("retention in days", lambda ms: f"{ms / DAY_MS:g}"),
    "method": Term("method"),
    "regions": Term("table of regions"),
    "format": Term("format"),
}


def differences(mine: Terms, held: Terms) -> tuple[str, ...]:
    """What differs, in words. What either does not know does not."""
    compared = TERMS if held.format <= mine.format else {"format": TERMS["format"]}
    pairs = ((term, getattr(held, name), getattr(mine, name)) for name, term in compared.items())
    return tuple(
        f"{term.what} {term.said(theirs)} so far, {term.said(ours)} here"
        for term, theirs, ours in pairs
        if "" not in (theirs, ours) and theirs != ours
    )


def renewed(mine: Terms, stored: str | bytes | None, keys: RegionKeys) -> Renewal:
    """What a writer with these terms does with those that are stored.

    Raises :class:`NewerFormatError` and :class:`OtherTermsError`, before anything is written.
    """
    held = Terms.decode(stored)
    if held is None:
        return Renewal(mine.encode())
    _refuse_newer(held, mine, keys)
    for name, term in TERMS.items():
        theirs, ours = getattr(held, name), getattr(mine, name)
        if term.setting and theirs != ours:
            raise OtherTermsError(
                f"the {term.what} of this store is {term.said(theirs)}, and this writer has {term.said(ours)}",
                region=keys.region, key=keys.terms,
                next_step=f"set {term.setting}={term.said(theirs)}, "
                "or, to change the store, stop its writers and run `regional-snapshots terms --change`",
            )  # fmt: skip
    now = replace(mine, method=mine.method or held.method, regions=mine.regions or held.regions)
    return Renewal() if now == held else Renewal(now.encode(), differences(now, held))


def _refuse_newer(held: Terms | None, mine: Terms, keys: RegionKeys) -> None:
    if held and held.format > mine.format:
        problem = f"a newer version writes this store (format {held.format}, and this one knows {mine.format})"
        raise NewerFormatError(problem, region=keys.region, key=keys.terms)


async def stored_terms(connections: Connections, layout: KeyLayout, regions: Sequence[str]) -> dict[str, Terms | None]:
    """The terms of each region; None where there are none that can be read. One round trip."""
    keys = [RegionKeys(region, layout) for region in regions]
    held = await connections.ask([("GET", each.terms) for each in keys])
    return {each.region: Terms.decode(value) for each, value in zip(keys, held, strict=True)}


async def change_terms(connections: Connections, layout: KeyLayout, mine: Terms, regions: Sequence[str]) -> None:
    """Put these terms in the place of what is stored. Nothing else is touched: what was written on other terms stays.

    Raises :class:`NewerFormatError`, and then nothing has changed.
    """
    for region, held in (await stored_terms(connections, layout, regions)).items():
        _refuse_newer(held, mine, RegionKeys(region, layout))
    await connections.ask([("SET", RegionKeys(region, layout).terms, mine.encode()) for region in regions])
