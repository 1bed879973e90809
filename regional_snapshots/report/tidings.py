"""Events in words: one short line each, for tables, the terminal and whoever is notified."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from regional_snapshots.model.events import Event, severity_rank
from regional_snapshots.model.news import Delivery
from regional_snapshots.model.snapshot import AXES
from regional_snapshots.report.words import corridor_label, decimals, region_short, utc, words

AGGREGATE = "aggregate"
"""The parity methods know no single corridor: what breaks is all of them together."""


def tiding(event: Event) -> str:
    """What happened: ``calm → coercive stalemate``, ``access to Bab el-Mandeb 0.94 → 0.60``."""
    said = _WORDS.get(event.type, _subject)(event)
    more = f" (and {event.suppressed} more like it since it was last told)" if event.suppressed else ""
    return said + more


def tiding_of_region(event: Event) -> str:
    """The same with the region before it."""
    return f"{region_short(event.region)}: {tiding(event)}"


def delivered(delivery: Delivery) -> tuple[str, str, str]:
    """Of a message: when (UTC), whom, and what; or why it was not taken."""
    what = f"not told, {delivery.problem}: {delivery.text}" if delivery.problem else delivery.text
    return utc(delivery.at).removesuffix(" UTC"), delivery.to, what


def worst_first(events: Iterable[Event]) -> list[Event]:
    """The most severe first; of these the newest."""
    return sorted(events, key=lambda event: (severity_rank(event.severity), -event.generated_at, event.region))


def _subject(event: Event) -> str:
    return f"{words(event.subject)} {_change(event)}"


def _change(event: Event) -> str:
    return f"{_side(event.before)} → {_side(event.after)}"


def _side(value: str | float | None) -> str:
    if value is None or isinstance(value, (int, float)):
        return decimals(value)
    return words(value) or "none"


def _corridor(event: Event) -> str:
    where = "the sea corridors" if event.subject == AGGREGATE else corridor_label(event.subject)
    return f"access to {where} {_change(event)}"


def _scenario(event: Event) -> str:
    horizon, _, lane = event.subject.partition("/")
    return f"{words(lane)} within {words(horizon)} {_change(event)}"


def _lost(event: Event) -> str:
    if event.subject in AXES:
        return f"{words(event.subject)} is not known any more"
    if event.after == "missing":
        return f"feed {words(event.subject)} is missing"
    return f"nothing measures {words(event.subject)} any more"


def _restored(event: Event) -> str:
    return f"{words(event.subject)} is known again" if event.subject in AXES else f"feed {words(event.subject)} is back"


_WORDS: Mapping[str, Callable[[Event], str]] = {
    "regime_shift": _change,
    "trigger_activated": lambda event: f"trigger {words(event.subject)} fired",
    "trigger_cleared": lambda event: f"trigger {words(event.subject)} cleared",
    "corridor_break": _corridor,
    "axis_anomaly": lambda event: f"{words(event.subject)} {_side(event.after)}, usually {_side(event.before)}",
    "scenario_jump": _scenario,
    "data_loss": _lost,
    "data_restored": _restored,
    "rewound": lambda event: f"latest had gone back from {event.before}, which is gone, to {event.after}",
}
"""Type of event -> its words; the others are told as subject and change."""
