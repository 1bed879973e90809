"""The balance of a region: seven axes, the drivers behind them, and the net balance.

Source: the pipeline specification, section 6 (6.1 to 6.8, one function each).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from regional_snapshots.model.countries import ISO2_OF, criticality
from regional_snapshots.model.shapes.risk import Signal
from regional_snapshots.model.snapshot import AXES, BUFFERS, PRESSURES
from regional_snapshots.model.values import clean, clip, mean, percentile, round3, total, weighted_mean
from regional_snapshots.scoring.parity.scope import Scope
from regional_snapshots.scoring.tables.producers import leverage_of, producers_of

BASELINE_DEBT_PCT = 60.0
MARITIME_WITHOUT_DATA = 0.7
OPENNESS = {"war_zone": 0.0, "critical": 0.2, "high": 0.4, "elevated": 0.6, "normal": 1.0}
"""How open a corridor is under a threat level."""
OPENNESS_UNKNOWN = 0.7
ALLIANCE_WORDS = ("alliance", "treaty", "coordination", "coalition", "nato", "gcc")
RISING = ("rising", "escalating")
MILITARY_DOMAINS = ("military", "conflict")


@dataclass(frozen=True)
class Axis:
    """An axis: its unrounded score in [0, 1] and its drivers (description, magnitude, evidence ids)."""

    score: float
    drivers: list[tuple[str, float, list[str]]] = field(default_factory=list)


Rule = Callable[[Scope], Axis]
"""How one axis is found."""


def balance(scope: Scope, energy_rule: Rule) -> dict[str, Any]:
    """The ``balance`` block: axes rounded to three decimals, ``net_balance``, ``pressures`` and ``buffers``. The
    method's editions differ in the rule for energy vulnerability."""
    axes = {name: rule(scope) for name, rule in {**_RULES, "energy_vulnerability": energy_rule}.items()}
    scores = {name: clip(axis.score) for name, axis in axes.items()}
    return {
        **{name: round3(scores[name]) for name in AXES},
        "net_balance": round3(net_balance(scores)),
        "pressures": [driver for name in PRESSURES for driver in _drivers(name, axes[name], "pressure")],
        "buffers": [driver for name in BUFFERS for driver in _drivers(name, axes[name], "buffer")],
    }


def net_balance(scores: dict[str, float]) -> float:
    """Mean buffer less mean pressure, from unrounded axes: -1 to 1 (section 6.8)."""
    return total(scores[name] for name in BUFFERS) / 3 - total(scores[name] for name in PRESSURES) / 4


def coercive_pressure(scope: Scope) -> Axis:
    """Section 6.1: signals and rising military forecasts; at most 0.70, for no feed counts vessels."""
    signals = scope.signals
    critical = sum("critical" in signal.severity for signal in signals)
    high = sum("high" in signal.severity for signal in signals)
    rising = sum(item.trend in RISING and item.domain in MILITARY_DOMAINS for item in scope.forecasts)
    by_signal = clip(0.4 * critical + 0.15 * high)
    by_conflict = clip(len(signals) / 50)
    by_forecast = clip(rising / 5)
    drivers = []
    if by_signal > 0.05:
        text = f"Cross-source signals: {critical} critical, {high} high"
        first = [_signal_id(signal) for signal in signals[:5]]
        drivers.append((text, by_signal, first))
    if by_forecast > 0:
        drivers.append((f"Military or conflict forecasts on the rise: {rising}", by_forecast, []))
    return Axis(0.30 * by_signal + 0.25 * by_conflict + 0.15 * by_forecast, drivers)


def _signal_id(signal: Signal) -> str:
    if signal.id is not None:
        return signal.id
    return clean(f"xss:{'unknown' if signal.type is None else signal.type}")


def domestic_fragility(scope: Scope) -> Axis:
    """Section 6.2: instability of the region's countries, weighted by criticality."""
    rows = [row for row in scope.feeds.country_scores if row.country in scope.region.countries]
    if not rows:
        return Axis(0.0)
    norms = [clip((row.score or 0) / 100) for row in rows]
    weights = [criticality(row.country) for row in rows]
    base = weighted_mean(list(zip(norms, weights, strict=True)))
    score = 0.4 * base + 0.4 * percentile(norms, 90) + 0.2 * max(norms)
    top = max(range(len(rows)), key=lambda i: norms[i] * weights[i])
    if norms[top] <= 0.3:
        return Axis(score)
    country = rows[top].country
    text = f"{country} is the least stable: {norms[top] * 100:.0f} of 100, criticality {weights[top]:g}"
    return Axis(score, [(text, norms[top] * weights[top], [f"cii:{country}"])])


def capital_stress(scope: Scope) -> Axis:
    """Section 6.3: macro verdict, public debt and the stress index; at most 0.75, for no feed counts sanctions."""
    debts = [row.debt_to_gdp or 0.0 for row in scope.feeds.debts if ISO2_OF.get(row.iso3) in scope.region.countries]
    average = mean(debts) if debts else BASELINE_DEBT_PCT
    by_macro = {"CASH": 1.0, "BUY": 0.0}.get(scope.feeds.macro_verdict or "", 0.5)
    by_debt = clip((average - 60) / 80)
    stress = scope.feeds.stress.score or 0.0
    by_stress = clip(stress / 100)
    drivers = []
    if by_macro > 0.6:
        drivers.append((f"Macro signals say {scope.feeds.macro_verdict}", by_macro, ["macro:verdict"]))
    if by_debt > 0.4:
        text = f"Public debt averages {average:.0f}% of product over {len(debts)} countries"
        drivers.append((text, by_debt, ["debt:region-avg"]))
    if by_stress > 0.5:
        label = f" ({scope.feeds.stress.label})" if scope.feeds.stress.label else ""
        text = f"Financial stress index at {stress:.1f} of 100{label}"
        drivers.append((text, by_stress, ["stress:composite"]))
    return Axis(0.25 * by_macro + 0.20 * by_debt + 0.30 * by_stress, drivers)


def energy_vulnerability(scope: Scope) -> Axis:
    """Section 6.4: import dependence, gas storage and oil reserve; 0 where the mix knows none of the countries."""
    known = [share for iso2, share in scope.feeds.energy_mix.items() if iso2 in scope.region.countries]
    if not known:
        return Axis(0.0)
    imports = [clip(share / 100) for share in known if share is not None]
    by_storage, by_reserve = _stores(scope)
    score = 0.5 * mean(imports) + 0.25 * by_storage + 0.25 * by_reserve
    return Axis(score, _import_drivers(imports, "energy:mix"))


def energy_vulnerability_observed(scope: Scope) -> Axis:
    """The rule of edition 1.2: the same where a country of the region has an observation; elsewhere gas storage and oil
    reserve alone, and never an early 0. Source: the facts of the live system, section 5."""
    known = [share for iso2, share in scope.feeds.energy_mix.items() if iso2 in scope.region.countries]
    imports = [clip(share / 100) for share in known if share is not None]
    by_storage, by_reserve = _stores(scope)
    if not imports:
        return Axis(0.5 * by_storage + 0.5 * by_reserve)
    score = 0.5 * mean(imports) + 0.25 * by_storage + 0.25 * by_reserve
    return Axis(score, _import_drivers(imports, "resilience:static:energy-import:v1"))


def _stores(scope: Scope) -> tuple[float, float]:
    """How empty European gas storage and the American oil reserve are; half, and not at all, where that is unknown."""
    fill, days = scope.feeds.gas_fill, scope.feeds.days_of_cover
    stored = 0.0 if fill.month_without_fill else fill.fill
    return 0.5 if stored is None else 1 - clip(stored / 100 / 0.8), 0.0 if days is None else 1 - clip(days / 90)


def _import_drivers(imports: list[float], evidence_id: str) -> list[tuple[str, float, list[str]]]:
    by_import = mean(imports)
    if by_import <= 0.4:
        return []
    return [(f"Energy imports average {by_import * 100:.0f}% over {len(imports)} countries", by_import, [evidence_id])]


def alliance_cohesion(scope: Scope) -> Axis:
    """Section 6.5: forecasts whose case files speak of alliances; 0.3 to 0.7."""
    mentions = sum(any(word in item.case_text for word in ALLIANCE_WORDS) for item in scope.forecasts)
    by_mention = clip(mentions / 5)
    text = f"Forecasts that speak of alliances: {mentions}"
    return Axis(0.4 * by_mention + 0.6 * 0.5, [(text, by_mention, [])] if by_mention > 0.2 else [])


def maritime_access(scope: Scope) -> Axis:
    """Section 6.6: how open the region's corridors are, and how busy; of duplicate chokepoints the last counts."""
    chokepoints = {chokepoint.id: chokepoint for chokepoint in scope.feeds.chokepoints}
    parts, drivers = [], []
    for corridor in scope.region.corridors:
        chokepoint = chokepoints.get(corridor.chokepoint or "")
        if chokepoint is None or corridor.chokepoint is None:
            continue
        level = next((text for text in (chokepoint.threat, chokepoint.status) if text is not None), "normal")
        openness = OPENNESS.get(level, OPENNESS_UNKNOWN)
        transit = scope.feeds.transits.get(corridor.chokepoint)
        change = (transit.change_pct or 0.0) if transit else 0.0
        throughput = clip((100 + change) / 120)
        parts.append((0.6 * openness + 0.4 * throughput, corridor.weight))
        if openness < 0.6:
            text = f"{corridor.label}: threat level {level.replace('_', ' ')}"
            drivers.append((text, 1 - openness, [f"chokepoint:{corridor.chokepoint}"]))
    return Axis(weighted_mean(parts) if parts else MARITIME_WITHOUT_DATA, drivers)


def energy_leverage(scope: Scope) -> Axis:
    """Section 6.7: how many of the large producers of oil and gas lie in the region; no feed is involved."""
    producers = producers_of(scope.region.id)
    if not producers:
        return Axis(0.0)
    score = leverage_of(producers)
    text = f"Large energy producers: {', '.join(producers)}"
    return Axis(score, [(text, score, [f"producer:{iso2}" for iso2 in producers])])


_RULES: dict[str, Rule] = {
    "coercive_pressure": coercive_pressure,
    "domestic_fragility": domestic_fragility,
    "capital_stress": capital_stress,
    "alliance_cohesion": alliance_cohesion,
    "maritime_access": maritime_access,
    "energy_leverage": energy_leverage,
}


def _drivers(name: str, axis: Axis, orientation: str) -> list[dict[str, Any]]:
    return [
        {
            "axis": name,
            "description": description,
            "magnitude": round3(magnitude),
            "evidence_ids": evidence_ids,
            "orientation": orientation,
        }
        for description, magnitude, evidence_ids in axis.drivers
    ]
