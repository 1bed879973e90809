"""Numbers and texts as feeds give them, and the few formulas that every stage shares.

Source: the pipeline specification, section 1, with its deliberate differences for numbers and texts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any

TEXT_LIMIT = 500
MAX_MAGNITUDE = 1e18
"""Larger numbers are no measurement of anything here; keeping them out keeps every sum finite."""
LAST_MS = 253_402_300_799_999
"""The end of the year 9999, the last that calendars know."""
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
UNITS_MS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
MAX_INSTANT_MS = 2**53 - 1
"""Largest instant in ms: above 2^53, doubles (and with them JSON readers and sorted sets) round."""
_MAX_NUMERAL = 64

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
"""Made once: making one takes as long as encoding a row of the series."""

_NUMERAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

UNWANTED = (
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters other than white space
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that change the direction of text
    "\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff"  # characters without width
    "\ufff9-\ufffb\U000e0000-\U000e007f"  # annotations and invisible tags
)
"""Characters that are not to be stored, as the inside of a character class of a regular expression."""
_UNWANTED = re.compile(f"[{UNWANTED}\ud800-\udfff]+")  # and halves of a pair, which UTF-8 cannot hold
_PLAIN = re.compile(r"[!-;=?-~]+(?: [!-;=?-~]+)*")


def compact(value: Any) -> str:
    """JSON without blanks, other letters as they are. Raises ``ValueError`` for what JSON cannot hold."""
    return _ENCODER.encode(value)


def number(value: Any) -> float | None:
    """A JSON number, or text that is wholly one; None for everything else, for NaN and for what exceeds all measure."""
    if isinstance(value, str):
        if len(value) > _MAX_NUMERAL or not _NUMERAL.fullmatch(value):
            return None
        value = float(value)
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if -MAX_MAGNITUDE <= value <= MAX_MAGNITUDE else None


def as_text(value: Any) -> str | None:
    """Text of a JSON scalar as JSON prints it (a whole float without its fraction); None for null and containers."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    finite = number(value)
    if finite is None:
        return None
    return str(int(finite)) if finite == int(finite) else repr(finite)


def spoken_time(instant_ms: float) -> str:
    """An instant to the second, UTC; of a year that calendars do not know, the last that they do."""
    return datetime.fromtimestamp(min(instant_ms, LAST_MS) / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def clean(value: Any, limit: int = TEXT_LIMIT, *, keep_brackets: bool = False) -> str:
    """Text that is safe to store and show: no mark-up brackets, invisible, control or direction-changing characters,
    white space folded, at most ``limit`` characters. Null and containers give the empty text."""
    text = as_text(value)
    if text is None:
        return ""
    if len(text) <= limit and _PLAIN.fullmatch(text):
        return text
    text = _UNWANTED.sub("", text)
    if not keep_brackets:
        text = text.replace("<", "").replace(">", "")
    return " ".join(text.split())[:limit]


def visible(text: str) -> str:
    """A text of a store or a server that is fit for terminals and logs: what these obey, or nobody sees, is written out
    (``\\x1b``). Line ends stay."""
    return _UNWANTED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def clip(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """``value`` held between ``low`` and ``high``; what is not finite becomes ``low``."""
    if not math.isfinite(value):
        return low
    return min(max(value, low), high)


def round3(value: float) -> float:
    """Three decimals, halves up; never negative zero."""
    return math.floor(value * 1000 + 0.5) / 1000


def percentile(values: Iterable[float], percent: float) -> float:
    """Percentile with linear interpolation between the closest ranks; 0 for no values."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    rank = percent / 100 * (len(ordered) - 1)
    below = math.floor(rank)
    above = math.ceil(rank)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)


def total(values: Iterable[float]) -> float:
    """Plain sum from left to right. (The built-in one rounds differently from Python 3.12 on.)"""
    result = 0.0
    for value in values:
        result += value
    return result


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, summed left to right; 0 for no values."""
    return total(values) / len(values) if values else 0.0


def weighted_mean(pairs: Sequence[tuple[float, float]]) -> float:
    """Mean of (value, weight) pairs, summed left to right; 0 when the weights sum to 0."""
    weights = total(weight for _, weight in pairs)
    return total(value * weight for value, weight in pairs) / weights if weights else 0.0


def spoken(name: str) -> str:
    """An id such as ``coercive_stalemate`` as people say it."""
    return name.replace("_", " ")
