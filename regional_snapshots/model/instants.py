"""Instants as feeds write them: millisecond numbers, ISO-8601 and RFC-1123 texts; nothing laxer.

Source: the pipeline specification, section 4 and its deliberate differences.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, TypeGuard

TIME_FIELDS = ("fetchedAt", "generatedAt", "timestamp", "updatedAt", "lastUpdate", "seededAt")
"""Where a payload states its own time, in the order in which they are tried."""
LATER_TIME_FIELDS = ("evaluatedAt", "persistedAt")
"""Where else it may; the former script does not look there. Source: method 2, section 1."""

_ISO = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?",
    re.IGNORECASE,
)
_RFC1123 = re.compile(
    r"(?:[A-Z]{3}, )?([0-9]{1,2}) ([A-Z]{3}) ([0-9]{4}) ([0-9]{2}):([0-9]{2})(?::([0-9]{2}))? (GMT|UTC|[+-][0-9]{4})",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MAX_TEXT = 64


def parse_date(text: str) -> int | None:
    """Milliseconds since 1970 of an ISO-8601 or RFC-1123 text (without a zone: UTC), or None."""
    text = text.strip() if len(text) <= _MAX_TEXT else ""
    if match := _ISO.fullmatch(text):
        year, month, day, hour, minute, second, fraction, zone = match.groups()
    elif match := _RFC1123.fullmatch(text):
        day, name, year, hour, minute, second, zone = match.groups()
        month = str(_MONTHS.index(name.lower()) + 1) if name.lower() in _MONTHS else "0"
        fraction = None
    else:
        return None
    try:
        moment = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0),
            tzinfo=timezone(_offset(zone)),
        )  # fmt: skip
    except ValueError:
        return None
    milliseconds = int((fraction or "0").ljust(3, "0")[:3])
    return (moment - _EPOCH) // timedelta(milliseconds=1) + milliseconds


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone[0] not in "+-":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)


def stated_time(payload: Any, fields: tuple[str, ...] = TIME_FIELDS) -> float | None:
    """The time (ms) that a payload states for itself: the first of ``fields`` that can be read, or None."""
    if not isinstance(payload, Mapping):
        return None
    for field in fields:
        value = payload.get(field)
        if isinstance(value, str):
            value = parse_date(value)
        if is_finite_number(value):
            return value
    return None


def is_finite_number(value: Any) -> TypeGuard[float]:
    """Whether it is a JSON number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
