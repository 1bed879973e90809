"""What a feed's key holds around its document: JSON text, perhaps an envelope that states when it was fetched.

Source: the pipeline specification, sections 3.1 (reading) and 3.2 (envelopes).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from regional_snapshots.model.instants import is_finite_number


class Unwrapped(NamedTuple):
    """A payload, and the time (ms) that its envelope states, or None."""

    payload: Any
    fetched_at: float | None


def decode(raw: bytes | str | None) -> tuple[Any | None, str]:
    """(JSON value of a raw Redis value, why there is none): None for no value and for what is not JSON."""
    if raw is None:
        return None, ""
    for parse_int in (None, _whole_number):
        try:
            return json.loads(raw, parse_int=parse_int), ""
        except RecursionError:
            return None, "the value is nested too deeply"
        except ValueError:
            continue
    return None, "the value is not JSON"


def unwrap(value: Any) -> Unwrapped:
    """Take a payload out of its envelope ``{_seed: {fetchedAt}, data}``, one level, also when it is JSON in a text."""
    if isinstance(value, str):
        inner, problem = decode(value)
        value = value if problem else inner
    if is_envelope(value):
        return Unwrapped(value.get("data"), value["_seed"]["fetchedAt"])
    return Unwrapped(value, None)


def is_envelope(value: Any) -> bool:
    """Whether a decoded value is an envelope: its ``_seed`` states when it was fetched."""
    seed = value.get("_seed") if isinstance(value, Mapping) else None
    return isinstance(seed, Mapping) and is_finite_number(seed.get("fetchedAt"))


def digest_of_bytes(raw: bytes | str | None) -> str:
    """SHA-256 (hex) of stored bytes; the empty text for no value."""
    if raw is None:
        return ""
    return hashlib.sha256(raw if isinstance(raw, bytes) else raw.encode()).hexdigest()


def digest_of_value(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON (sorted keys, no white space, UTF-8) of a decoded value; "" for null, and for
    what is nested too deeply to be written as JSON."""
    if value is None:
        return ""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    except RecursionError:
        return ""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _whole_number(digits: str) -> float:
    """Numbers with more digits than Python converts must not cost the whole feed."""
    return float(digits)
