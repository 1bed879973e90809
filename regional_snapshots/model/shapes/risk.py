"""Feeds about risk: country instability scores, cross-source signals and Israel's Home Front alerts.

Source: the pipeline specification, section 3.4 (keys 1, 5 and 6) and 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.shapes.reading import Entry, Reading, UnfitEntryError
from regional_snapshots.model.values import clean, number


@dataclass(frozen=True, slots=True)
class CountryScore:
    """Instability of a country (ISO alpha-2): ``score`` 0 to 100 or None, ``computed_at`` in ms or None."""

    country: str
    score: float | None
    trend: str
    computed_at: int | None


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal seen by several sources. ``theater`` is the raw text, ``regions`` those that it names; ``severity`` is
    lower case, empty when there is none; ``id`` and ``severity_score`` (roughly 0 to 20) may be None."""

    id: str | None
    type: str | None
    theater: str
    theater_label: str
    regions: frozenset[str]
    severity: str
    severity_score: float | None
    summary: str
    detected_at: int | None


def country_scores(payload: Any, reading: Reading) -> tuple[CountryScore, ...]:
    """Key 1: ``ciiScores[]`` with region, combinedScore, trend and computedAt."""

    def build(entry: Entry) -> CountryScore:
        country = reading.text(entry, "region")
        if not country:
            raise UnfitEntryError("region is missing")
        score = reading.stated(entry, "combinedScore")
        trend = clean(reading.text(entry, "trend"), 60)
        return CountryScore(country, score, trend, reading.instant(entry, "computedAt"))

    return reading.rows(payload, "ciiScores", build)


def signals(payload: Any, reading: Reading) -> tuple[Signal, ...]:
    """Key 5: ``signals[]`` with id, type, theater, severity, severityScore, summary and detectedAt."""

    def build(entry: Entry) -> Signal:
        identity, kind = reading.text(entry, "id"), reading.text(entry, "type")
        theater = reading.text(entry, "theater") or ""
        summary = reading.text(entry, "summary")
        if summary is None:
            summary = kind if kind is not None else "cross-source signal"
        return Signal(
            id=None if identity is None else clean(identity),
            type=None if kind is None else clean(kind),
            theater=theater,
            theater_label=clean(theater),
            regions=reading.regions(theater),
            severity=(reading.text(entry, "severity") or "").lower(),
            severity_score=reading.optional(entry, "severityScore"),
            summary=clean(summary),
            detected_at=reading.instant(entry, "detectedAt"),
        )

    rows = reading.rows(payload, "signals", build)
    reading.note_unplaced()
    return rows


def alert_count(payload: Any, reading: Reading) -> float | None:
    """Key 6: number of alerts that are active now: activeAlertCount, else historyCount24h (JSON numbers), else None."""
    record = reading.record(payload)
    for field in ("activeAlertCount", "historyCount24h"):
        value = record.get(field)
        found = None if isinstance(value, str) else number(value)
        if found is not None:
            reading.used = 1
            return found
    if record:
        reading.note("no alert count published")
    return None
