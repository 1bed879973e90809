"""How a region stands: what a snapshot document of either method says, in the one shape that the report reads.

A document may have been written by another program, so nothing of it is trusted to be there or to be of its type: what
is not a number is not known, what is not a text is empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.document.words import UNDETERMINED
from regional_snapshots.model.regions import REGIONS
from regional_snapshots.model.snapshot import AXES, PRESSURES
from regional_snapshots.model.values import clean, number
from regional_snapshots.report.words import region_label, region_short, words

STRUCTURAL = "energy_leverage"
"""The axis that follows from geography: a constant of each region, which no feed moves."""

REGIME_SEVERITY = {
    "escalation_ladder": 6,
    "fragmentation_risk": 5,
    "coercive_stalemate": 4,
    "stressed_equilibrium": 3,
    "undetermined": 2,
    "managed_deescalation": 1,
    "calm": 0,
}
"""Which regime needs a person first. A label that we do not know counts as undetermined."""

RANKING = (
    "The worst first: by regime ("
    + ", ".join(name.replace("_", " ") for name in sorted(REGIME_SEVERITY, key=lambda name: -REGIME_SEVERITY[name]))
    + "), then by the number of active triggers, then the higher coercive pressure, the lower net balance, the more "
    "axes that are not known."
)
"""How regions are sorted, in one sentence; see :attr:`Standing.severity`."""

PARITY_FEEDS: dict[str, tuple[str, ...]] = {
    "coercive_pressure": ("intelligence:cross-source-signals:v1", "forecast:predictions:v2"),
    "domestic_fragility": ("risk:scores:sebuf:stale:v8",),
    "capital_stress": ("economic:macro-signals:v1", "economic:national-debt:v1", "economic:stress-index:v1"),
    "energy_vulnerability": ("energy:mix:v1:_all",),
    "alliance_cohesion": ("forecast:predictions:v2",),
    "maritime_access": ("supply_chain:chokepoints:v4",),
}
"""Methods 1.1 and 1.2: the feeds without which an axis takes a value that nobody measured (specification, 6)."""

PARITY_ZERO_IS_UNKNOWN = ("domestic_fragility", "energy_vulnerability")
"""There 0 is what an axis takes when none of the region's countries is in the feed: not known, rather than best."""


@dataclass(frozen=True)
class Axis:
    """One axis: ``value`` 0 to 1 (None: not known), ``coverage`` 0 to 1 (None: the method tells none), and how it lies
    in its own past (``baseline`` of method 2, section 10; empty where there is none)."""

    name: str
    value: float | None
    coverage: float | None
    applicable: bool
    baseline: Mapping[str, Any]

    @property
    def is_pressure(self) -> bool:
        """Whether more of it is worse."""
        return self.name in PRESSURES

    @property
    def badness(self) -> float | None:
        """0 (best) to 1 (worst), whichever way the axis points."""
        if self.value is None:
            return None
        return self.value if self.is_pressure else 1 - self.value

    @property
    def z(self) -> float | None:
        """Robust distance from its own past in the bad direction; None without enough history."""
        z = number(self.baseline.get("z"))
        return None if z is None else (z if self.is_pressure else -z)


@dataclass(frozen=True)
class Standing:
    """A region as one document has it. ``since_ms`` is when the regime began, None where the document does not tell."""

    region: str
    document: Mapping[str, Any]
    method: str
    generated_at: int
    snapshot_id: str
    regime: str
    previous_regime: str
    since_ms: int | None
    net: float | None
    axes: tuple[Axis, ...]
    confidence: float | None
    missing: tuple[str, ...]
    stale: tuple[str, ...]
    sample: bool

    @property
    def label(self) -> str:
        """The region's name."""
        return region_label(self.region)

    @property
    def short(self) -> str:
        """The region's name in a line among others."""
        return region_short(self.region)

    @property
    def measured(self) -> tuple[Axis, ...]:
        """The axes that say something of today: applicable ones, without the structural one."""
        return tuple(axis for axis in self.axes if axis.applicable and axis.name != STRUCTURAL)

    @property
    def unknown(self) -> tuple[Axis, ...]:
        """Axes that apply to the region and are not known."""
        return tuple(axis for axis in self.measured if axis.value is None)

    @property
    def active(self) -> list[Mapping[str, Any]]:
        """Active triggers."""
        return triggers_of(self.document, "active")

    @property
    def told_active(self) -> dict[str, int]:
        """The triggers that readers take for active, and since when (ms, 0 where not told): those that were active
        when they were last known stay among them."""
        told = part(part(self.document, "meta"), "told")
        if told:
            since = {text(name): at for name, at in part(told, "active").items()}
            return {name: at for name, at in since.items() if name and isinstance(at, int)}
        return {text(entry.get("id")): int(number(entry.get("activated_at")) or 0) for entry in self.active}

    @property
    def told_regime(self) -> str:
        """The regime when it was last known; the regime itself where nothing hides it."""
        told = part(part(part(self.document, "meta"), "told"), "regime")
        return text(told.get("label")) or self.regime

    @property
    def regime_severity(self) -> int:
        """Of the regime and of what it was when it was last known, the one that needs a person first."""
        undetermined = REGIME_SEVERITY[UNDETERMINED]
        return max(REGIME_SEVERITY.get(regime, undetermined) for regime in (self.regime, self.told_regime))

    @property
    def regime_class(self) -> str:
        """The regime, if it is one of ours: what a colour is chosen by. Else undetermined."""
        return self.regime if self.regime in REGIME_SEVERITY else UNDETERMINED

    @property
    def marks(self) -> str:
        """What a reader of its numbers should know of what they rest on: `` (sample, 3 stale feeds)``, or nothing."""
        stale = len(self.stale)
        marks = ["sample"] if self.sample else []
        marks += [f"{stale} stale feed{'' if stale == 1 else 's'}"] if stale else []
        return f" ({', '.join(marks)})" if marks else ""

    def axis(self, name: str) -> Axis:
        """One axis by name."""
        return next(axis for axis in self.axes if axis.name == name)

    @property
    def severity(self) -> tuple[float, ...]:
        """For sorting, the worst highest: regime, active triggers, coercive pressure, net balance, what is unknown.
        What a regime or a trigger was when it was last known counts as if it still were."""
        coercive = self.axis("coercive_pressure").value
        return (
            self.regime_severity,
            len(self.told_active.keys() | {text(entry.get("id")) for entry in self.active}),
            -1.0 if coercive is None else coercive,
            -2.0 if self.net is None else -self.net,
            len(self.unknown),
        )


def standing(document: Mapping[str, Any]) -> Standing:
    """Read a document of any method. Never raises for what a document may hold."""
    meta, regime, balance = (part(document, name) for name in ("meta", "regime", "balance"))
    region = text(document.get("region_id"))
    generated = number(document.get("generated_at")) or 0
    since = number(regime.get("transitioned_at"))
    missing = texts(meta.get("missing_inputs"))
    return Standing(
        region=region,
        document=document,
        method=text(meta.get("method")) or text(meta.get("scoring_version")),
        generated_at=int(generated),
        snapshot_id=text(meta.get("snapshot_id")),
        regime=text(regime.get("label")) or UNDETERMINED,
        previous_regime=text(regime.get("previous_label")),
        since_ms=int(since) if since else None,
        net=number(balance.get("net_balance")),
        axes=tuple(_axis(name, document, balance, missing) for name in AXES),
        confidence=number(meta.get("snapshot_confidence")),
        missing=missing,
        stale=texts(meta.get("stale_inputs")),
        sample=meta.get("sample") is True,
    )


MOST_WHOLE, MOST_LISTED = 100, 50
"""The page lists so many regions one by one; of more than these the worst of them, so many, as tables of the UI always
do, and of the rest how many stand how."""


def most_on_page(regions: int) -> int:
    """How many of so many regions the page lists."""
    return regions if regions <= MOST_WHOLE else MOST_LISTED


def shortened(lines: Sequence[str]) -> list[str]:
    """Lines of which there is one a region: the first of them, and how many there are beside these."""
    more = len(lines) - MOST_LISTED
    return [*lines[:MOST_LISTED], *([f"and {more} more"] if more > 0 else [])]


def rest_words(left_out: Sequence[Standing]) -> str:
    """Those that are not listed, by regime: ``950 more: 812 calm, 138 undetermined``; empty where there are none."""
    regimes = Counter(each.regime for each in left_out)
    return (
        f"{len(left_out)} more: {', '.join(f'{n} {words(name)}' for name, n in regimes.most_common())}"
        if regimes
        else ""
    )


def by_severity(standings: Sequence[Standing]) -> list[Standing]:
    """The worst first; equal ones as they were given."""
    return sorted(standings, key=lambda each: each.severity, reverse=True)


def drivers_of(document: Mapping[str, Any], axis: str) -> list[Mapping[str, Any]]:
    """The drivers of an axis, the largest contribution first (without contributions: the largest magnitude)."""
    balance = part(document, "balance")
    found = [
        driver
        for member in ("pressures", "buffers")
        for driver in mappings(balance.get(member))
        if driver.get("axis") == axis
    ]
    return sorted(found, key=lambda driver: -(number(driver.get("contribution", driver.get("magnitude"))) or 0.0))


def triggers_of(document: Mapping[str, Any], state: str) -> list[Mapping[str, Any]]:
    """The triggers in a state: ``active``, ``watching`` or ``dormant``."""
    return mappings(part(document, "triggers").get(state))


def part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that is an object; an empty one where it is absent or something else."""
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; none where it is no list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list, made safe."""
    return tuple(filter(None, map(text, value))) if isinstance(value, list) else ()


def text(value: object) -> str:
    """A text, made safe for one line, its underscores kept; empty where it is none."""
    return clean(value, keep_brackets=True) if isinstance(value, str) else ""


def _axis(name: str, document: Mapping[str, Any], balance: Mapping[str, Any], missing: tuple[str, ...]) -> Axis:
    value = number(balance.get(name))
    coverages = balance.get("coverage")
    baseline = part(part(document, "baseline"), name)
    if isinstance(coverages, Mapping):
        coverage = number(coverages.get(name))
        return Axis(name, value, coverage, coverage is not None or name == STRUCTURAL, baseline)
    if name == STRUCTURAL:
        return Axis(name, value, None, True, baseline)
    known = value is not None and not _assumed(name, value, missing)
    return Axis(name, value if known else None, None, _applies(name, text(document.get("region_id"))), baseline)


def _assumed(name: str, value: float, missing: tuple[str, ...]) -> bool:
    """Whether a value of methods 1.1 and 1.2 is what the axis takes when nothing is known."""
    return all(feed in missing for feed in PARITY_FEEDS[name]) or (name in PARITY_ZERO_IS_UNKNOWN and value == 0)


def _applies(name: str, region: str) -> bool:
    return name != "maritime_access" or region not in REGIONS or bool(REGIONS[region].corridors)
