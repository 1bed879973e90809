"""Transmissions: how an active trigger reaches markets, step by step.

Source: the pipeline specification, section 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.regions import REGIONS
from regional_snapshots.scoring.tables.triggers import TRIGGERS

TEMPLATE_VERSION = "1.0.0"


@dataclass(frozen=True)
class Step:
    """One step: what starts it, how it works, where it ends; its effect is ``low`` to ``high`` in ``unit``, after
    ``latency_hours``."""

    start: str
    mechanism: str
    end: str
    severity: str
    latency_hours: int
    asset_class: str
    low: float
    high: float
    unit: str
    confidence: float


@dataclass(frozen=True)
class Template:
    """Steps that follow when a trigger is active, in the regions that they reach."""

    id: str
    trigger: str
    corridor: str
    regions: tuple[str, ...]
    steps: tuple[Step, ...]


TEMPLATES: tuple[Template, ...] = (
    Template(
        "hormuz_blockade", "hormuz_transit_drop", "hormuz", ("mena", "east-asia", "south-asia", "europe"),
        (
            Step("Fewer ships pass Hormuz", "War-risk insurance for tankers gets dearer", "Tanker rates multiply",
                 "critical", 12, "shipping", 200, 400, "pct", 0.90),
            Step("Fewer ships pass Hormuz", "Buyers pay a premium for barrels that are sure to arrive", "Brent rises",
                 "critical", 24, "crude", 10, 25, "usd_bbl", 0.85),
            Step("Crude is dearer", "Asian refineries pay more for their input", "Fuel margins in Asia widen",
                 "high", 72, "refined_products", 15, 30, "pct", 0.70),
            Step("Crude is dearer", "Importing states release reserves together", "The rise of crude is capped",
                 "medium", 96, "crude", -10, 0, "usd_bbl", 0.60),
        ),
    ),
    Template(
        "red_sea_rerouting", "red_sea_critical", "babelm", ("mena", "europe", "east-asia", "sub-saharan-africa"),
        (
            Step("Bab el-Mandeb is unsafe", "Container lines sail round the Cape of Good Hope",
                 "Voyages between Asia and Europe take longer", "high", 24, "container", 10, 14, "days", 0.85),
            Step("Voyages take longer", "The same fleet carries fewer boxes a month", "Spot rates for containers rise",
                 "high", 72, "container", 2000, 4000, "usd_teu", 0.85),
            Step("Voyages take longer", "Ships burn more fuel on the way", "Demand for bunker fuel rises",
                 "medium", 96, "bunker", 8, 12, "pct", 0.75),
            Step("Freight is dearer", "Importers pass the cost on", "Consumer prices in the EU rise",
                 "medium", 720, "cpi", 0.3, 0.5, "pp", 0.50),
        ),
    ),
    Template(
        "taiwan_strait_tension", "taiwan_tension_high", "taiwan-strait", ("east-asia", "north-america", "europe"),
        (
            Step("The Taiwan Strait is tense", "Investors price in a loss of chip supply", "Semiconductor shares fall",
                 "high", 12, "equity", -12, -5, "pct", 0.75),
            Step("Chip supply looks fragile", "Makers build plants elsewhere", "Capital spending rises",
                 "medium", 720, "capex", 20, 50, "usd_b", 0.60),
            Step("The Taiwan Strait is tense", "Ships keep clear of the strait", "Transpacific container rates rise",
                 "high", 48, "container", 30, 60, "pct", 0.70),
        ),
    ),
    Template(
        "iran_cii_escalation", "iran_cii_spike", "hormuz", ("mena", "east-asia", "europe"),
        (
            Step("Iran becomes less stable", "Oil traders add a regional risk premium", "Brent rises",
                 "high", 6, "crude", 3, 8, "usd_bbl", 0.80),
            Step("Iran becomes less stable", "Investors look for a safe haven", "Gold rises",
                 "medium", 6, "metals", 1, 3, "pct", 0.70),
        ),
    ),
    Template(
        "russia_naval_baltic", "russia_naval_buildup", "danish", ("europe",),
        (
            Step("Russian ships gather", "European states order more arms", "European defence shares rise",
                 "medium", 48, "equity", 5, 15, "pct", 0.65),
            Step("Russian ships gather", "Pipelines and terminals in the Baltic look exposed", "Gas (TTF) rises",
                 "high", 24, "gas", 5, 15, "pct", 0.70),
        ),
    ),
    Template(
        "european_capital_stress", "european_capital_stress", "bosphorus", ("europe",),
        (
            Step("Capital is under stress", "Investors leave the euro area's periphery", "Spreads over Bunds widen",
                 "high", 48, "fx", 30, 80, "basis_points", 0.75),
            Step("Capital is under stress", "Money moves into dollars", "The euro falls against the dollar",
                 "medium", 72, "fx", -5, -2, "pct", 0.65),
        ),
    ),
    Template(
        "mena_coercive_general", "mena_coercive_high", "hormuz", ("mena", "east-asia", "europe"),
        (
            Step("Coercion in the region is high", "Investors take risk off the region", "Brent rises",
                 "high", 12, "crude", 5, 12, "usd_bbl", 0.75),
        ),
    ),
)  # fmt: skip


ORIGINS: tuple[str, ...] = tuple(
    dict.fromkeys(
        trigger.region
        for template in TEMPLATES
        for trigger in TRIGGERS
        if trigger.id == template.trigger and trigger.region in REGIONS
    )
)
"""The regions whose triggers are felt in others, of those that the table of regions has."""


def described(template: Template, step: Step) -> dict[str, Any]:
    """A step as documents have it."""
    return {
        "start": step.start,
        "mechanism": step.mechanism,
        "end": step.end,
        "severity": step.severity,
        "corridor_id": template.corridor,
        "confidence": step.confidence,
        "latency_hours": step.latency_hours,
        "impacted_asset_class": step.asset_class,
        "impacted_regions": [region for region in template.regions if region in REGIONS],
        "magnitude_low": step.low,
        "magnitude_high": step.high,
        "magnitude_unit": step.unit,
        "template_id": template.id,
        "template_version": TEMPLATE_VERSION,
    }
