"""Feeds about sea corridors: the state of chokepoints and the traffic through them.

Source: the pipeline specification, section 3.4 (keys 3 and 4), 3.5 and 3.6 (what producers really publish).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.shapes.reading import Entry, Reading, UnfitEntryError
from regional_snapshots.model.values import clean, number

PUBLISHED_IDS = {"hormuz_strait": "hormuz", "bab_el_mandeb": "babelm", "malacca_strait": "malacca"}
"""Ids that producers publish -> ids that corridors are looked up by."""

_LEVEL_OF_SCORE = ((70, "war_zone"), (40, "critical"), (30, "high"), (15, "elevated"))
_LEVEL_OF_COLOUR = {"green": "normal", "yellow": "elevated", "red": "high"}


@dataclass(frozen=True, slots=True)
class Chokepoint:
    """State of a chokepoint. ``threat`` is the published or translated level in lower case, None when there is none,
    and ``threat_label`` the same cleaned for display; ``published_threat`` and ``status`` are as published, in lower
    case, or None. ``id`` is as published (or translated), ``name`` is cleaned. ``disruption`` is 0 to 100,
    ``flow_ratio`` the flow as a share of the usual one; either may be None."""

    id: str
    name: str
    threat: str | None
    threat_label: str
    published_threat: str | None
    status: str | None
    disruption: float | None
    flow_ratio: float | None


@dataclass(frozen=True, slots=True)
class Transit:
    """Traffic through a chokepoint: change on the week before in percent, and ships today, or None. An entry that is
    not ``measured`` was filled with zeros by its producer."""

    change_pct: float | None
    today_total: float | None
    measured: bool


def chokepoints(payload: Any, reading: Reading) -> tuple[Chokepoint, ...]:
    """Key 3: ``chokepoints[]``, either with threatLevel or with disruptionScore or a status colour."""
    listed = reading.member(payload, "chokepoints", list)
    ids = {e["id"] for e in listed if isinstance(e, Mapping) and isinstance(e.get("id"), str)}
    translated: dict[str, int] = {}

    def build(entry: Entry) -> Chokepoint:
        identity = reading.text(entry, "id")
        if not identity:
            raise UnfitEntryError("id is missing")
        level, status = (_lower(reading.text(entry, field)) for field in ("threatLevel", "status"))
        threat, source = _threat(level, status, entry)
        if source:
            translated[source] = translated.get(source, 0) + 1
        name = clean(reading.text(entry, "name")) or clean(identity)
        flow = entry.get("flowEstimate")
        return Chokepoint(
            id=_known_id(identity, ids),
            name=name,
            threat=threat,
            threat_label=clean(threat, 60).replace("_", " "),
            published_threat=level,
            status=status,
            disruption=reading.optional(entry, "disruptionScore"),
            flow_ratio=reading.optional(flow, "flowRatio") if isinstance(flow, Mapping) else None,
        )

    rows = reading.rows(payload, "chokepoints", build) if listed else ()
    _note_ids(ids, reading)
    for source, count in sorted(translated.items()):
        reading.note(f"threatLevel not published: {source} read as threat level for {count} chokepoints")
    return rows


def transits(payload: Any, reading: Reading) -> dict[str, Transit]:
    """Key 4: ``summaries{id}`` by chokepoint id."""
    summaries = reading.member(payload, "summaries", dict)
    found: dict[str, Transit] = {}
    empty = 0
    for identity, entry in summaries.items():
        if not isinstance(entry, Mapping):
            reading.reject("entry is not an object")
            continue
        empty += entry.get("dataAvailable") is False
        found[_known_id(identity, summaries)] = Transit(
            change_pct=reading.optional(entry, "wowChangePct"),
            today_total=reading.optional(entry, "todayTotal"),
            measured=entry.get("dataAvailable") is not False,
        )
    reading.used = len(found)
    _note_ids(summaries, reading)
    if empty:
        reading.note(f"{empty} chokepoints are published without data (filled with zeros)")
    return found


def _known_id(identity: str, published: Collection[str]) -> str:
    known = PUBLISHED_IDS.get(identity, identity)
    return identity if known in published else known


def _note_ids(published: Collection[str], reading: Reading) -> None:
    read_as = [
        f"{raw} as {known}" for raw, known in PUBLISHED_IDS.items() if raw in published and known not in published
    ]
    if read_as:
        reading.note(f"ids read: {', '.join(read_as)}")


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _threat(level: str | None, status: str | None, entry: Entry) -> tuple[str | None, str]:
    """(threat level, the field it was translated from or "")."""
    if level is not None:
        return level, ""
    score = number(entry.get("disruptionScore"))
    if score is not None:
        return next((name for least, name in _LEVEL_OF_SCORE if score >= least), "normal"), "disruptionScore"
    if status in _LEVEL_OF_COLOUR:
        return _LEVEL_OF_COLOUR[status], "status"
    return None, ""
