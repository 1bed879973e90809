"""The diff: how what changed since the previous snapshot is listed, and which change is the reason for the new one.

Source: the pipeline specification, sections 14.3 (changes) and 14.4 (reason).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regional_snapshots.model.document.words import UNCHANGED


def no_changes() -> dict[str, Any]:
    """The changes of a region about which there is nothing to say."""
    return {
        "regime_changed": None,
        "scenario_jumps": [],
        "trigger_activations": [],
        "trigger_deactivations": [],
        "corridor_breaks": [],
        "leverage_shifts": [],
        "buffer_failures": [],
        "reroute_waves": None,
        "mobility_disruptions": [],
    }


def trigger_reason(changes: Mapping[str, Any]) -> str:
    """Why the snapshot was made: the first kind of change that occurred, else the schedule."""
    for member, reason in (
        ("regime_changed", "regime_shift"),
        ("trigger_activations", "trigger_activation"),
        ("corridor_breaks", "corridor_break"),
        ("leverage_shifts", "leverage_shift"),
    ):
        if changes[member]:
            return reason
    return UNCHANGED


def activation(trigger: Mapping[str, Any]) -> dict[str, str]:
    """An activation as the changes list it."""
    return {"id": trigger["id"], "description": trigger["description"]}
