"""Hypothesis strategies for feeds: nearly right, wrong in every way that we could think of, and well-formed."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from regional_snapshots.model.feeds import FEEDS
from regional_snapshots_tests.scoring.worlds import NOW

NASTY_TEXTS = [
    "", " ", "\x00", "\u200b", "\u202eevil", "\ud800", "\udfff\ud800", "<script>alert(1)</script>", "a\u2028b",
    "\x1b[31m", "x" * 3000, "\U0001f600" * 700, "NaN", "1e400", "0x10", "9" * 500, "null", "{}",
    '{"_seed":{"fetchedAt":1},"data":[]}', "__proto__", "constructor", "\u0663", "\u0130", "ß" * 600,
]  # fmt: skip
NASTY_NUMBERS = [
    0, -0.0, -1, 10**400, -(10**400), 1e308, -1e308, 2**53, 2**63, 5e-324,
    math.nan, math.inf, -math.inf, True, False,
]  # fmt: skip
WORDS = ["iran", "us", "nato treaty", "houthi strait", "collapse", "opec oil sanction", "hamas missile"]

texts = st.one_of(
    st.sampled_from(NASTY_TEXTS),
    st.text(st.characters(exclude_categories=()), max_size=8),
)
scalars = st.one_of(st.none(), st.sampled_from(NASTY_NUMBERS), st.integers(), st.floats(), texts)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)


def nested(depth: int) -> Any:
    value: Any = "nato"
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def _mostly(plausible: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(plausible, plausible, plausible, anything)


def _entry(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return _mostly(st.fixed_dictionaries({}, optional={name: _mostly(values) for name, values in fields.items()}))


def _listed(member: str, entry: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({member: _mostly(st.lists(entry, max_size=6))})


_percent = st.one_of(st.integers(-50, 250), st.floats(0, 100), st.sampled_from(["55", "-3.5"]))
_times = st.one_of(st.integers(NOW - 10**8, NOW + 10**8), st.sampled_from(["2026-08-22T11:00:00Z", "2026-08-22"]))
_countries = st.sampled_from(["IR", "SA", "PS", "FR", "UA", "CN", "US", "IN", "BR", "NG", "TW", "XX"])
_ids = st.sampled_from(["a", "b", "<c>", "d\u200b", 7, "\ud800"])
_theaters = st.sampled_from(
    ["Levant", "Red Sea", "East Asia", "eastern-europe", "Sahel", "Global", "Latin America", "?"]
)
_regions = st.sampled_from(["Middle East", "East Asia", "Europe", "Africa", "Latin America", "Iran", "South Asia"])
_case = st.one_of(
    st.sampled_from(WORDS),
    st.dictionaries(st.sampled_from(WORDS), scalars, max_size=3),
    st.sampled_from([nested(60), nested(80), nested(5000)]),
)
_chokepoints = st.sampled_from(
    ["hormuz", "hormuz_strait", "suez", "babelm", "bab_el_mandeb", "taiwan_strait", "danish", "panama", "x"]
)
_alerts = _listed(
    "alerts",
    _entry(
        icao=st.sampled_from(["AAAA", "BBBB", "<C>", "\u202e"]),
        iata=texts,
        name=texts,
        region=st.sampled_from(["AIRPORT_REGION_AMERICAS", "mena", "apac", "EUROPE", "africa"]),
        country=st.sampled_from(["USA", "India", "Brazil"]),
        severity=st.sampled_from(["major", "FLIGHT_DELAY_SEVERITY_SEVERE", "minor"]),
        reason=texts,
    ),
)

PAYLOADS: dict[str, st.SearchStrategy[Any]] = {
    "country_scores": _listed(
        "ciiScores", _entry(region=_countries, combinedScore=_percent, trend=texts, computedAt=_times)
    ),
    "forecasts": _listed(
        "predictions",
        _entry(
            id=_ids,
            region=_regions,
            domain=st.sampled_from(["military", "conflict", "market"]),
            trend=st.sampled_from(["rising", "falling", "stable", "de-escalating"]),
            probability=st.floats(-1, 2),
            confidence=st.floats(0, 1),
            timeHorizon=st.sampled_from(["24h", "7d", "30d", "day", ""]),
            title=texts,
            updatedAt=_times,
            caseFile=_case,
            signals=_case,
        ),
    ),
    "chokepoints": _listed(
        "chokepoints",
        _entry(
            id=_chokepoints,
            name=texts,
            threatLevel=st.sampled_from(["war_zone", "critical", "high", "normal", "odd\u202e"]),
            status=st.sampled_from(["green", "yellow", "red", "<b>"]),
            disruptionScore=_percent,
        ),
    ),
    "transits": st.fixed_dictionaries(
        {"summaries": _mostly(st.dictionaries(_chokepoints, _entry(wowChangePct=_percent, todayTotal=_percent)))}
    ),
    "signals": _listed(
        "signals",
        _entry(
            id=_ids,
            type=texts,
            theater=_theaters,
            severity=st.sampled_from(["CRITICAL", "HIGH", "low"]),
            severityScore=_percent,
            summary=texts,
            detectedAt=_times,
        ),
    ),
    "alert_count": _entry(activeAlertCount=st.integers(0, 30), historyCount24h=st.integers(0, 30)),
    "macro_verdict": _entry(verdict=st.sampled_from(["CASH", "BUY", "UNKNOWN"])),
    "debts": _listed("entries", _entry(iso3=st.sampled_from(["IRN", "FRA", "CHN", "USA"]), debtToGdp=_percent)),
    "stress": _entry(compositeScore=_percent, label=texts),
    "energy_mix": st.dictionaries(_countries, _entry(importShare=_percent), max_size=5),
    "gas_fill": _entry(months=st.lists(_entry(fillPct=_percent), max_size=2), fillPct=_percent),
    "days_of_cover": _entry(daysOfCover=_percent),
    "faa_airports": _alerts,
    "world_airports": _alerts,
    "notices": _entry(
        closedIcaos=st.lists(st.sampled_from(["AAAA", "BBBB", "<C>"]), max_size=4),
        restrictedIcaos=st.lists(scalars, max_size=3),
        reasons=st.dictionaries(st.sampled_from(["AAAA", "BBBB", "<C>"]), texts),
    ),
    "hexes": _listed(
        "hexes",
        _entry(region=st.sampled_from(["levant", "east-asia", "other"]), level=st.sampled_from(["high", "low"])),
    ),
    "flights": _listed("flights", _entry(lat=st.floats(-90, 90), lon=st.floats(-180, 180))),
}

_stamps = st.sampled_from([NOW, NOW - 10**6, NOW + 10**9, 0, "2026-08-22T11:59:00Z", None, math.nan, "soon", 10**400])


def _stamped(payload: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def stamp(value: Any, time: Any) -> Any:
        return {**value, "fetchedAt": time} if isinstance(value, dict) else value

    return st.builds(stamp, payload, _stamps)


def _enveloped(payload: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda value, time: {"_seed": {"fetchedAt": time}, "data": value}, payload, _stamps)


def _source(name: str) -> st.SearchStrategy[Any]:
    payload = PAYLOADS[name]
    return st.one_of(payload, _stamped(payload), _enveloped(payload), anything)


def sources() -> st.SearchStrategy[dict[str, Any]]:
    """Any feeds at all, by Redis key."""
    return st.fixed_dictionaries({}, optional={spec.key: _source(spec.name) for spec in FEEDS})


def metas() -> st.SearchStrategy[dict[str, Any]]:
    """Any companion values at all, by Redis key."""
    stamped = st.fixed_dictionaries({"fetchedAt": _stamps})
    return st.fixed_dictionaries(
        {}, optional={spec.meta_key: st.one_of(stamped, anything) for spec in FEEDS if spec.meta_key}
    )


def _rows(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries(fields), max_size=8)


@st.composite
def well_formed(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Rows of well-formed feeds by feed name, each with an id and a time of its own, so that nothing ties by time."""
    rows = {
        "country_scores": draw(
            st.lists(st.fixed_dictionaries({"region": _countries, "combinedScore": st.integers(0, 100)}),
                     max_size=8, unique_by=lambda row: row["region"])
        ),
        "forecasts": draw(
            _rows(region=_regions, domain=st.just("military"), trend=st.sampled_from(["rising", "falling", "stable"]),
                  probability=st.integers(0, 100).map(lambda n: n / 100), timeHorizon=st.sampled_from(["24h", "7d"]),
                  caseFile=st.sampled_from(WORDS))
        ),
        "signals": draw(_rows(theater=_theaters, severity=st.sampled_from(["CRITICAL", "HIGH", "LOW"]))),
        "debts": draw(_rows(iso3=st.sampled_from(["IRN", "FRA", "CHN"]), debtToGdp=st.integers(20, 200))),
        "hexes": draw(_rows(region=st.sampled_from(["levant", "east-asia"]), level=st.sampled_from(["high", "low"]))),
        "flights": draw(_rows(lat=st.integers(-60, 80), lon=st.integers(-180, 180))),
        "world_airports": draw(_rows(region=st.sampled_from(["mena", "europe"]), severity=st.just("major"))),
    }  # fmt: skip
    times = {"country_scores": "computedAt", "forecasts": "updatedAt", "signals": "detectedAt"}
    count = 0
    for name, listed in rows.items():
        for row in listed:
            count += 1
            row["id"] = row["icao"] = f"{name}{count}"
            row[times.get(name, "at")] = NOW - count
    return rows
