"""Instants as people write them: dates, distances back from now, days by their names. All of them are UTC."""

from __future__ import annotations

import re

from regional_snapshots.model.instants import parse_date
from regional_snapshots.model.values import MAX_INSTANT_MS

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
UNITS_MS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1000),
    **dict.fromkeys(("m", "min", "minute", "minutes"), MINUTE_MS),
    **dict.fromkeys(("h", "hour", "hours"), HOUR_MS),
    **dict.fromkeys(("d", "day", "days"), DAY_MS),
    **dict.fromkeys(("w", "week", "weeks"), 7 * DAY_MS),
}
DAYS_BACK = {"today": 0, "yesterday": 1}

_PART = re.compile(rf"([0-9]{{1,6}}(?:\.[0-9]+)?)\s*({'|'.join(UNITS_MS)})(?![a-z])\s*")
_AGO = re.compile(rf"(?:{_PART.pattern})+(?:ago)?")
_DAY = re.compile(r"(today|yesterday)(?:\s+(?:at\s+)?([0-9]{1,2}):([0-9]{2}))?")
_MILLISECONDS = re.compile(r"[0-9]{11,16}")
"""Fewer digits are no instant of ours: 2026 is a year."""


def instant_ms(text: str, now_ms: int) -> int | None:
    """Milliseconds since 1970 of ``2h``, ``1d 6h ago``, ``yesterday 18:00``, ISO 8601, or milliseconds; else None."""
    words = text.strip().lower()
    if words == "now":
        return now_ms
    if _MILLISECONDS.fullmatch(words):
        instant: float | None = int(words)
    elif _AGO.fullmatch(words):
        instant = now_ms - sum(float(count) * UNITS_MS[unit] for count, unit in _PART.findall(words))
    elif match := _DAY.fullmatch(words):
        instant = _clock(now_ms, *match.groups())
    else:
        instant = parse_date(text)
    return None if instant is None or instant > MAX_INSTANT_MS else max(int(instant), 0)


def _clock(now_ms: int, day: str, hour: str | None, minute: str | None) -> int | None:
    hours, minutes = int(hour or 0), int(minute or 0)
    if hours > 23 or minutes > 59:
        return None
    midnight = now_ms - now_ms % DAY_MS - DAYS_BACK[day] * DAY_MS
    return midnight + hours * HOUR_MS + minutes * MINUTE_MS
