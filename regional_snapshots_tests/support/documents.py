"""Small snapshot documents for tests of the store: as short as the type allows."""

from __future__ import annotations

from typing import Any

from regional_snapshots.model.document.words import HORIZONS, LANES
from regional_snapshots.model.snapshot import AXES, Snapshot


def snapshot(region: str = "latam", generated_at: int = 0, **options: Any) -> Snapshot:
    """A sealed and valid snapshot; ``options`` are those of :func:`document`."""
    return Snapshot.seal(document(region, generated_at, **options))


def document(
    region: str = "latam", generated_at: int = 0, *, reason: str = "scheduled_6h", valid_ms: int = 0, **notes: Any
) -> dict[str, Any]:
    """A document of a region of which the feeds say nothing, not yet sealed.

    ``notes`` stand in its narrative and make its content differ; ``valid_ms``: how long it is valid.
    """
    text = " ".join(f"{name}: {note}" for name, note in notes.items())
    return {
        "region_id": region,
        "generated_at": generated_at,
        "meta": {
            "snapshot_id": "",
            "seal": "sha256-12",
            "method": "1.1",
            "model_version": "1.0.0",
            "scoring_version": "1.1.0",
            "geography_version": "1.0.0",
            "snapshot_confidence": 0.5,
            "missing_inputs": [],
            "stale_inputs": [],
            "valid_until": generated_at + valid_ms,
            "trigger_reason": reason,
            "previous_id": "",
            "inputs": "",
            "sample": False,
            "narrative_provider": "",
            "narrative_model": "",
        },
        "regime": {"label": "calm", "previous_label": "", "transitioned_at": 0, "transition_driver": ""},
        "balance": dict.fromkeys(AXES, 0.5) | {"net_balance": 0.0, "pressures": [], "buffers": []},
        "actors": [],
        "leverage_edges": [],
        "scenario_sets": [{"horizon": horizon, "lanes": _lanes()} for horizon in HORIZONS],
        "transmission_paths": [],
        "triggers": {"active": [], "watching": [], "dormant": []},
        "mobility": {
            "airspace": [],
            "flight_corridors": [],
            "airports": [],
            "reroute_intensity": 0.0,
            "notam_closures": [],
        },
        "evidence": [],
        "narrative": {
            "situation": {"text": text, "evidence_ids": []},
            **{name: {"text": "", "evidence_ids": []} for name in _SECTIONS},
            "watch_items": [],
        },
    }


_SECTIONS = ("balance_assessment", "outlook_24h", "outlook_7d", "outlook_30d")


def _lanes() -> list[dict[str, Any]]:
    return [
        {
            "name": lane,
            "probability": 1.0 if lane == "base" else 0.0,
            "trigger_ids": [],
            "consequences": [],
            "transmissions": [],
        }
        for lane in LANES
    ]


def method2_document(region: str, generated_at: int) -> dict[str, Any]:
    """A document of method 2 with every member of its own: one corridor, one driver, one trigger, some unknowns."""
    bare = document(region, generated_at, valid_ms=3_600_000)
    known = {"n": 112, "median": 0.3, "mad": 0.02, "p10": 0.2, "p90": 0.5, "z": -1.57, "percentile": 0.7}
    driver = {
        "axis": "coercive_pressure", "component": "signals", "description": "One signal", "orientation": "pressure",
        "magnitude": 0.25, "weight": 0.45, "contribution": 0.173, "coverage": 1.0, "evidence_ids": ["xss:1"],
    }  # fmt: skip
    trigger = {
        "id": "hormuz_threat",
        "description": "The strait is threatened",
        "threshold": {
            "metric": "chokepoint:hormuz:threat", "operator": "gte", "value": 0.6, "window_minutes": 60,
            "baseline": "fixed",
        },
        "activated": True, "activated_at": generated_at, "scenario_lane": "escalation",
        "evidence_ids": ["feed:supply_chain:chokepoints:v4@0123456789abcdef"],
        "value": 0.7, "distance": 0.1, "data": "fresh",
    }  # fmt: skip
    axes = tuple(axis for axis in AXES if axis != "energy_leverage")
    lane = {"n": 1, "low": 0.5, "high": 0.5, "point": 0.5}
    unspoken = {"n": 0, "low": None, "high": None, "point": None}
    bare["meta"] |= {"scoring_version": "2.0.0", "method": "2"}
    bare["regime"] |= {"label": "undetermined", "pending": {"label": "calm", "since": generated_at}}
    bare["balance"] |= {
        "maritime_access": None,
        "coverage": {**dict.fromkeys(axes, 1.0), "maritime_access": None},
        "assumed_buffers": False,
        "structural": ["energy_leverage"],
        "pressures": [driver],
    }
    bare["corridors"] = [
        {
            "id": "hormuz", "openness": 0.3, "throughput": None, "basis": "none", "access": 0.3, "today_total": 14,
            "observed_at": generated_at,
        }
    ]  # fmt: skip
    bare["baseline"] = {axis: {"n": 3, "reason": "too few rows"} for axis in axes} | {"net_balance": known}
    for scenario in bare["scenario_sets"]:
        scenario["lanes"] = [one | (lane if one["name"] == "escalation" else unspoken) for one in scenario["lanes"]]
    bare["triggers"]["active"] = [trigger]
    bare["mobility"]["airspace"] = [{"airspace_id": "gpsjam:mena", "status": "degraded", "reason": "jammed"}]
    bare["evidence"] = [
        {
            "id": "forecast:f1", "type": "forecast", "source": "forecast", "summary": "A forecast", "confidence": 0.7,
            "observed_at": generated_at, "theater": "", "corridor": "",
        }
    ]  # fmt: skip
    return bare
