"""Scoring from files: no Redis, no clock. The same input gives the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.scoring.parity.snapshot import Previous, score_regions


def compute_file(path: Path) -> dict[str, Any]:
    """``{region: {snapshot, diff}}`` of one file ``{now_ms, sources, metaSources, previous}``, or of a case with that
    as its member ``input``. Raises ``OSError`` or ``ValueError``, whose text says what is wrong.
    """
    try:
        case = json.loads(path.read_bytes())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if isinstance(case, dict) and isinstance(case.get("input"), dict):
        case = case["input"]
    if not isinstance(case, dict) or not isinstance(case.get("now_ms"), int) or isinstance(case["now_ms"], bool):
        raise ValueError("expected an object with now_ms (whole milliseconds), sources, metaSources and previous")
    sources, metas, previous = (_mapping(case, name) for name in ("sources", "metaSources", "previous"))
    feeds = Feeds.parse(sources, metas, case["now_ms"])
    before = {region: Previous(document) for region, document in previous.items() if document is not None}
    scored = score_regions(REGION_IDS, feeds, before, case["now_ms"])
    return {region: {"snapshot": entry.snapshot.document, "diff": entry.changes} for region, entry in scored.items()}


def _mapping(case: dict[str, Any], name: str) -> dict[str, Any]:
    value = case.get(name)
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")
    return value or {}
