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
    and ``threat_label`` the same cleaned for display; ``status`` is the published status in lower case, which only the
    balance falls back to. ``id`` is as published (or translated), ``name`` is cleaned."""

    id: str
    name: str
    threat: str | None
    threat_label: str
    status: str | None


@dataclass(frozen=True, slots=True)
class Transit:
    """Traffic through a chokepoint: change on the week before in percent, and ships today."""

    change_pct: float
    today_total: float


def chokepoints(payload: Any, reading: Reading) -> tuple[Chokepoint, ...]:
    """Key 3: ``chokepoints[]``, either with threatLevel or with disruptionScore or a status colour."""
    listed = reading.member(payload, "chokepoints", list)
    ids = {e["id"] for e in listed if isinstance(e, Mapping) and isinstance(e.get("id"), str)}
    translated: dict[str, int] = {}

    def build(entry: Entry) -> Chokepoint:
        identity = reading.text(entry, "id")
        if not identity:
            raise UnfitEntryError("id is missing")
        threat, source = _threat(entry, reading)
        if source:
            translated[source] = translated.get(source, 0) + 1
        status = reading.text(entry, "status")
        name = clean(reading.text(entry, "name")) or clean(identity)
        return Chokepoint(
            id=_known_id(identity, ids),
            name=name,
            threat=threat,
            threat_label=clean(threat, 60).replace("_", " "),
            status=None if status is None else status.lower(),
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
            change_pct=reading.number(entry, "wowChangePct", 0.0),
            today_total=reading.number(entry, "todayTotal", 0.0),
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


def _threat(entry: Entry, reading: Reading) -> tuple[str | None, str]:
    """(threat level, the field it was translated from or "")."""
    level = reading.text(entry, "threatLevel")
    if level is not None:
        return level.lower(), ""
    score = number(entry.get("disruptionScore"))
    if score is not None:
        return next((name for least, name in _LEVEL_OF_SCORE if score >= least), "normal"), "disruptionScore"
    colour = entry.get("status")
    if isinstance(colour, str) and colour.lower() in _LEVEL_OF_COLOUR:
        return _LEVEL_OF_COLOUR[colour.lower()], "status"
    return None, ""
