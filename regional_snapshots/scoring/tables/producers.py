"""Large producers of oil and gas, and the leverage that a region has through them: no feed is involved.

Source: the pipeline specification, section 6.7.
"""

from __future__ import annotations

from collections.abc import Sequence

from regional_snapshots.model.regions import REGIONS

PRODUCERS = frozenset(["SA", "RU", "US", "IR", "IQ", "AE", "CA", "KW", "QA", "NG", "NO", "BR", "MX", "VE", "AU"])


def producers_of(region_id: str) -> list[str]:
    """The producers of a region (ISO alpha-2), ordered by code."""
    return [iso2 for iso2 in REGIONS[region_id].countries if iso2 in PRODUCERS]


def leverage_of(producers: Sequence[str]) -> float:
    """Energy leverage of a region with these producers, 0 to 1."""
    if not producers:
        return 0.0
    return 0.6 if len(producers) < 3 else min(1.0, 0.6 + 0.1 * len(producers))
