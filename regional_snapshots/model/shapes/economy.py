"""Feeds about money and energy: macro verdict, debt, stress index, energy mix, gas storage, oil reserve.

Source: the pipeline specification, section 3.4 (keys 7 to 12), 3.5 and 3.6 (what producers really publish);
energy dependency: the facts of the live system, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.instants import is_finite_number
from regional_snapshots.model.shapes.reading import Entry, Reading, UnfitEntryError
from regional_snapshots.model.values import clean, number

SOURCES = ("worldbank", "eurostat")
"""Whose observations of a country's energy imports count."""


@dataclass(frozen=True, slots=True)
class Debt:
    """Public debt of a country (ISO alpha-3) in percent of its product, or None."""

    iso3: str
    debt_to_gdp: float | None


@dataclass(frozen=True, slots=True)
class Stress:
    """Index of financial stress, 0 to 100 or None, and its own word for that."""

    score: float | None
    label: str


@dataclass(frozen=True, slots=True)
class GasStorage:
    """Fill of gas storage in percent, or None. ``month_without_fill``: the last month is listed, but states none."""

    fill: float | None
    month_without_fill: bool = False


def macro_verdict(payload: Any, reading: Reading) -> str | None:
    """Key 7: ``verdict`` in upper case, as it is otherwise; None when there is none."""
    record = reading.record(payload)
    verdict = reading.text(record, "verdict")
    reading.used = int(verdict is not None)
    return None if verdict is None else verdict.upper()


def debts(payload: Any, reading: Reading) -> tuple[Debt, ...]:
    """Key 8: ``entries[]`` with iso3 and debtToGdp."""

    def build(entry: Entry) -> Debt:
        iso3 = reading.text(entry, "iso3")
        if not iso3:
            raise UnfitEntryError("iso3 is missing")
        return Debt(iso3, reading.stated(entry, "debtToGdp"))

    return reading.rows(payload, "entries", build)


def stress(payload: Any, reading: Reading) -> Stress:
    """Key 9: ``compositeScore`` and ``label``."""
    record = reading.record(payload)
    reading.used = int(number(record.get("compositeScore")) is not None)
    return Stress(reading.optional(record, "compositeScore"), clean(reading.text(record, "label"), 60))


def energy_mix(payload: Any, reading: Reading) -> dict[str, float | None]:
    """Key 10: ``{ISO alpha-2: {importShare}}``: share in percent, None for a country listed without one."""
    shares: dict[str, float | None] = {}
    absent = 0
    for country, entry in reading.record(payload).items():
        shares[country] = None
        if len(country) != 2:
            continue  # a time or envelope field beside the countries
        if not isinstance(entry, Mapping):
            reading.reject("entry is not an object")
        elif entry.get("importShare") is None:
            absent += 1
        else:
            shares[country] = number(entry["importShare"])
            if shares[country] is None:
                reading.reject("importShare is not a number")
            else:
                reading.used += 1
    if absent:
        reading.note(f"importShare is null for {absent} {'country' if absent == 1 else 'countries'}: left out")
    return shares


def energy_dependency(payload: Any, reading: Reading) -> dict[str, float | None]:
    """Key 10 as the live system has it: the net energy imports of the countries in percent, negative for exporters.

    ``countries`` lists ISO alpha-2 codes, ``members`` holds the document of each: ``iea.energyImportDependency``, else
    ``energyImportDependency``: ``{value, year, source}``. Countries without an observation are left out.
    """
    members = reading.record(payload).get("members")
    observed: dict[str, float | None] = {}
    unfit = 0
    for country, document in (members if isinstance(members, Mapping) else {}).items():
        if not isinstance(document, Mapping):
            continue
        agency = document.get("iea")
        stated = [part.get("energyImportDependency") for part in (agency, document) if isinstance(part, Mapping)]
        values = [value for entry in stated if (value := _observation(entry)) is not None]
        if values:
            observed[country] = values[0]
        elif any(entry is not None for entry in stated):
            unfit += 1
    reading.used = len(observed)
    if unfit:
        reading.reject("energyImportDependency is no observation (value, year, source)", unfit)
    return observed


def _observation(entry: Any) -> float | None:
    """The value of an observation; None for what is none: each of its three members has to be right."""
    if not isinstance(entry, Mapping):
        return None
    value, year = entry.get("value"), entry.get("year")
    dated = isinstance(year, (int, float)) and not isinstance(year, bool) and year > 0 and year == int(year)
    if not is_finite_number(value) or not dated or entry.get("source") not in SOURCES:
        return None
    return float(value)


def gas_fill(payload: Any, reading: Reading) -> GasStorage:
    """Key 11: fill of gas storage, of the last of ``months[]``, else top-level."""
    record = reading.record(payload)
    months = record.get("months")
    if isinstance(months, list) and months:
        return _last_month(months[-1], reading)
    fill = number(record.get("fillPct"))
    if fill is not None:
        reading.used = 1
        reading.note("months not published: the top-level fillPct read")
    elif record:
        reading.note("no fill published")
    return GasStorage(fill)


def _last_month(month: Any, reading: Reading) -> GasStorage:
    if not isinstance(month, Mapping):
        reading.reject("last month is not an object")
        return GasStorage(None)
    fill = reading.optional(month, "fillPct")
    reading.used = int(fill is not None)
    return GasStorage(fill, month_without_fill=month.get("fillPct") is None)


def days_of_cover(payload: Any, reading: Reading) -> float | None:
    """Key 12: days that the strategic oil reserve covers; None when unknown."""
    record = reading.record(payload)
    days = number(record.get("daysOfCover"))
    if days is not None:
        reading.used = 1
        return days
    if record:
        state = "not published" if record.get("daysOfCover") is None else "not a number"
        reading.note(f"daysOfCover {state}")
    return None
