"""The worlds of a replay: an authored crisis as a small table, expanded to the feed documents of each of its steps.

Every figure is illustrative, and every document says so. Source of the table: method 2, section 12.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from regional_snapshots.model.countries import ISO2_OF
from regional_snapshots.model.feeds import FEEDS, MINUTE_MS
from regional_snapshots.model.regions import REGIONS

HOUR_MS = 60 * MINUTE_MS
STEP_MS = 6 * HOUR_MS
FEED_AGE_MS = MINUTE_MS
"""How old every document is when the step is scored."""

NAMES = ("red-sea",)
"""The replays there are: the directories of ``sample/replay/``."""

USUAL_SCORE, USUAL_DEBT_PCT, USUAL_IMPORT_PCT, USUAL_FILL_PCT, USUAL_COVER_DAYS = 40, 60, 20, 80, 90

OPEN_STRAITS = ("hormuz_strait", "taiwan_strait", "bosphorus", "malacca_strait", "panama")

KEY_COUNTRIES = tuple(sorted({iso2 for region in REGIONS.values() for iso2 in region.key_countries}))

CRITICAL_SIGNALS = (
    ("MISSILE_LAUNCH", "Missiles are fired at a merchant ship"),
    ("VESSEL_HIT", "A tanker reports a hit above the waterline"),
    ("VESSEL_SEIZED", "Armed men board a container ship"),
)
HIGH_SIGNALS = (
    ("NAVAL_ACTIVITY", "Warships gather off Hodeidah"),
    ("VESSEL_DIVERSION", "Container lines send ships round the Cape"),
    ("INSURANCE_JUMP", "War-risk premiums rise"),
    ("UNREST_SURGE", "Protests in the ports"),
    ("DRONE_SIGHTING", "Drones are seen near the shipping lane"),
    ("TRACKING_LOSS", "Ships switch off their transponders"),
)
"""Type and wording of the signals, in the order in which they come."""

RISING_TITLE, FALLING_TITLE = "More attacks on shipping", "Attacks on shipping subside"
CASE_FILE = {
    "summary": "A coalition of navies answers with convoys.",
    "actors": [
        {"name": "Houthis", "role": "aggressor", "influenceScore": 70},
        {"name": "Escort coalition", "role": "stabilizer", "influenceScore": 60},
    ],
}


@dataclass(frozen=True)
class Phase:
    """One phase of the crisis, as its row has it. Scores, indices and shares as the feeds state them."""

    phase: str
    story: str
    steps: int
    babelm: int
    suez: int
    flow: float
    today: int
    critical: int
    high: int
    rising: int
    falling: int
    yemen: int
    alerts: int
    stress: int
    jammed: int
    flights: int


def phases(name: str) -> tuple[Phase, ...]:
    """The phase of every step of a replay, in order. Raises ``KeyError`` for a replay that there is not."""
    if name not in NAMES:
        raise KeyError(name)
    text = (files("regional_snapshots") / "sample" / "replay" / name / "phases.csv").read_text(encoding="utf-8")
    rows = [_phase(row) for row in csv.DictReader(text.splitlines())]
    return tuple(phase for phase in rows for _ in range(phase.steps))


def _phase(row: dict[str, str]) -> Phase:
    texts = ("phase", "story")
    numbers = {name: float(value) if name == "flow" else int(value) for name, value in row.items() if name not in texts}
    return Phase(phase=row["phase"], story=row["story"], **numbers)  # type: ignore[arg-type]


def world(phase: Phase, now_ms: int) -> dict[str, Any]:
    """The documents of all feeds at one step, by key, companions included; all of them a minute old."""
    made_ms = now_ms - FEED_AGE_MS
    label = {"source": "illustrative: authored for a replay", "as_of": phase.phase, "note": phase.story}
    documents: dict[str, Any] = {}
    for spec in FEEDS:
        if spec.name in _DOCUMENTS:
            document = _DOCUMENTS[spec.name](phase, made_ms)
            if spec.name == "energy_mix":  # its members are countries: label and time stand beside them
                documents[spec.key] = {"_seed": {"fetchedAt": made_ms}, "_sample": label, "data": document}
            else:
                documents[spec.key] = {"_sample": label, "fetchedAt": made_ms, **document}
        if spec.meta_key:
            documents[spec.meta_key] = {"fetchedAt": made_ms}
    return documents


def _country_scores(phase: Phase, made_ms: int) -> dict[str, Any]:
    return {
        "ciiScores": [
            {
                "region": iso2,
                "combinedScore": phase.yemen if iso2 == "YE" else USUAL_SCORE,
                "trend": "TREND_DIRECTION_STABLE",
                "computedAt": made_ms,
            }
            for iso2 in KEY_COUNTRIES
        ]
    }


def _forecasts(phase: Phase, made_ms: int) -> dict[str, Any]:
    lanes = [("rising", RISING_TITLE)] * phase.rising + [("falling", FALLING_TITLE)] * phase.falling
    return {
        "predictions": [
            {
                "id": f"replay-forecast-{number}",
                "region": "Middle East",
                "domain": "military",
                "trend": trend,
                "probability": 0.5,
                "confidence": 0.6,
                "timeHorizon": "7d",
                "title": title,
                "updatedAt": made_ms,
                "caseFile": CASE_FILE,
            }
            for number, (trend, title) in enumerate(lanes, 1)
        ]
    }


def _chokepoints(phase: Phase, _: int) -> dict[str, Any]:
    straits = {
        **dict.fromkeys(OPEN_STRAITS, (0, 1.0)),
        "suez": (phase.suez, phase.flow),
        "bab_el_mandeb": (phase.babelm, phase.flow),
    }
    return {
        "chokepoints": [
            {
                "id": strait,
                "name": strait.replace("_", " ").title(),
                "disruptionScore": score,
                "flowEstimate": {"flowRatio": flow},
            }
            for strait, (score, flow) in straits.items()
        ]
    }


def _transits(phase: Phase, _: int) -> dict[str, Any]:
    return {"summaries": {strait: {"todayTotal": phase.today} for strait in ("bab_el_mandeb", "suez")}}


def _signals(phase: Phase, made_ms: int) -> dict[str, Any]:
    rows = [("CRITICAL", *signal) for signal in CRITICAL_SIGNALS[: phase.critical]]
    rows += [("HIGH", *signal) for signal in HIGH_SIGNALS[: phase.high]]
    return {
        "signals": [
            {
                "id": f"replay-signal-{number}",
                "type": f"CROSS_SOURCE_SIGNAL_TYPE_{kind}",
                "theater": "Red Sea",
                "severity": f"CROSS_SOURCE_SIGNAL_SEVERITY_{severity}",
                "summary": summary,
                "detectedAt": made_ms - HOUR_MS,
            }
            for number, (severity, kind, summary) in enumerate(rows, 1)
        ]
    }


def _notices(_: Phase, __: int) -> dict[str, Any]:
    return {"closedIcaos": ["OYSN"], "restrictedIcaos": [], "reasons": {"OYSN": "Closed to scheduled traffic"}}


def _airports(_: Phase, __: int) -> dict[str, Any]:
    sanaa = {"icao": "OYSN", "iata": "SAH", "name": "Sanaa International", "country": "Yemen"}
    return {"alerts": [{**sanaa, "region": "AIRPORT_REGION_MENA", "severity": "FLIGHT_DELAY_SEVERITY_SEVERE"}]}


def _hexes(phase: Phase, _: int) -> dict[str, Any]:
    cells = [{"lat": 12.5 + n / 4, "lon": 43.0, "region": "yemen-horn", "level": "high"} for n in range(phase.jammed)]
    return {"hexes": cells}


def _flights(phase: Phase, _: int) -> dict[str, Any]:
    return {"flights": [{"lat": 13.0 + n / 4, "lon": 42.5 - n / 8} for n in range(phase.flights)]}


_DOCUMENTS: dict[str, Callable[[Phase, int], dict[str, Any]]] = {
    "country_scores": _country_scores,
    "forecasts": _forecasts,
    "chokepoints": _chokepoints,
    "transits": _transits,
    "signals": _signals,
    "alert_count": lambda phase, _: {"activeAlertCount": phase.alerts},
    "macro_verdict": lambda _, __: {"verdict": "UNKNOWN"},
    "debts": lambda _, __: {"entries": [{"iso3": code, "debtToGdp": USUAL_DEBT_PCT} for code in _iso3(KEY_COUNTRIES)]},
    "stress": lambda phase, _: {"compositeScore": phase.stress, "label": phase.phase},
    "energy_mix": lambda _, __: {iso2: {"importShare": USUAL_IMPORT_PCT} for iso2 in KEY_COUNTRIES},
    "gas_fill": lambda _, __: {"fillPct": USUAL_FILL_PCT},
    "days_of_cover": lambda _, __: {"daysOfCover": USUAL_COVER_DAYS},
    "faa_airports": lambda _, __: {"alerts": []},
    "world_airports": _airports,
    "notices": _notices,
    "hexes": _hexes,
    "flights": _flights,
}
"""Name of a feed -> its document at a phase, made at an instant (ms), without label and time."""


def _iso3(codes: tuple[str, ...]) -> list[str]:
    return [iso3 for iso3, iso2 in ISO2_OF.items() if iso2 in codes]
