"""Feeds about movement: airport delays, closure notices, satellite-navigation jamming and military flights.

Source: the pipeline specification, section 3.4 (keys 13 to 17).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.shapes.reading import Entry, Reading, UnfitEntryError
from regional_snapshots.model.values import as_text, clean, number

NOTICE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Airport:
    """A delay alert. ``region`` is upper case; ``country`` and ``severity`` are exact texts of the producer."""

    icao: str
    name: str
    region: str
    country: str
    severity: str
    reason: str


@dataclass(frozen=True, slots=True)
class Hex:
    """A cell with jammed satellite navigation: label of its area, level ``high``, ``medium`` or ``low``."""

    area: str
    level: str


@dataclass(frozen=True, slots=True)
class Flight:
    """Position of a military flight in degrees."""

    lat: float
    lon: float


def airports(payload: Any, reading: Reading) -> tuple[Airport, ...]:
    """Keys 13 and 14: ``alerts[]``."""

    def build(entry: Entry) -> Airport:
        name = reading.text(entry, "name")
        return Airport(
            icao=clean(reading.text(entry, "icao")),
            name=clean(reading.text(entry, "iata") if name is None else name),
            region=(reading.text(entry, "region") or "").upper(),
            country=reading.text(entry, "country") or "",
            severity=reading.text(entry, "severity") or "",
            reason=clean(reading.text(entry, "reason")),
        )

    return reading.rows(payload, "alerts", build)


def notices(payload: Any, reading: Reading) -> dict[str, str]:
    """Key 15: reason text by airport code: closed airports, then restricted ones; those without a reason left out."""
    record = reading.record(payload)
    reasons = record.get("reasons")
    if not isinstance(reasons, Mapping):
        reasons = {}
    found: dict[str, str] = {}
    for code in [*_codes(record, "closedIcaos", reading), *_codes(record, "restrictedIcaos", reading)]:
        reason = clean(reasons.get(code), NOTICE_LIMIT)
        if not reason:
            reading.reject("notice without a reason")
        elif clean(code):
            found.setdefault(clean(code), reason)
    reading.used = len(found)
    return found


def _codes(record: Entry, field: str, reading: Reading) -> list[str]:
    listed = record.get(field)
    if not isinstance(listed, list):
        if listed is not None:
            reading.note(f"{field} is not a list: nothing used")
        return []
    codes = [as_text(code) for code in listed]
    if None in codes:
        reading.reject("code is not text", codes.count(None))
    return [code for code in codes if code]


def hexes(payload: Any, reading: Reading) -> tuple[Hex, ...]:
    """Key 16: ``hexes[]`` with region and level (what is neither high nor medium is low)."""

    def build(entry: Entry) -> Hex:
        area = reading.text(entry, "region")
        if not area:
            raise UnfitEntryError("region is missing")
        level = (reading.text(entry, "level") or "low").lower()
        return Hex(area, level if level in ("high", "medium") else "low")

    return reading.rows(payload, "hexes", build)


def flights(payload: Any, reading: Reading) -> tuple[Flight, ...]:
    """Key 17: ``flights[]`` with lat and lon; a null or empty coordinate is no position."""

    def build(entry: Entry) -> Flight:
        lat, lon = number(entry.get("lat")), number(entry.get("lon"))
        if lat is None or lon is None:
            raise UnfitEntryError("no position")
        return Flight(lat, lon)

    return reading.rows(payload, "flights", build)
