"""A small document to narrate."""

from __future__ import annotations

from typing import Any

SIGNAL = "sig-1"


def document(
    region: str = "mena", summary: str = "Missile strikes reported near Hodeidah", **changes: Any
) -> dict[str, Any]:
    """A snapshot document with one signal, one driver, one trigger and a scenario."""
    driver = {"axis": "coercive_pressure", "description": "signals", "magnitude": 0.7, "evidence_ids": [SIGNAL],
              "orientation": "pressure"}  # fmt: skip
    lanes = [
        {"name": "base", "probability": 0.2, "trigger_ids": [], "consequences": [], "transmissions": []},
        {"name": "escalation", "probability": 0.8, "trigger_ids": [], "consequences": [], "transmissions": []},
    ]
    return {
        "region_id": region,
        "generated_at": 1_779_983_400_000,
        "meta": {},
        "regime": {"label": "escalation_ladder", "previous_label": "calm"},
        "balance": {"coercive_pressure": 0.71, "capital_stress": None, "net_balance": -0.35, "pressures": [driver],
                    "buffers": []},
        "actors": [{"name": "Iran", "role": "aggressor", "leverage_score": 0.4}],
        "scenario_sets": [{"horizon": "7d", "lanes": lanes}],
        "transmission_paths": [],
        "triggers": {"active": [{"id": "red_sea_critical", "description": "threat in the Red Sea"}]},
        "evidence": [{"id": SIGNAL, "type": "market_signal", "summary": summary, "confidence": 0.9}],
    } | changes  # fmt: skip


def answer(text: str, ids: tuple[str, ...] = (SIGNAL,)) -> dict[str, Any]:
    """An answer whose situation is this text, and nothing else."""
    return {"situation": {"text": text, "evidence_ids": list(ids)}}
