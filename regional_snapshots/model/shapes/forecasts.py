"""The forecast feed: predictions with a probability, a horizon and a case file.

Source: the pipeline specification, section 3.4 (key 2); case file texts, sections 6.5, 8 and 10.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.shapes.reading import Entry, Reading
from regional_snapshots.model.values import clean, number

MAX_NESTING = 64


@dataclass(frozen=True, slots=True)
class Forecast:
    """A prediction. Words that rules compare are lower case, ``regions`` are those that ``region`` names.

    ``probability`` may be None, ``fits`` is False where it is stated, but no number. ``case`` is the case file as
    parsed JSON, None when there is nothing in it. ``case_text`` and ``actor_text`` are its compact JSON in lower case
    (for actors: of ``signals`` where there is no case file), made once. ``raw_id`` is the id that actors refer to: it
    keeps mark-up brackets, as readers of actors know it, and is empty for ids such as 0.
    """

    id: str
    raw_id: str
    region: str
    regions: frozenset[str]
    domain: str
    trend: str
    polarity: str
    horizon: str
    probability: float | None
    fits: bool
    confidence: float
    title: str
    updated_at: int | None
    case: Any
    case_text: str
    actor_text: str


def forecasts(payload: Any, reading: Reading) -> tuple[Forecast, ...]:
    """Key 2: ``predictions[]``."""

    def build(entry: Entry) -> Forecast:
        probability = number(entry.get("probability"))
        fits = probability is not None or entry.get("probability") is None
        if not fits:
            reading.reject("probability is not a number")
        identity, place = reading.text(entry, "id"), reading.text(entry, "region") or ""
        title = reading.text(entry, "title")
        case, signals = entry.get("caseFile"), entry.get("signals")
        case_text = _lower_json(case, reading)
        return Forecast(
            id=clean(identity),
            raw_id=clean(identity, keep_brackets=True) if entry.get("id") else "",
            region=place.lower(),
            regions=reading.regions(place),
            domain=(reading.text(entry, "domain") or "").lower(),
            trend=(reading.text(entry, "trend") or "").lower(),
            polarity=(reading.text(entry, "polarity") or "").lower(),
            horizon=_horizon(entry, reading),
            probability=probability,
            fits=fits,
            confidence=reading.number(entry, "confidence", 0.5),
            title=clean("forecast" if title is None else title),
            updated_at=reading.instant(entry, "updatedAt"),
            case=case if case_text != "{}" and isinstance(case, (Mapping, list, str)) and case else None,
            case_text=case_text,
            actor_text=case_text if case is not None else _lower_json(signals, reading),
        )

    rows = reading.rows(payload, "predictions", build)
    reading.used -= sum(not row.fits for row in rows)
    reading.note_unplaced()
    return rows


def _horizon(entry: Entry, reading: Reading) -> str:
    """Lower-case text, empty where there is none; a word that no horizon has for what is not text at all."""
    text = reading.text(entry, "timeHorizon")
    if text is None:
        return "" if entry.get("timeHorizon") is None else "unreadable"
    return text.lower()


def _lower_json(value: Any, reading: Reading) -> str:
    if value is None:
        return "{}"
    if nested_deeper(value, MAX_NESTING):
        reading.reject(f"case file is nested deeper than {MAX_NESTING}: not searched")
        return "{}"
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).lower()
    except ValueError:
        reading.reject("case file holds a number without bounds: not searched")
        return "{}"


def nested_deeper(value: Any, limit: int) -> bool:
    """Whether containers are nested more than ``limit`` deep. Walks level by level: depth costs no stack."""
    level = [value]
    for _ in range(limit + 1):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, Mapping):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not inner:
            return False
        level = inner
    return True
