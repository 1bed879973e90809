"""The schema of a snapshot document, as a table, and a check that says where a document departs from it.

Source: the pipeline specification, section 16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from regional_snapshots.model.checks import Check, boolean, list_of, matching, number, one_of, record, text, whole
from regional_snapshots.model.feeds import DATA_KEYS, MAX_VALIDITY_MS
from regional_snapshots.model.regions import CORRIDORS, REGION_IDS
from regional_snapshots.model.snapshot import AXES, ID_PATTERN

REGIME_LABELS = (
    "calm",
    "stressed_equilibrium",
    "coercive_stalemate",
    "fragmentation_risk",
    "managed_deescalation",
    "escalation_ladder",
)
UNCHANGED = "scheduled_6h"
"""The trigger reason of a snapshot that reports no change since the one before."""
TRIGGER_REASONS = (UNCHANGED, "regime_shift", "trigger_activation", "corridor_break", "leverage_shift")
LANE_SUM_TOLERANCE = 0.002


def problems(document: Any) -> list[str]:
    """What is wrong with a snapshot document, one line each, ``path: problem``; an empty list when it is valid."""
    found = list(_DOCUMENT(document, "snapshot"))
    return found or [*_lane_sums(document), *_validity(document)]


_SEMVER = matching(re.compile(r"[0-9]+\.[0-9]+\.[0-9]+"))
_UNIT = number(0, 1, decimals=3)
_INSTANT = whole(0)
_IDS = list_of(text())
_LANES = ("base", "escalation", "containment", "fragmentation")
_FEED_KEYS = list_of(one_of(*DATA_KEYS), most=len(DATA_KEYS))
_STEP_REGIONS = list_of(one_of(*REGION_IDS))


def _driver(orientation: str) -> Check:
    return record(
        axis=one_of(*AXES),
        description=text(),
        magnitude=_UNIT,
        evidence_ids=_IDS,
        orientation=one_of(orientation),
    )


_TRIGGER = record(
    id=text(),
    description=text(),
    threshold=record(
        metric=text(),
        operator=one_of("gt", "gte", "lt", "lte", "delta_gt", "delta_lt"),
        value=number(),
        window_minutes=whole(0),
        baseline=one_of("trailing_7d", "trailing_30d", "fixed"),
    ),
    activated=boolean,
    activated_at=_INSTANT,
    scenario_lane=one_of(*_LANES),
    evidence_ids=_IDS,
)

_TRANSMISSION = record(
    start=text(),
    mechanism=text(),
    end=text(),
    severity=one_of("critical", "high", "medium", "low"),
    corridor_id=one_of(*(corridor.id for corridor in CORRIDORS)),
    confidence=number(0, 1),
    latency_hours=whole(0),
    impacted_asset_class=text(),
    impacted_regions=_STEP_REGIONS,
    magnitude_low=number(),
    magnitude_high=number(),
    magnitude_unit=text(),
    template_id=text(),
    template_version=_SEMVER,
)

_NARRATIVE_SECTION = record(text=text(10_000), evidence_ids=_IDS)

_DOCUMENT = record(
    region_id=one_of(*REGION_IDS),
    generated_at=_INSTANT,
    meta=record(
        snapshot_id=matching(ID_PATTERN),
        seal=one_of("sha256-12"),
        method=text(),
        model_version=_SEMVER,
        scoring_version=_SEMVER,
        geography_version=_SEMVER,
        snapshot_confidence=_UNIT,
        missing_inputs=_FEED_KEYS,
        stale_inputs=_FEED_KEYS,
        valid_until=_INSTANT,
        trigger_reason=one_of(*TRIGGER_REASONS),
        previous_id=text(),
        inputs=text(),
        sample=boolean,
        narrative_provider=text(),
        narrative_model=text(),
    ),
    regime=record(
        label=one_of(*REGIME_LABELS),
        previous_label=one_of("", *REGIME_LABELS),
        transitioned_at=_INSTANT,
        transition_driver=one_of("", *TRIGGER_REASONS),
    ),
    balance=record(
        **dict.fromkeys(AXES, _UNIT),
        net_balance=number(-1, 1, decimals=3),
        pressures=list_of(_driver("pressure")),
        buffers=list_of(_driver("buffer")),
    ),
    actors=list_of(
        record(
            actor_id=text(),
            name=text(),
            role=one_of("aggressor", "stabilizer", "swing", "broker"),
            leverage_domains=list_of(one_of("energy", "military", "diplomatic", "economic", "maritime"), most=5),
            leverage_score=_UNIT,
            delta=number(),
            evidence_ids=list_of(text(brackets=True), most=5),
        ),
        most=10,
    ),
    leverage_edges=list_of(
        record(
            from_actor_id=text(),
            to_actor_id=text(),
            mechanism=one_of("sanctions", "naval_posture", "energy_supply", "alliance_shift", "trade_friction"),
            strength=number(0, 1),
            evidence_ids=_IDS,
        ),
        exactly=0,
    ),
    scenario_sets=list_of(
        record(
            horizon=one_of("24h", "7d", "30d"),
            lanes=list_of(
                record(
                    name=one_of(*_LANES),
                    probability=_UNIT,
                    trigger_ids=_IDS,
                    consequences=list_of(text()),
                    transmissions=list_of(text()),
                ),
                exactly=4,
            ),
        ),
        exactly=3,
    ),
    transmission_paths=list_of(_TRANSMISSION),
    triggers=record(active=list_of(_TRIGGER), watching=list_of(_TRIGGER), dormant=list_of(_TRIGGER)),
    mobility=record(
        airspace=list_of(
            record(airspace_id=text(), status=one_of("open", "restricted", "closed"), reason=text()), most=1
        ),
        flight_corridors=list_of(
            record(corridor=text(), stress_level=text(), rerouted_flights_24h=whole(0)), exactly=0
        ),
        airports=list_of(
            record(
                icao=text(), name=text(), status=one_of("normal", "disrupted", "closed"), disruption_reason=text()
            )
        ),
        reroute_intensity=number(0, 1),
        notam_closures=list_of(text()),
    ),
    evidence=list_of(
        record(
            id=text(),
            type=one_of(
                "vessel_track", "flight_surge", "news_headline", "cii_spike",
                "chokepoint_status", "sanctions_move", "market_signal", "mobility_disruption",
            ),
            source=text(),
            summary=text(),
            confidence=number(),
            observed_at=whole(),
            theater=text(),
            corridor=text(),
        ),
        most=30,
    ),
    narrative=record(
        situation=_NARRATIVE_SECTION,
        balance_assessment=_NARRATIVE_SECTION,
        outlook_24h=_NARRATIVE_SECTION,
        outlook_7d=_NARRATIVE_SECTION,
        outlook_30d=_NARRATIVE_SECTION,
        watch_items=list_of(_NARRATIVE_SECTION),
    ),
)  # fmt: skip


def _lane_sums(document: dict[str, Any]) -> Iterator[str]:
    for scenario in document["scenario_sets"]:
        whole_sum = sum(lane["probability"] for lane in scenario["lanes"])
        if abs(whole_sum - 1) > LANE_SUM_TOLERANCE + 1e-9:
            yield f"snapshot.scenario_sets: the lanes of {scenario['horizon']} sum to {whole_sum:g}"


def _validity(document: dict[str, Any]) -> Iterator[str]:
    after = document["meta"]["valid_until"] - document["generated_at"]
    if not 0 <= after <= MAX_VALIDITY_MS:
        yield "snapshot.meta.valid_until: not between generated_at and six hours later"
