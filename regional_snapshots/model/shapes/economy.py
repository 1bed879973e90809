"""Feeds about money and energy: macro verdict, debt, stress index, energy mix, gas storage, oil reserve.

Source: the pipeline specification, section 3.4 (keys 7 to 12), 3.5 and 3.6 (what producers really publish).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.shapes.reading import Entry, Reading, UnfitEntryError
from regional_snapshots.model.values import clean, number

ASSUMED_DAYS_OF_COVER = 90.0


@dataclass(frozen=True, slots=True)
class Debt:
    """Public debt of a country (ISO alpha-3) in percent of its product."""

    iso3: str
    debt_to_gdp: float


@dataclass(frozen=True, slots=True)
class Stress:
    """Index of financial stress, 0 to 100, and its own word for that."""

    score: float
    label: str


def macro_verdict(payload: Any, reading: Reading) -> str:
    """Key 7: ``verdict`` in upper case, empty when there is none."""
    record = reading.record(payload)
    verdict = reading.text(record, "verdict")
    reading.used = int(verdict is not None)
    return (verdict or "").upper()


def debts(payload: Any, reading: Reading) -> tuple[Debt, ...]:
    """Key 8: ``entries[]`` with iso3 and debtToGdp."""

    def build(entry: Entry) -> Debt:
        iso3 = reading.text(entry, "iso3")
        if not iso3:
            raise UnfitEntryError("iso3 is missing")
        return Debt(iso3, reading.needed(entry, "debtToGdp", absent=0.0))

    return reading.rows(payload, "entries", build)


def stress(payload: Any, reading: Reading) -> Stress:
    """Key 9: ``compositeScore`` and ``label``."""
    record = reading.record(payload)
    reading.used = int(number(record.get("compositeScore")) is not None)
    return Stress(reading.number(record, "compositeScore", 0.0), clean(reading.text(record, "label"), 60))


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


def gas_fill(payload: Any, reading: Reading) -> float | None:
    """Key 11: fill of gas storage in percent, of the last of ``months[]``, else top-level; None when unknown."""
    record = reading.record(payload)
    months = record.get("months")
    if isinstance(months, list) and months:
        return _last_month(months[-1], reading)
    fill = number(record.get("fillPct"))
    if fill is not None:
        reading.used = 1
        reading.note("months not published: the top-level fillPct read")
    elif record:
        reading.note("no fill published: half-empty storage assumed")
    return fill


def _last_month(month: Any, reading: Reading) -> float | None:
    if not isinstance(month, Mapping):
        reading.reject("last month is not an object")
        return None
    value = month.get("fillPct")
    fill = 0.0 if value is None else number(value)
    if fill is None:
        reading.reject("fillPct is not a number")
    reading.used = int(fill is not None)
    return fill


def days_of_cover(payload: Any, reading: Reading) -> float:
    """Key 12: days that the strategic oil reserve covers."""
    record = reading.record(payload)
    days = number(record.get("daysOfCover"))
    if days is not None:
        reading.used = 1
        return days
    if record:
        state = "not published" if record.get("daysOfCover") is None else "not a number"
        reading.note(f"daysOfCover {state}: {ASSUMED_DAYS_OF_COVER:g} days assumed")
    return ASSUMED_DAYS_OF_COVER
