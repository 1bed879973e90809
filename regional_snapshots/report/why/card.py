"""A snapshot at a glance: its few numbers, what they rest on, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regional_snapshots.model.values import number
from regional_snapshots.report.known.turn import silent_triggers
from regional_snapshots.report.standing import Axis, Standing, mappings, part, standing, text
from regional_snapshots.report.words import decimals, feed_name, listed, utc, words

Row = tuple[str, str]


def card(document: Mapping[str, Any]) -> list[Row]:
    """``(what, words)`` of a document of any method and maker; what it does not say is not known."""
    now, meta = standing(document), part(document, "meta")
    until = number(meta.get("valid_until"))
    was = f", was {words(now.previous_regime)}" if now.previous_regime not in ("", now.regime) else ""
    actors = [_actor(entry) for entry in mappings(document.get("actors"))]
    evidence = document.get("evidence")
    rows = [
        ("generated", f"{utc(now.generated_at)}, because {words(meta.get('trigger_reason') or 'not known')}"),
        ("valid until", utc(until) if until else "not known"),
        ("regime", words(now.regime) + was),
        ("confidence", decimals(now.confidence, 3)),
        ("net balance", decimals(now.net, 3, sign=True)),
        ("pressures", _axes(now, pressures=True)),
        ("buffers", _axes(now, pressures=False)),
        ("active triggers", active_triggers(now)),
        ("actors", listed(actors)),
        ("evidence", f"{len(evidence) if isinstance(evidence, list) else 0} items"),
        ("missing feeds", listed(map(feed_name, now.missing))),
        ("stale feeds", listed(map(feed_name, now.stale))),
    ]
    return [*rows, ("sample", "it rests on sample feeds: illustrative figures")] if now.sample else rows


def active_triggers(now: Standing) -> str:
    """Active triggers, and those of which it is not known whether they still are."""
    silent = [f"{words(name)} ({why})" for name, why in silent_triggers(None, now).items()]
    active = listed(words(text(entry.get("id"))) for entry in now.active)
    return f"{active}; not known any more: {listed(silent)}" if silent else active


def _axes(now: Standing, *, pressures: bool) -> str:
    return ", ".join(f"{words(axis.name)} {_value(axis)}" for axis in now.axes if axis.is_pressure == pressures)


def _value(axis: Axis) -> str:
    return decimals(axis.value, 3) if axis.applicable else "does not apply"


def _actor(entry: Mapping[str, Any]) -> str:
    return f"{words(text(entry.get('name')))} {decimals(number(entry.get('leverage_score')))}"
