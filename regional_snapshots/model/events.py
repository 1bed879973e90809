"""Events: what a commit brought about, one fact each, with its severity and how long a repeat of it stays quiet.

An event's id is made of the snapshot's id, the type and the subject, so that whoever hears it twice can tell. Which
changes become events is decided in ``scoring``; how they are stored and told is the store's business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.values import compact

HOUR_MS = 3_600_000
SEVERITIES = ("critical", "high", "medium", "info")
"""Worst first."""


@dataclass(frozen=True)
class EventType:
    """A kind of event. ``severity`` is the usual one; ``quiet_ms`` how long a repeat is only counted (0: never)."""

    name: str
    severity: str
    quiet_ms: int
    what: str


EVENT_TYPES: Mapping[str, EventType] = {
    kind.name: kind
    for kind in (
        EventType("regime_shift", "info", 0, "the regime is another one; see REGIME_SEVERITIES"),
        EventType("trigger_activated", "high", 6 * HOUR_MS, "a trigger became active"),
        EventType("trigger_cleared", "info", 6 * HOUR_MS, "a trigger is no longer active"),
        EventType("corridor_break", "critical", 24 * HOUR_MS, "access to a corridor fell far below its usual level"),
        EventType("buffer_failure", "high", 24 * HOUR_MS, "a buffer fell far below its usual level"),
        EventType("axis_anomaly", "medium", 24 * HOUR_MS, "an axis is far out of its own past, to the bad side"),
        EventType("scenario_jump", "medium", 24 * HOUR_MS, "a scenario became much more, or much less, probable"),
        EventType("data_loss", "medium", 6 * HOUR_MS, "a feed went missing, or an axis became unknown"),
        EventType("data_restored", "info", 6 * HOUR_MS, "a feed came back, or an axis is known again"),
        EventType("rewound", "high", 0, "latest was set back: snapshots that had been acknowledged are gone"),
    )
}
"""Every type of event."""

REGIME_SEVERITIES: Mapping[str, str] = {
    "escalation_ladder": "critical",
    "fragmentation_risk": "critical",
    "stressed_equilibrium": "high",
    "coercive_stalemate": "high",
}
"""Severity of a shift to a regime; to any other one it is that of the table of types."""

FIELDS = ("event_id", "type", "severity", "region", "subject", "from", "to")
"""Members that an entry of the stream carries as fields of their own, beside ``body``, which is the whole event."""

Value = str | float | None
"""One side of a change: a label or state, a measured value, or None for what is not known."""


class DamagedEventError(ValueError):
    """What is stored is not an event."""


@dataclass(frozen=True)
class Cause:
    """A part of the reason: by how much which component of which axis moved (None: it became unknown, or known)."""

    axis: str
    component: str
    delta: float | None
    evidence_ids: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "axis": self.axis,
            "component": self.component,
            "delta": self.delta,
            "evidence_ids": list(self.evidence_ids),
        }


@dataclass(frozen=True)
class Event:
    """One fact. ``before`` and ``after`` are ``from`` and ``to`` in JSON; ``threshold`` is what was crossed, if any.

    ``suppressed`` counts the repeats that stayed quiet since this was last told. ``sample`` says that the snapshot was
    made from sample feeds, in part at least. ``confidence`` is the snapshot's, 0 to 1.
    """

    type: str
    severity: str
    region: str
    subject: str
    before: Value
    after: Value
    threshold: float | None
    generated_at: int
    snapshot_id: str
    previous_snapshot_id: str
    method: str
    confidence: float | None
    sample: bool = False
    cause: tuple[Cause, ...] = ()
    suppressed: int = 0

    @property
    def id(self) -> str:
        """The same for the same fact of the same snapshot, however often it is told."""
        return f"{self.snapshot_id}:{self.type}:{self.subject}"

    @property
    def quiet_key(self) -> str:
        """Under which repeats are kept quiet: a value that is measured counts by the direction in which it went."""
        return f"{self.type}:{self.subject}:{_direction(self.before, self.after)}"

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "event_id": self.id,
            "type": self.type,
            "severity": self.severity,
            "region": self.region,
            "subject": self.subject,
            "from": self.before,
            "to": self.after,
            "threshold": self.threshold,
            "generated_at": self.generated_at,
            "snapshot_id": self.snapshot_id,
            "previous_snapshot_id": self.previous_snapshot_id,
            "method": self.method,
            "confidence": self.confidence,
            "sample": self.sample,
            "cause": [part.document() for part in self.cause],
            "suppressed": self.suppressed,
        }

    def fields(self) -> dict[str, str]:
        """As an entry of the stream has it: ``FIELDS`` as texts, and ``body``."""
        document = self.document()
        return {**{name: as_field(document[name]) for name in FIELDS}, "body": compact(document)}

    @classmethod
    def of(cls, document: Any) -> Event:
        """From JSON. Raises :class:`DamagedEventError`."""
        try:
            return cls(
                type=_text(document["type"]),
                severity=_one_of(document["severity"], SEVERITIES),
                region=_text(document["region"]),
                subject=_text(document["subject"]),
                before=_value(document["from"]),
                after=_value(document["to"]),
                threshold=_number(document["threshold"]),
                generated_at=int(document["generated_at"]),
                snapshot_id=_text(document["snapshot_id"]),
                previous_snapshot_id=_text(document["previous_snapshot_id"]),
                method=_text(document["method"]),
                confidence=_number(document["confidence"]),
                sample=bool(document["sample"]),
                cause=tuple(_cause(part) for part in document["cause"]),
                suppressed=int(document["suppressed"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DamagedEventError(f"not an event: {type(error).__name__} ({error})") from None

    @classmethod
    def decode(cls, body: bytes | str) -> Event:
        """From the ``body`` of an entry. Raises :class:`DamagedEventError`."""
        try:
            return cls.of(json.loads(body))
        except (ValueError, RecursionError) as error:
            raise error if isinstance(error, DamagedEventError) else DamagedEventError("not JSON") from None


def severity_rank(severity: str) -> int:
    """0 for the worst."""
    return SEVERITIES.index(severity)


def as_field(value: Any) -> str:
    """A value as a field of a stream: a text as it is, everything else as JSON, "" for what is not known."""
    if value is None:
        return ""
    return value if isinstance(value, str) else compact(value)


def _direction(before: Value, after: Value) -> str:
    if after is None or isinstance(after, str):
        return after or ""
    return "down" if isinstance(before, (int, float)) and after < before else "up"


def _cause(part: Any) -> Cause:
    evidence_ids = tuple(_text(name) for name in part["evidence_ids"])
    return Cause(_text(part["axis"]), _text(part["component"]), _number(part["delta"]), evidence_ids)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _one_of(value: Any, words: tuple[str, ...]) -> str:
    if value not in words:
        raise ValueError(f"{value!r:.40} is none of {', '.join(words)}")
    return _text(value)


def _number(value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise TypeError(f"{value!r:.40} is no number")
    return value


def _value(value: Any) -> Value:
    return value if isinstance(value, str) else _number(value)
