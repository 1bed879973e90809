"""The values that documents are made of: bounded numbers, clean texts, instants and ids, as annotated types."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from regional_snapshots.model.feeds import DATA_KEYS, ENERGY_DEPENDENCY
from regional_snapshots.model.geography import CORRIDORS, REGION_ID_LIMIT, REGION_ID_PATTERN
from regional_snapshots.model.snapshot import ID_PATTERN
from regional_snapshots.model.values import MAX_INSTANT_MS, MAX_MAGNITUDE, TEXT_LIMIT, UNWANTED

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
"""What holds of a document and of all its parts: no conversion, no other members, nothing that JSON cannot hold."""
TEXT_MARGIN = 60
"""What our own words may add to a text of a feed."""
NARRATIVE_LIMIT = 10_000


def _clean(unwanted: str) -> str:
    """Pattern of a text that cleaning leaves as it is; a space may end it where it was cut at its limit."""
    word = rf"[^\s{unwanted}]+"
    return f"^(?:{word}(?: {word})*)? ?$"


def _one_of(words: Collection[str]) -> Callable[[str], str]:
    """A check against a table that is data: a type cannot list its rows."""

    def known(value: str) -> str:
        if value not in words:
            raise ValueError(f"is not one of {', '.join(sorted(words))}")
        return value

    return known


def _three_decimals(value: float) -> float:
    if round(value, 3) != value:
        raise ValueError("has more than 3 decimals")
    return value


Text: TypeAlias = Annotated[
    str, StringConstraints(max_length=TEXT_LIMIT + TEXT_MARGIN, pattern=_clean(f"<>{UNWANTED}"))
]
RawText: TypeAlias = Annotated[str, StringConstraints(max_length=TEXT_LIMIT + TEXT_MARGIN, pattern=_clean(UNWANTED))]
"""A clean text that may hold mark-up brackets: an id as its producer wrote it."""
LongText: TypeAlias = Annotated[str, StringConstraints(max_length=NARRATIVE_LIMIT, pattern=_clean(f"<>{UNWANTED}"))]

Number: TypeAlias = Annotated[float, Field(ge=-MAX_MAGNITUDE, le=MAX_MAGNITUDE)]
Decimal3: TypeAlias = Annotated[Number, AfterValidator(_three_decimals)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Unit: TypeAlias = Annotated[Share, AfterValidator(_three_decimals)]
"""A score: 0 to 1, three decimals."""
SignedUnit: TypeAlias = Annotated[float, Field(ge=-1, le=1), AfterValidator(_three_decimals)]
Count: TypeAlias = Annotated[int, Field(ge=0, le=MAX_INSTANT_MS)]
Instant: TypeAlias = Count
"""Milliseconds since 1970, below 2^53."""
AnyInstant: TypeAlias = Annotated[int, Field(ge=-MAX_INSTANT_MS, le=MAX_INSTANT_MS)]
"""An instant that a feed states: it may lie before 1970."""

Semver: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
MethodName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)*$")]
SnapshotId: TypeAlias = Annotated[str, StringConstraints(pattern=f"^{ID_PATTERN.pattern}$")]
NoOrSnapshotId: TypeAlias = Annotated[str, StringConstraints(pattern=f"^({ID_PATTERN.pattern})?$")]
NoOrDigest: TypeAlias = Annotated[str, StringConstraints(pattern="^([0-9a-f]{64})?$")]
RegionId: TypeAlias = Annotated[
    str, StringConstraints(pattern=f"^{REGION_ID_PATTERN.pattern}$", max_length=REGION_ID_LIMIT)
]
CorridorId: TypeAlias = Annotated[str, AfterValidator(_one_of({corridor.id for corridor in CORRIDORS}))]
FeedKey: TypeAlias = Annotated[str, AfterValidator(_one_of(frozenset((*DATA_KEYS, ENERGY_DEPENDENCY.key))))]

Ids: TypeAlias = list[Text]
FeedKeys: TypeAlias = Annotated[list[FeedKey], Field(max_length=len(DATA_KEYS))]
