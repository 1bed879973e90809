"""The feeds: which documents other programs publish, how old each may be, and what they say, parsed once per run.

Source: the pipeline specification, sections 3.1 to 3.3 (keys, envelopes) and 4 (freshness, confidence, valid-until).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from regional_snapshots.model.instants import is_finite_number, stated_time
from regional_snapshots.model.shapes import economy, forecasts, maritime, movement, risk
from regional_snapshots.model.shapes.reading import Reading
from regional_snapshots.model.values import clip, round3

MINUTE_MS = 60_000
MAX_VALIDITY_MS = 6 * 60 * MINUTE_MS


@dataclass(frozen=True)
class FeedSpec:
    """A feed: its Redis key, its maximum age in minutes, the key of its companion (which may carry its time).

    ``read`` is its adapter: it turns a published document into rows, and notes what it used, assumed or rejected.
    """

    name: str
    key: str
    max_age_min: int
    meta_key: str | None
    what: str
    read: Callable[[Any, Reading], Any]


FEEDS: tuple[FeedSpec, ...] = (
    FeedSpec("country_scores", "risk:scores:sebuf:stale:v8", 30, "seed-meta:intelligence:risk-scores",
             "instability scores of countries", risk.country_scores),
    FeedSpec("forecasts", "forecast:predictions:v2", 180, None,
             "predictions with case files", forecasts.forecasts),
    FeedSpec("chokepoints", "supply_chain:chokepoints:v4", 30, None,
             "threat at sea chokepoints", maritime.chokepoints),
    FeedSpec("transits", "supply_chain:transit-summaries:v1", 30, "seed-meta:supply_chain:transit-summaries",
             "ship traffic through chokepoints", maritime.transits),
    FeedSpec("signals", "intelligence:cross-source-signals:v1", 45, "seed-meta:intelligence:cross-source-signals",
             "signals seen by several sources", risk.signals),
    FeedSpec("alert_count", "relay:oref:history:v1", 15, "seed-meta:relay:oref:history",
             "Home Front alerts in Israel", risk.alert_count),
    FeedSpec("macro_verdict", "economic:macro-signals:v1", 60, None,
             "verdict of macro-economic signals", economy.macro_verdict),
    FeedSpec("debts", "economic:national-debt:v1", 86400, "seed-meta:economic:national-debt",
             "public debt of countries", economy.debts),
    FeedSpec("stress", "economic:stress-index:v1", 120, None,
             "index of financial stress", economy.stress),
    FeedSpec("energy_mix", "energy:mix:v1:_all", 50400, "seed-meta:economic:owid-energy-mix",
             "energy import shares of countries", economy.energy_mix),
    FeedSpec("gas_fill", "economic:eu-gas-storage:v1", 2880, "seed-meta:economic:eu-gas-storage",
             "fill of European gas storage", economy.gas_fill),
    FeedSpec("days_of_cover", "economic:spr:v1", 10080, None,
             "cover of the American oil reserve", economy.days_of_cover),
    FeedSpec("faa_airports", "aviation:delays:faa:v1", 60, "seed-meta:aviation:faa",
             "airport delays in the United States", movement.airports),
    FeedSpec("world_airports", "aviation:delays:intl:v3", 90, "seed-meta:aviation:intl",
             "airport delays elsewhere", movement.airports),
    FeedSpec("notices", "aviation:notam:closures:v2", 120, "seed-meta:aviation:notam",
             "airport closures and restrictions", movement.notices),
    FeedSpec("hexes", "intelligence:gpsjam:v2", 1440, "seed-meta:intelligence:gpsjam",
             "jamming of satellite navigation", movement.hexes),
    FeedSpec("flights", "military:flights:v1", 30, None,
             "positions of military flights", movement.flights),
)  # fmt: skip

DATA_KEYS: tuple[str, ...] = tuple(spec.key for spec in FEEDS)
META_KEYS: tuple[str, ...] = tuple(spec.meta_key for spec in FEEDS if spec.meta_key)


@dataclass(frozen=True)
class FeedReport:
    """What became of one feed in one run. ``rejected`` holds (reason, count); ``age_min`` is None without a time."""

    key: str
    name: str
    status: str
    age_min: float | None
    max_age_min: int
    used: int = 0
    rejected: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    sample: bool = False
    """Whether the document calls itself a sample: it has a member ``_sample``."""

    @property
    def remarks(self) -> list[str]:
        """What there is to say of it: notes first, then what was rejected and why."""
        return [*self.notes, *(f"{count} rejected: {reason}" for reason, count in self.rejected)]


@dataclass(frozen=True)
class Feeds:
    """All feeds of one run at one instant. The first seventeen attributes are what the feeds of :data:`FEEDS` say.

    ``confidence`` is 0 to 1, ``valid_until`` ms since 1970; ``missing`` and ``stale`` hold Redis keys in table order.
    """

    country_scores: tuple[risk.CountryScore, ...]
    forecasts: tuple[forecasts.Forecast, ...]
    chokepoints: tuple[maritime.Chokepoint, ...]
    transits: Mapping[str, maritime.Transit]
    signals: tuple[risk.Signal, ...]
    alert_count: float
    macro_verdict: str
    debts: tuple[economy.Debt, ...]
    stress: economy.Stress
    energy_mix: Mapping[str, float | None]
    gas_fill: float | None
    days_of_cover: float
    faa_airports: tuple[movement.Airport, ...]
    world_airports: tuple[movement.Airport, ...]
    notices: Mapping[str, str]
    hexes: tuple[movement.Hex, ...]
    flights: tuple[movement.Flight, ...]
    confidence: float
    valid_until: int
    missing: tuple[str, ...]
    stale: tuple[str, ...]
    report: tuple[FeedReport, ...]
    more: Mapping[str, Any]
    """What feeds say that have no attribute here, by name."""

    @classmethod
    def parse(cls, sources: Mapping[str, Any], metas: Mapping[str, Any], now_ms: int) -> Feeds:
        """Parse decoded JSON values, keyed by Redis key; data values may still be in their envelopes. Never raises."""
        return cls._build(sources, metas, now_ms, {})

    @classmethod
    def from_raw(cls, values: Mapping[str, bytes | str | None], now_ms: int) -> Feeds:
        """Parse raw Redis values (data and companion keys in one mapping). What is not JSON counts as missing."""
        decoded = {key: _decoded(values.get(key)) for key in DATA_KEYS + META_KEYS}
        broken = {key: problem for key, (_, problem) in decoded.items() if problem}
        found = {key: value for key, (value, _) in decoded.items()}
        return cls._build(found, found, now_ms, broken)

    @classmethod
    def _build(
        cls, sources: Mapping[str, Any], metas: Mapping[str, Any], now_ms: int, broken: Mapping[str, str]
    ) -> Feeds:
        rows: dict[str, Any] = {}
        report: list[FeedReport] = []
        ends: list[float] = []
        for spec in FEEDS:
            payload, time = _payload_and_time(spec, sources, metas)
            reading = Reading()
            rows[spec.name] = spec.read({} if payload is None else payload, reading)
            age = None if time is None else (now_ms - time) / MINUTE_MS
            status = _status(payload, age, spec.max_age_min)
            if status == "fresh":
                ends.append(time + spec.max_age_min * MINUTE_MS)
            sample = any(isinstance(it, Mapping) and "_sample" in it for it in (payload, sources.get(spec.key)))
            report.append(replace(_report(spec, status, age, reading, broken), sample=sample))
        missing = tuple(item.key for item in report if item.status == "missing")
        stale = tuple(item.key for item in report if item.status == "stale")
        confidence = _confidence(len(missing), len(stale))
        until = int(clip(min(ends, default=now_ms), now_ms, now_ms + MAX_VALIDITY_MS))
        more = {name: rows.pop(name) for name in list(rows) if name not in cls.__dataclass_fields__}
        return cls(
            **rows,
            more=more,
            confidence=confidence,
            valid_until=until,
            missing=missing,
            stale=stale,
            report=tuple(report),
        )


class Unwrapped(NamedTuple):
    """A payload, and the time (ms) that its envelope states, or None."""

    payload: Any
    fetched_at: float | None


def decode(raw: bytes | str | None) -> Any | None:
    """JSON value of a raw Redis value; None for no value and for what is not JSON."""
    return _decoded(raw)[0]


def unwrap(value: Any) -> Unwrapped:
    """Take a payload out of its envelope ``{_seed: {fetchedAt}, data}``, one level, also when it is JSON in a text.

    Source: the pipeline specification, section 3.2.
    """
    if isinstance(value, str):
        inner, problem = _decoded(value)
        value = value if problem else inner
    if _is_envelope(value):
        return Unwrapped(value.get("data"), value["_seed"]["fetchedAt"])
    return Unwrapped(value, None)


def _is_envelope(value: Any) -> bool:
    seed = value.get("_seed") if isinstance(value, Mapping) else None
    return isinstance(seed, Mapping) and is_finite_number(seed.get("fetchedAt"))


def _decoded(raw: bytes | str | None) -> tuple[Any | None, str]:
    if raw is None:
        return None, ""
    for options in ({}, {"parse_int": _whole_number}):
        try:
            return json.loads(raw, **options), ""
        except RecursionError:
            return None, "the value is nested too deeply"
        except ValueError:
            continue
    return None, "the value is not JSON"


def _whole_number(digits: str) -> float:
    """Numbers with more digits than Python converts must not cost the whole feed."""
    return float(digits)


def _payload_and_time(spec: FeedSpec, sources: Mapping[str, Any], metas: Mapping[str, Any]) -> tuple[Any, float | None]:
    payload, enveloped_at = unwrap(sources.get(spec.key))
    time = stated_time(metas.get(spec.meta_key)) if spec.meta_key else None
    if time is None:
        time = stated_time(payload)
    if time is None and not spec.meta_key and not _is_envelope(payload):
        time = enveloped_at
    return payload, time


def _status(payload: Any, age_min: float | None, max_age_min: int) -> str:
    if payload is None:
        return "missing"
    return "fresh" if age_min is not None and age_min <= max_age_min else "stale"


def _confidence(missing: int, stale: int) -> float:
    present = len(FEEDS) - missing
    freshness = (present - stale) / present if present else 0.0
    return round3(0.6 * (present / len(FEEDS)) + 0.4 * freshness)


def _report(spec: FeedSpec, status: str, age: float | None, reading: Reading, broken: Mapping[str, str]) -> FeedReport:
    if status == "missing":
        notes = (broken[spec.key],) if spec.key in broken else ()
        return FeedReport(spec.key, spec.name, status, None, spec.max_age_min, notes=notes)
    notes = [*reading.notes]
    if spec.meta_key in broken:
        notes.append(f"companion key: {broken[spec.meta_key]}")
    rejected = tuple(sorted(reading.rejected.items()))
    return FeedReport(spec.key, spec.name, status, age, spec.max_age_min, reading.used, rejected, tuple(notes))
