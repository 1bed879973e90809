"""Axes: what each is made of, and how much of it is known.

Source: method 2, section 3. An axis is None when less than half of what it is made of is covered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from regional_snapshots.model.countries import criticality
from regional_snapshots.model.shapes.risk import Signal
from regional_snapshots.model.values import clean, clip, mean, percentile, total, weighted_mean
from regional_snapshots.scoring.method2.corridors import CorridorState
from regional_snapshots.scoring.method2.inputs.numbers import at_least
from regional_snapshots.scoring.method2.inputs.predictions import UP, Prediction
from regional_snapshots.scoring.method2.inputs.scope import Scope

LEAST_COVERAGE = 0.5
MOST_EVIDENCE_IDS = 5

NO_COERCION = (
    "MARKET", "VIX", "COMMODITY", "FORECAST", "RISK_SCORE", "EARTHQUAKE", "WILDFIRE", "WEATHER", "DISPLACEMENT",
    "MEDIA",
)  # fmt: skip
"""Signals of a type that contains one of these say nothing about coercion."""
SEVERITIES = (("critical", 3.5), ("high", 2.5), ("medium", 1.5), ("low", float("-inf")))
"""(severity, least score that stands for it where there is no word), worst first."""
MILITARY_DOMAINS = ("military", "conflict")
DECLARED_IN = {"gas_storage": ("europe", "global"), "reserves": ("north-america", "global")}
"""Components that make up an axis in these regions only."""

VERDICT_SHOWN = 60
"""Characters of the verdict of macro-economic signals that a description shows."""


@dataclass(frozen=True)
class Component:
    """A part of an axis: what it measures (0 to 1) or None, from which feed, with what weight and freshness ``f``.

    ``extent`` is the share of its subject that it speaks of; ``text`` says it in words.
    """

    name: str
    feed: str
    weight: float
    value: float | None
    f: float
    text: str
    evidence_ids: Sequence[str]
    extent: float = 1.0

    @property
    def measured(self) -> bool:
        """Whether it counts."""
        return self.value is not None and self.f > 0


@dataclass(frozen=True)
class Axis:
    """An axis: its declared components, whether the region has such a thing at all."""

    components: Sequence[Component]
    applicable: bool = True

    @property
    def measured(self) -> list[Component]:
        """The components that count."""
        return [component for component in self.components if component.measured]

    @property
    def measured_weight(self) -> float:
        """Their weight, unrounded."""
        return total(component.weight for component in self.measured)

    @property
    def coverage(self) -> float | None:
        """How much of it is known, 0 to 1; None where it does not apply."""
        if not self.applicable:
            return None
        declared = total(component.weight for component in self.components)
        known = total(component.weight * component.f * component.extent for component in self.measured)
        return known / declared if declared else 0.0

    @property
    def value(self) -> float | None:
        """Its score, unrounded, 0 to 1; None when too little of it is known."""
        if not self.measured or not at_least(self.coverage or 0.0, LEAST_COVERAGE):
            return None
        weighted = total(component.weight * (component.value or 0.0) for component in self.measured)
        return clip(weighted / self.measured_weight)


def axes(scope: Scope, corridors: Sequence[CorridorState]) -> dict[str, Axis]:
    """All axes of a region."""
    found = {name: Axis(rule(scope)) for name, rule in _RULES.items()}
    parts = [_corridor(state, scope) for state in corridors]
    return {**found, "maritime_access": Axis(parts, applicable=bool(scope.region.corridors))}


def coercive_pressure(scope: Scope) -> list[Component]:
    """What signals and military forecasts say of force and threats."""
    pressing = [(name, signal, severity_of(signal)) for name, signal in scope.signals if _is_coercive(signal)]
    critical, high = (sum(severity == word for _, _, severity in pressing) for word in ("critical", "high"))
    worst = sorted(pressing, key=lambda entry: [word for word, _ in SEVERITIES].index(entry[2]))
    ids = [name for name, _, _ in worst[:MOST_EVIDENCE_IDS]]
    rising = [
        entry
        for entry in scope.predictions
        if entry.direction == UP and entry.forecast.domain in MILITARY_DOMAINS and entry.probability is not None
    ]
    force, breadth = clip(0.25 * critical + 0.10 * high), clip(len(pressing) / 12)
    text = f"Military or conflict forecasts on the rise: {len(rising)}"
    return [
        _part(scope, "signals", "signals", 0.45, force, f"Signals: {critical} critical, {high} high", ids),
        _part(scope, "breadth", "signals", 0.20, breadth, f"Signals in all: {len(pressing)}", ids),
        _part(scope, "forecasts", "forecasts", 0.35, any_of(rising), text, _ids(rising)),
    ]


def domestic_fragility(scope: Scope) -> list[Component]:
    """How unstable its countries are, weighted by criticality."""
    scores = [(row.country, clip(score / 100)) for row, score in scope.scores]
    known = {country for country, _ in scores}
    keys = scope.region.key_countries
    extent = total(criticality(key) for key in keys if key in known) / (total(criticality(key) for key in keys) or 1.0)
    if not scores:
        return [_part(scope, "country_scores", "country_scores", 1.0, None, "No country has a score")]
    norms = [norm for _, norm in scores]
    base = weighted_mean([(norm, criticality(country)) for country, norm in scores])
    high, top = percentile(norms, 90), max(scores, key=lambda entry: entry[1])
    value = 0.4 * base + 0.4 * high + 0.2 * top[1]
    worst = sorted(scores, key=lambda entry: -entry[1] * criticality(entry[0]))
    parts = f"mean {base * 100:.1f} × 0.4, 90th percentile {high * 100:.1f} × 0.4, highest {top[1] * 100:.1f} × 0.2"
    text = f"{_countries(len(known))}: {parts} ({top[0]}); {worst[0][0]} weighs most in the mean"
    ids = list(dict.fromkeys(f"cii:{country}" for country, _ in worst))[:MOST_EVIDENCE_IDS]
    part = _part(scope, "country_scores", "country_scores", 1.0, value, text, ids)
    return [replace(part, extent=extent)]


def capital_stress(scope: Scope) -> list[Component]:
    """How strained money is: the macro verdict, public debt, the stress index."""
    verdict, debts, stress = scope.feeds.macro_verdict, scope.debts, scope.feeds.stress
    macro = None if verdict is None else {"CASH": 1.0, "BUY": 0.0}.get(verdict, 0.5)
    said = verdict if verdict is None else clean(verdict, VERDICT_SHOWN)
    debt = clip((mean(debts) - 60) / 80) if debts else None
    strain = None if stress.score is None else clip(stress.score / 100)
    return [
        _part(scope, "macro", "macro_verdict", 0.25, macro, f"Macro signals say {said}"),
        _part(scope, "debt", "debts", 0.20, debt, f"Public debt averages {mean(debts):.0f}% of the product"),
        _part(scope, "stress", "stress", 0.30, strain, f"Financial stress stands at {stress.score} of 100"),
    ]


def energy_vulnerability(scope: Scope) -> list[Component]:
    """How much energy is imported, and what is in store."""
    shares, fill, days = scope.import_shares, scope.feeds.gas_fill.fill, scope.feeds.days_of_cover
    imports = mean([clip(share / 100) for share in shares]) if shares else None
    storage = None if fill is None else 1 - clip(fill / 100 / 0.8)
    reserves = None if days is None else 1 - clip(days / 90)
    imported = f"Energy imports average {(imports or 0) * 100:.0f}% over {_countries(len(shares))}"
    parts = [
        _part(scope, "imports", "energy_mix", 0.50, imports, imported),
        _part(scope, "gas_storage", "gas_fill", 0.25, storage, f"European gas storage is {fill}% full"),
        _part(scope, "reserves", "days_of_cover", 0.25, reserves, f"The American oil reserve lasts {days} days"),
    ]
    return [part for part in parts if scope.region.id in DECLARED_IN.get(part.name, (scope.region.id,))]


def alliance_cohesion(scope: Scope) -> list[Component]:
    """Whether case files speak of alliances that hold, or of such that break."""
    cases = [(entry, entry.case) for entry in scope.predictions if entry.case is not None]
    breaking = [entry for entry, case in cases if case.breaks]
    holding = [entry for entry, case in cases if case.supports]
    value = clip(0.5 + 0.1 * (min(len(holding), 5) - 2 * min(len(breaking), 5))) if cases else None
    text = f"Case files: {len(cases)}; of an alliance that holds: {len(holding)}, of a break: {len(breaking)}"
    return [_part(scope, "case_files", "forecasts", 1.0, value, text, _ids([*breaking, *holding]))]


def _countries(number: int) -> str:
    return f"{number} {'country' if number == 1 else 'countries'}"


def any_of(entries: Sequence[Prediction]) -> float:
    """Probability that at least one of several independent forecasts comes true; 0 of none."""
    none = 1.0
    for entry in entries:
        none *= 1 - (entry.probability or 0.0)
    return 1 - none


def severity_of(signal: Signal) -> str:
    """The worst word that its severity holds; where there is no text, the word for its score."""
    if signal.severity.strip():
        return next((word for word, _ in SEVERITIES if word in signal.severity), SEVERITIES[-1][0])
    if signal.severity_score is None:
        return SEVERITIES[-1][0]
    return next(word for word, least in SEVERITIES if at_least(signal.severity_score, least))


def _is_coercive(signal: Signal) -> bool:
    kind = (signal.type or "").upper()
    return not any(word in kind for word in NO_COERCION)


def _ids(entries: Sequence[Prediction]) -> list[str]:
    """The evidence ids of the most probable of some forecasts."""
    likely = sorted(entries, key=lambda entry: -(entry.probability or 0.0))
    return list(dict.fromkeys(entry.evidence_id for entry in likely))[:MOST_EVIDENCE_IDS]


def _part(
    scope: Scope, name: str, feed: str, weight: float, value: float | None, text: str, ids: Sequence[str] = ()
) -> Component:
    """A component; without entries to refer to, its evidence is the feed as a whole."""
    return Component(name, feed, weight, value, scope.world.weight(feed), text, ids or scope.world.source(feed))


def _corridor(state: CorridorState, scope: Scope) -> Component:
    openness = "not known" if state.openness is None else f"{state.openness:.2f}"
    traffic = "not known" if state.throughput is None else f"{state.throughput:.2f} of the usual"
    text = f"{state.corridor.label}: openness {openness}, traffic {traffic}"
    ids = [state.evidence_id, *(scope.world.source("transits") if state.basis == "own_history" else [])]
    return _part(scope, state.corridor.id, "chokepoints", state.corridor.weight, state.access, text, ids)


_RULES: Mapping[str, Callable[[Scope], list[Component]]] = {
    "coercive_pressure": coercive_pressure,
    "domestic_fragility": domestic_fragility,
    "capital_stress": capital_stress,
    "energy_vulnerability": energy_vulnerability,
    "alliance_cohesion": alliance_cohesion,
}
