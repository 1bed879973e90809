"""Transmissions of a region: the steps that its own active triggers lead to.

Source: the pipeline specification, section 11.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from regional_snapshots.scoring.tables.transmissions import TEMPLATES, described


def transmission_paths(region_id: str, active_triggers: Collection[str]) -> list[dict[str, Any]]:
    """The ``transmission_paths`` block: all steps of every template whose trigger is active, in table order."""
    return [
        described(template, step)
        for template in TEMPLATES
        if template.trigger in active_triggers and region_id in template.regions
        for step in template.steps
    ]
