"""Scoring from files: no Redis, no clock. The same input gives the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGION_IDS, REGIONS
from regional_snapshots.model.series import DamagedRowError, SeriesRow
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.scoring.scored import Previous


def compute_file(path: Path, method: str) -> dict[str, Any] | list[dict[str, Any]]:
    """``{region: {snapshot, diff}}`` of one file ``{now_ms, sources, metaSources, previous, series, regions}``, or of a
    case with that as its member ``input``; a list of such objects for a case with ``steps``, one a step.

    ``regions`` are the regions to score (default: all), ``previous`` and ``series`` what is known of any of them.
    Raises ``OSError`` or ``ValueError``, whose text says what is wrong.
    """
    try:
        case = json.loads(path.read_bytes())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if isinstance(case, dict) and isinstance(case.get("steps"), list):
        return [_compute(step, method) for step in case["steps"]]
    return _compute(case["input"] if isinstance(case, dict) and isinstance(case.get("input"), dict) else case, method)


def _compute(case: Any, method: str) -> dict[str, Any]:
    if not isinstance(case, dict) or not isinstance(case.get("now_ms"), int) or isinstance(case["now_ms"], bool):
        raise ValueError("expected an object with now_ms (whole milliseconds), sources, metaSources and previous")
    sources, metas, previous = (_mapping(case, name) for name in ("sources", "metaSources", "previous"))
    now_ms = case["now_ms"]
    scored = METHODS[method].score_regions(
        _regions(case),
        Feeds.parse(sources, metas, now_ms, energy=METHODS[method].energy_feed),
        {region: Previous(document) for region, document in previous.items() if document is not None},
        {region: _rows(rows) for region, rows in _mapping(case, "series").items()},
        now_ms,
    )
    return {region: {"snapshot": entry.snapshot.document, "diff": entry.changes} for region, entry in scored.items()}


def _regions(case: dict[str, Any]) -> list[str]:
    asked = case.get("regions")
    if asked is None:
        return list(REGION_IDS)
    unknown = [region for region in asked if region not in REGIONS] if isinstance(asked, list) else [asked]
    if unknown:
        raise ValueError(f"regions must be a list of region ids, not {unknown[0]!r}")
    return [str(region) for region in asked]


def _rows(rows: Any) -> list[SeriesRow]:
    if not isinstance(rows, list):
        raise ValueError("series must hold a list of rows for each region")
    try:
        return [SeriesRow.of(row) for row in rows]
    except DamagedRowError as error:
        raise ValueError(f"series: {error}") from None


def _mapping(case: dict[str, Any], name: str) -> dict[str, Any]:
    value = case.get(name)
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")
    return value or {}
