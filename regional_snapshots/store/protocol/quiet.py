"""Cool-downs: a repeat of an event soon after is counted, not told. Pure: time is that of the snapshots.

Source: the design, sections 4 (the hash) and 14 (what breaks a cool-down).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from regional_snapshots.model.events import EVENT_TYPES, SEVERITIES, Event, severity_rank
from regional_snapshots.model.news import News, RegimeShift
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.values import compact


@dataclass(frozen=True)
class Quiet:
    """An event in its cool-down: until when (ms), how severe it was, how many repeats nobody has been told of."""

    until: int
    severity: str
    suppressed: int = 0

    def encode(self) -> str:
        """As the hash holds it."""
        return compact({"until": self.until, "severity": self.severity, "suppressed": self.suppressed})

    @classmethod
    def decode(cls, value: bytes) -> Quiet | None:
        """From the hash; None for what is none of ours."""
        try:
            held = json.loads(value)
            until, severity, suppressed = int(held["until"]), str(held["severity"]), int(held["suppressed"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None
        return cls(until, severity, suppressed) if severity in SEVERITIES else None


@dataclass(frozen=True)
class Settled:
    """What a commit writes of its news: events to tell, and the entries of the hash to set (``hushed``) or remove."""

    events: tuple[Event, ...] = ()
    shift: RegimeShift | None = None
    row: SeriesRow | None = None
    hushed: Mapping[str, Quiet] = field(default_factory=dict)
    lifted: tuple[str, ...] = ()


NOTHING_TOLD = Settled()


def settle(news: News, held: Mapping[str, Quiet | None], now_ms: int) -> Settled:
    """Which events are told at this instant, given what is in its cool-down.

    A cool-down that would end later than one that begins now was set when a clock was ahead, and holds nothing back.
    A repeat counts up ``suppressed``, which the next event of its kind tells; a higher severity is told at once. What
    has passed is removed, unless it still has a count to tell: that is kept for one cool-down more.
    """
    told: list[Event] = []
    hushed: dict[str, Quiet] = {}
    for event in news.events:
        key, quiet_ms = event.quiet_key, EVENT_TYPES[event.type].quiet_ms
        before = hushed.get(key) or held.get(key)
        quiet = before is not None and now_ms < before.until <= now_ms + quiet_ms
        if before and quiet and severity_rank(event.severity) >= severity_rank(before.severity):
            hushed[key] = replace(before, suppressed=before.suppressed + 1)
            continue
        told.append(replace(event, suppressed=before.suppressed if before else 0))
        if quiet_ms:
            hushed[key] = Quiet(now_ms + quiet_ms, event.severity)
    lifted = tuple(key for key, quiet in held.items() if key not in hushed and _is_over(key, quiet, now_ms))
    return Settled(tuple(told), news.shift, news.row, hushed, lifted)


def _is_over(key: str, quiet: Quiet | None, now_ms: int) -> bool:
    if quiet is None:
        return True
    kind = EVENT_TYPES.get(key.partition(":")[0])
    grace_ms = kind.quiet_ms if kind and quiet.suppressed else 0
    return quiet.until + grace_ms <= now_ms
