"""Transmissions: where an active trigger is felt, also in regions that it does not lie in.

Source: method 2, section 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from regional_snapshots.model.regions import PLACE_OF, REGIONS
from regional_snapshots.scoring.tables.transmissions import TEMPLATES, described


def origins(active: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Trigger id -> the regions in which it is active, in the order of regions. ``active``: trigger ids by region."""
    found: dict[str, list[str]] = {}
    for region in sorted(active.keys() & REGIONS.keys(), key=PLACE_OF.__getitem__):
        for trigger in active.get(region, ()):
            found.setdefault(trigger, []).append(region)
    return found


def transmission_paths(region_id: str, origins: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """The ``transmission_paths`` block: all steps of every template that is fired anywhere and felt here."""
    return [
        {**described(template, step), "origin": origin}
        for template in TEMPLATES
        if region_id in template.regions
        for origin in origins.get(template.trigger, ())
        for step in template.steps
    ]
