"""Documents, rows and events to tell stories of, as method 2 writes them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from regional_snapshots.model.events import Event
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.report.story import Story, story

NOW = 1_790_229_600_000
"""2026-09-24 06:00 UTC."""
SIX_HOURS = 6 * 3_600_000
DAY = 4 * SIX_HOURS
SIGNALS = "intelligence:cross-source-signals:v1"

AXES = {
    "coercive_pressure": 0.06,
    "domestic_fragility": 0.50,
    "capital_stress": 0.26,
    "energy_vulnerability": 0.20,
    "alliance_cohesion": 0.90,
    "maritime_access": 0.97,
}

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></svg><svg onload=alert(1)>",
    "![x](https://evil.example/x.png)",
    "[click](javascript:alert(1)) **bold** `code` | cell | <b>",
    "https://evil.example/a www.evil.example mailto:me@evil.example",
    "\u202egnp.exe\u202c\u200b\x1b[31mred\x07\r\n# heading\n- item",
    "{{ 7 * 7 }}{% raw %}",
    "--> ]]> &lt;script&gt; &amp;",
)
"""Texts that must be shown as what they are."""


def document(region: str = "mena", *, at: int = NOW, **members: Any) -> dict[str, Any]:
    """A calm region of which everything is known. Keywords replace axes (by name), ``label``, or blocks of meta."""
    axes = {**AXES, **{name: members.pop(name) for name in AXES if name in members}}
    label, since = members.pop("label", "calm"), members.pop("since", at)
    coverage = {name: 1.0 if value is not None else 0.0 for name, value in axes.items()}
    return {
        "region_id": region,
        "generated_at": at,
        "meta": {
            "snapshot_id": f"{at:012x}-000000000000",
            "method": "2",
            "scoring_version": "2.0.0",
            "snapshot_confidence": 0.9,
            "missing_inputs": members.pop("missing", []),
            "stale_inputs": members.pop("stale", []),
            "valid_until": at + SIX_HOURS,
            "trigger_reason": "scheduled_6h",
        },
        "regime": {
            "label": label,
            "previous_label": "",
            "transitioned_at": since,
            "transition_driver": "",
            "pending": None,
        },
        "balance": {
            **axes,
            "energy_leverage": 1.0,
            "net_balance": members.pop("net", 0.5),
            "coverage": coverage,
            "assumed_buffers": False,
            "pressures": members.pop("pressures", []),
            "buffers": members.pop("buffers", []),
        },
        "triggers": {"active": [], "watching": [], "dormant": []},
        "scenario_sets": [],
        "transmission_paths": [],
        "actors": [],
        "evidence": [],
        **members,
    }


def driver(component: str = "signals", axis: str = "coercive_pressure", **members: Any) -> dict[str, Any]:
    """One measured component of an axis."""
    return {
        "axis": axis,
        "component": component,
        "description": "3 critical, 6 high",
        "magnitude": 1.0,
        "weight": 0.45,
        "contribution": 0.45,
        "coverage": 1.0,
        "evidence_ids": [],
        "orientation": "pressure",
        **members,
    }


def trigger(name: str = "red_sea_critical", **members: Any) -> dict[str, Any]:
    """An active trigger."""
    return {
        "id": name,
        "description": "The threat at Bab el-Mandeb is critical or worse",
        "threshold": {"metric": "m", "operator": "gte", "value": 0.8, "window_minutes": 60, "baseline": "fixed"},
        "activated": True,
        "activated_at": NOW,
        "value": 0.85,
        "distance": 0.05,
        "data": "fresh",
        **members,
    }


def row(before_now: int, *, regime: str = "calm", net: float | None = 0.5, **axes: float | None) -> SeriesRow:
    """A row so many buckets of six hours before now."""
    at = NOW - before_now * SIX_HOURS
    return SeriesRow(at, "2", {**AXES, **axes}, net, regime, {}, {}, f"{at:012x}-000000000000")


def rows(count: int = 112, **axes: float | None) -> list[SeriesRow]:
    """Rows of the last ``count`` buckets, oldest first: 112 are 28 days. The axes move a little, as they do."""
    values: dict[str, float | None] = {**AXES, **axes}
    return [
        row(number, **{name: None if it is None else max(it - number % 4 / 100, 0.0) for name, it in values.items()})
        for number in range(count, 0, -1)
    ]


def event(
    kind: str = "regime_shift", subject: str = "regime", *, at: int = NOW, severity: str = "info", **members: Any
) -> Event:
    """An event of mena."""
    sides = {"before": None, "after": None, **members}
    return Event(
        kind,
        severity,
        "mena",
        subject,
        sides["before"],
        sides["after"],
        None,
        at,
        f"{at:012x}-000000000000",
        "",
        "2",
        0.9,
    )


def world(count: int, **members: Any) -> list[Story]:
    """So many regions that no table knows, all alike, with a week of rows."""
    week = rows(28)
    return [story(document(f"region-{number:03}", **copy.deepcopy(members)), None, week) for number in range(count)]


def crisis(rows_before: Sequence[SeriesRow] = ()) -> Story:
    """The sentence of the issue: a ladder since this morning, an access lower than ever, one pressure unknown."""
    now = document(label="escalation_ladder", coercive_pressure=0.80, maritime_access=0.37, energy_vulnerability=None)
    before = document(at=NOW - SIX_HOURS)
    return story(now, before, rows_before or rows())


def hostile_document(region: str = "mena") -> dict[str, Any]:
    """A document whose every foreign text is hostile."""
    bad = " ".join(HOSTILE)
    return document(
        region,
        label="escalation_ladder",
        coercive_pressure=0.9,
        pressures=[driver(description=text) for text in HOSTILE],
        buffers=[driver(text, "maritime_access", description=text) for text in HOSTILE],
        triggers={"active": [trigger(text, description=text) for text in HOSTILE], "watching": [], "dormant": []},
        scenario_sets=[{"horizon": bad, "lanes": [{"name": bad, "probability": 0.5, "low": 0.1, "high": 0.9, "n": 2}]}],
        transmission_paths=[
            {"start": bad, "mechanism": bad, "end": bad, "magnitude_low": 1, "magnitude_high": 2, "magnitude_unit": bad,
             "confidence": 0.5, "latency_hours": 3, "impacted_regions": [bad], "origin": bad}
        ],
        actors=[{"name": bad, "role": bad, "leverage_score": 0.5}],
        evidence=[{"id": bad, "type": bad, "source": bad, "summary": text, "observed_at": NOW} for text in HOSTILE],
        corridors=[{"id": bad, "access": 0.2, "openness": 0.2, "throughput": 0.1, "basis": bad}],
        missing=[bad],
        stale=[bad],
    )  # fmt: skip
