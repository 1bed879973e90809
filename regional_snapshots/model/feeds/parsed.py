"""What the feeds say, parsed once per run.

Source: the pipeline specification, sections 3.1 to 3.3 (keys, envelopes) and 4 (freshness, confidence, valid-until).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.feeds.reports import FeedReport
from regional_snapshots.model.feeds.table import FEEDS, FeedSpec, feeds_of
from regional_snapshots.model.instants import LATER_TIME_FIELDS, TIME_FIELDS, stated_time
from regional_snapshots.model.shapes import economy, forecasts, maritime, movement, risk
from regional_snapshots.model.shapes.envelopes import decode, digest_of_bytes, digest_of_value, is_envelope, unwrap
from regional_snapshots.model.shapes.reading import Reading
from regional_snapshots.model.values import clip, round3

MINUTE_MS = 60_000
MAX_VALIDITY_MS = 6 * 60 * MINUTE_MS


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
    alert_count: float | None
    macro_verdict: str | None
    debts: tuple[economy.Debt, ...]
    stress: economy.Stress
    energy_mix: Mapping[str, float | None]
    gas_fill: economy.GasStorage
    days_of_cover: float | None
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
    inputs: str = ""
    """Digest of the manifest under which the bytes of these feeds are kept; empty where they are not."""

    @property
    def sample(self) -> bool:
        """Whether any of the feeds is a sample."""
        return any(report.sample for report in self.report)

    @classmethod
    def parse(
        cls, sources: Mapping[str, Any], metas: Mapping[str, Any], now_ms: int, *, energy: str = "mix", inputs: str = ""
    ) -> Feeds:
        """Parse decoded JSON values, keyed by Redis key; data values may still be in their envelopes. Never raises.

        ``energy`` is a key of :data:`ENERGY_FEEDS`, ``inputs`` the manifest under which the documents are kept.
        """
        found = []
        for spec in feeds_of(energy):
            value = sources.get(spec.key)
            companion = metas.get(spec.meta_key) if spec.meta_key else None
            payload, enveloped_at = unwrap(value)
            payload = _with_members(spec, payload, sources)
            found.append(_Found(spec, value, payload, enveloped_at, companion, digest_of_value(value)))
        return cls._build(found, now_ms, inputs)

    @classmethod
    def from_raw(
        cls,
        values: Mapping[str, bytes | str | None],
        now_ms: int,
        *,
        energy: str = "mix",
        inputs: str = "",
        problems: Mapping[str, str] | None = None,
    ) -> Feeds:
        """Parse raw Redis values (data and companion keys in one mapping). What is not JSON counts as missing.

        ``problems`` says of keys without a value what was there instead.
        """
        unread = problems or {}
        found = []
        for spec in feeds_of(energy):
            value, problem = decode(values.get(spec.key))
            companion, trouble = decode(values.get(spec.meta_key)) if spec.meta_key else (None, "")
            problem = problem or unread.get(spec.key, "")
            trouble = trouble or unread.get(spec.meta_key or "", "")
            payload, enveloped_at = unwrap(value)
            if spec.members:
                members = {key: decode(raw)[0] for key, raw in values.items() if key.startswith(spec.members)}
                payload = _with_members(spec, payload, members)
            digest = digest_of_bytes(values.get(spec.key))
            found.append(_Found(spec, value, payload, enveloped_at, companion, digest, problem, trouble))
        return cls._build(found, now_ms, inputs)

    @classmethod
    def _build(cls, documents: Sequence[_Found], now_ms: int, inputs: str) -> Feeds:
        read: dict[str, tuple[Any, FeedReport, float]] = {}
        for found in documents:
            spec, reading = found.spec, Reading()
            row = spec.read({} if found.payload is None else found.payload, reading)
            told = found.report(reading, now_ms)
            if spec.name not in read or told.says_more_than(read[spec.name][1]):
                read[spec.name] = row, told, found.ends_ms
        rows = {name: row for name, (row, _, _) in read.items()}
        report = tuple(told for _, told, _ in read.values())
        ends = [end for _, told, end in read.values() if told.status == "fresh"]
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
            report=report,
            inputs=inputs,
        )


def _with_members(spec: FeedSpec, payload: Any, sources: Mapping[str, Any]) -> Any:
    """The payload of a feed of many documents: with those that its first one lists, out of their envelopes."""
    if not spec.members or not isinstance(payload, Mapping):
        return payload
    listed = payload.get("countries")
    codes = [code for code in listed if isinstance(code, str)] if isinstance(listed, (list, Mapping)) else []
    return {**payload, "members": {code: unwrap(sources.get(f"{spec.members}{code}")).payload for code in codes}}


@dataclass(frozen=True)
class _Found:
    """The document of a feed as it was found: the decoded value, what is in its envelope, its companion."""

    spec: FeedSpec
    value: Any
    payload: Any
    enveloped_at: float | None
    companion: Any
    digest: str
    problem: str = ""
    companion_problem: str = ""

    def time(self, fields: tuple[str, ...]) -> float | None:
        """When it was made (ms), as the companion, the payload or the envelope states it."""
        time = stated_time(self.companion, fields)
        if time is None:
            time = stated_time(self.payload, fields)
        if time is None and not self.spec.meta_key and not is_envelope(self.payload):
            time = self.enveloped_at
        return time

    @property
    def ends_ms(self) -> float:
        """Until when it is fresh; 0 for one without a time."""
        time = self.time(TIME_FIELDS)
        return 0.0 if time is None else time + self.spec.max_age_min * MINUTE_MS

    def report(self, reading: Reading, now_ms: int) -> FeedReport:
        spec, time = self.spec, self.time(TIME_FIELDS)
        if self.payload is None:
            notes = (self.problem,) if self.problem else ()
            return FeedReport(spec.key, spec.name, "missing", None, spec.max_age_min, notes=notes)
        age = None if time is None else (now_ms - time) / MINUTE_MS
        trouble = [f"companion key: {self.companion_problem}"] if self.companion_problem else []
        return FeedReport(
            key=spec.key,
            name=spec.name,
            status="fresh" if age is not None and age <= spec.max_age_min else "stale",
            age_min=age,
            max_age_min=spec.max_age_min,
            used=reading.used,
            rejected=tuple(sorted(reading.rejected.items())),
            notes=(*reading.notes, *trouble),
            sample=any(isinstance(part, Mapping) and "_sample" in part for part in (self.payload, self.value)),
            time=self.time(TIME_FIELDS + LATER_TIME_FIELDS),
            shaped=reading.shaped,
            digest=self.digest,
        )


def _confidence(missing: int, stale: int) -> float:
    present = len(FEEDS) - missing
    freshness = (present - stale) / present if present else 0.0
    return round3(0.6 * (present / len(FEEDS)) + 0.4 * freshness)
