"""A table of regions, read from a CSV file and checked: one row a region, in the order that is used everywhere.

Words are separated by semicolons, countries and corridors by blanks; a theater names its corridors after a colon.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from regional_snapshots.model.countries import ISO2_OF, REGION_OF
from regional_snapshots.model.geography.region import (
    CORRIDORS,
    REGION_ID_LIMIT,
    REGION_ID_PATTERN,
    Region,
    Theater,
)
from regional_snapshots.model.values import clean

PACKAGED = Path(__file__).with_name("regions.csv")
"""The table that is used where no other is named."""

NEEDED = ("id", "label", "forecast_label", "key_countries")
COLUMNS = (*NEEDED, "short", "theaters", "signal_aliases", "countries", "places")
"""The columns, in any order; those that are not needed may be missing."""

MOST_CHARACTERS = 80
"""Of a label, and of a word."""

_COUNTRIES = frozenset(ISO2_OF.values()) | frozenset(REGION_OF)
_CORRIDORS = frozenset(corridor.id for corridor in CORRIDORS)

Row = Mapping[str, str]
Value = TypeVar("Value")


class RegionsFileError(ValueError):
    """A table of regions that cannot be used; the text names the file, the row, the column, and what to write there."""


class _ColumnError(Exception):
    """What is wrong with the value of a column."""


def read_regions(file: Path) -> dict[str, Region]:
    """The regions by id, in the order of the file. Raises :class:`RegionsFileError` at the first thing that is wrong.

    A region without ``countries`` has those that ``countries.csv`` gives it, else its key countries; the world none.
    """
    regions: dict[str, Region] = {}
    homes: dict[str, list[str]] = {}
    for iso2, home in REGION_OF.items():
        homes.setdefault(home, []).append(iso2)
    for place, row in _rows(file):
        where = f"{file}, row {place}"
        if row["id"]:
            where += f" ({clean(row['id'], REGION_ID_LIMIT)})"
        region = _region(row, where, homes)
        if region.id in regions:
            raise RegionsFileError(f"{where}, column id: is the id of a row before: give each region its own")
        regions[region.id] = region
    if not regions:
        raise RegionsFileError(f"{file}: has no row: write one for each region")
    if all(region.is_world for region in regions.values()):
        raise RegionsFileError(f"{file}, row 2, column forecast_label: is empty in every row: only the world has none")
    return regions


def _rows(file: Path) -> Iterable[tuple[int, Row]]:
    """Each row with its number, counted as a spreadsheet does: the header is row 1. Empty ones are passed over."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(file, header)
            for place, values in enumerate(reader, 2):
                cells = [value.strip() for value in values]
                if not any(cells):
                    continue
                if len(cells) != len(header):
                    column = header[min(len(cells), len(header) - 1)]
                    raise RegionsFileError(
                        f"{file}, row {place}, column {column}: the row has {len(cells)} values and the header"
                        f" {len(header)}: write as many, and put one that holds a comma into quotes"
                    )
                yield place, {**dict.fromkeys(COLUMNS, ""), **dict(zip(header, cells, strict=True))}
    except OSError as error:
        raise RegionsFileError(f"{file}: cannot be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError:
        raise RegionsFileError(f"{file}: is not UTF-8: save it as UTF-8") from None
    except csv.Error as error:
        raise RegionsFileError(f"{file}, row {reader.line_num}: is no CSV: {error}") from None


def _check_header(file: Path, header: list[str]) -> None:
    for column in header:
        if column not in COLUMNS:
            raise RegionsFileError(
                f"{file}, row 1, column {clean(column) or 'without a name'}: is unknown: use {', '.join(COLUMNS)}"
            )
        if header.count(column) > 1:
            raise RegionsFileError(f"{file}, row 1, column {column}: comes twice: write it once")
    for column in NEEDED:
        if column not in header:
            raise RegionsFileError(f"{file}, row 1, column {column}: is missing: begin with a header that names it")


def _region(row: Row, where: str, homes: Mapping[str, list[str]]) -> Region:
    def cell(column: str, reading: Callable[[str], Value]) -> Value:
        try:
            return reading(row[column])
        except _ColumnError as error:
            raise RegionsFileError(f"{where}, column {column}: {error}") from None

    identity, label = cell("id", _identity), cell("label", _label)
    forecast_label, key_countries = cell("forecast_label", _word), cell("key_countries", _key_countries)
    own = cell("countries", _country_codes) or homes.get(identity) or key_countries
    return Region(
        id=identity,
        label=label,
        short=cell("short", _word) or label,
        forecast_label=forecast_label,
        theaters=cell("theaters", _theaters),
        signal_aliases=cell("signal_aliases", _words),
        key_countries=key_countries,
        countries=tuple(sorted(own)) if forecast_label else (),
        places=cell("places", _words),
    )


def _identity(text: str) -> str:
    if not REGION_ID_PATTERN.fullmatch(text) or len(text) > REGION_ID_LIMIT:
        raise _ColumnError(
            f"{clean(text, MOST_CHARACTERS)!r} is no id: use up to {REGION_ID_LIMIT} lower-case letters and digits,"
            " hyphens between words, a letter first"
        )
    return text


def _label(text: str) -> str:
    if not text:
        raise _ColumnError("is empty: write the name of the region")
    return _word(text)


def _word(text: str) -> str:
    if len(text) > MOST_CHARACTERS or clean(text, MOST_CHARACTERS) != text:
        shown = clean(text, 20)
        raise _ColumnError(f"{shown!r}… is no word: use up to {MOST_CHARACTERS} characters, no brackets or controls")
    return text


def _words(text: str) -> tuple[str, ...]:
    return _once(_word(word.strip()) for word in text.split(";") if word.strip())


def _theaters(text: str) -> tuple[Theater, ...]:
    theaters = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, _, claimed = part.partition(":")
        corridors = _once(claimed.split())
        unknown = [corridor for corridor in corridors if corridor not in _CORRIDORS]
        if unknown:
            raise _ColumnError(
                f"{clean(unknown[0], 40)!r} is no corridor: use some of {', '.join(each.id for each in CORRIDORS)}"
            )
        theaters.append(Theater(_identity(name.strip()), corridors))
    _once(theater.id for theater in theaters)
    return tuple(theaters)


def _country_codes(text: str) -> tuple[str, ...]:
    codes = _once(text.split())
    unknown = [code for code in codes if code not in _COUNTRIES]
    if unknown:
        raise _ColumnError(f"{clean(unknown[0], 20)!r} is no country: use ISO 3166 alpha-2 codes, such as SE NO FI")
    return codes


def _key_countries(text: str) -> tuple[str, ...]:
    if not text:
        raise _ColumnError("is empty: name at least one country (ISO 3166 alpha-2)")
    return _country_codes(text)


def _once(values: Iterable[str]) -> tuple[str, ...]:
    """The values. Raises :class:`_ColumnError` for one that comes twice."""
    found: dict[str, None] = {}
    for value in values:
        if value in found:
            raise _ColumnError(f"{clean(value, 40)!r} comes twice: write it once")
        found[value] = None
    return tuple(found)
