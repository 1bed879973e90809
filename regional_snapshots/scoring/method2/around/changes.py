"""What changed since the snapshot before: regime, triggers, leverage.

Source: the pipeline specification, section 14.3, for what is compared with a single snapshot. Breaks, failures and
jumps are judged against more than that, and told as events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regional_snapshots.model.document.words import UNDETERMINED
from regional_snapshots.scoring.diff import activation, no_changes
from regional_snapshots.scoring.method2.inputs.held import Held
from regional_snapshots.scoring.method2.inputs.numbers import above

SHIFT = 0.15
NO_NEWS_AT_FIRST = ("calm", UNDETERMINED)
"""Regimes of a first snapshot that are not worth a word."""


def changes(held: Held, label: str, blocks: Mapping[str, Any]) -> dict[str, Any]:
    """The changes of a snapshot with this regime and these blocks (triggers, actors)."""
    found = no_changes()
    if held.note:
        return found
    if label != held.label and (held.found or label not in NO_NEWS_AT_FIRST):
        found["regime_changed"] = {"from": held.label, "to": label}
    active = {trigger["id"]: trigger for trigger in blocks["triggers"]["active"]}
    found["trigger_activations"] = [activation(active[name]) for name in active if name not in held.active]
    found["trigger_deactivations"] = [{"id": name} for name in held.active if name not in active]
    found["leverage_shifts"] = _leverage_shifts(held, blocks["actors"])
    return found


def _leverage_shifts(held: Held, actors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if held.leverage is None:
        return []
    pairs = [
        (actor["actor_id"], held.leverage.get(actor["actor_id"], 0.0), actor["leverage_score"]) for actor in actors
    ]
    return [
        {"actor_id": name, "from": before, "to": now, "delta": round(now - before, 3)}
        for name, before, now in pairs
        if above(abs(now - before), SHIFT)
    ]
