"""Colours, light and dark. They are told apart without red and green, and never say anything alone: words, shapes and
hatches repeat it. The hues are those of Okabe and Ito; lightness falls as a regime gets worse.
"""

from __future__ import annotations

from regional_snapshots.model.document.words import UNDETERMINED
from regional_snapshots.report.standing import REGIME_SEVERITY

LIGHT = {
    "paper": "#ffffff",
    "panel": "#f6f7f9",
    "ink": "#1b2430",
    "soft": "#5b6675",
    "line": "#d3d9e0",
    "land": "#dfe3e8",
    "sea": "#f4f7f9",
    "trace": "#00629b",
    "band": "#c9dfec",
    "heat": "#9c3400",
    "on-heat": "#ffffff",
    "calm": "#d3e8f3",
    "on-calm": "#1b2430",
    "managed_deescalation": "#7db9de",
    "on-managed_deescalation": "#1b2430",
    "stressed_equilibrium": "#f2e36b",
    "on-stressed_equilibrium": "#1b2430",
    "coercive_stalemate": "#eda52f",
    "on-coercive_stalemate": "#1b2430",
    "fragmentation_risk": "#a95590",
    "on-fragmentation_risk": "#ffffff",
    "escalation_ladder": "#a52c00",
    "on-escalation_ladder": "#ffffff",
    "undetermined": "#ffffff",
    "on-undetermined": "#1b2430",
}
"""Names and values of the colours; in SVG and CSS they are variables, ``var(--ink)``."""

DARK = {
    **LIGHT,
    "paper": "#12161b",
    "panel": "#1b2128",
    "ink": "#e8ecf1",
    "soft": "#a3aebb",
    "line": "#38424e",
    "land": "#2f3842",
    "sea": "#171d24",
    "trace": "#6cc0ee",
    "band": "#23465a",
    "heat": "#ffab6b",
    "on-heat": "#1b1208",
    "calm": "#23465a",
    "on-calm": "#e8ecf1",
    "managed_deescalation": "#3a86b8",
    "on-managed_deescalation": "#0d1217",
    "stressed_equilibrium": "#efe08a",
    "on-stressed_equilibrium": "#0d1217",
    "coercive_stalemate": "#dd8400",
    "on-coercive_stalemate": "#0d1217",
    "fragmentation_risk": "#dba6cd",
    "on-fragmentation_risk": "#0d1217",
    "escalation_ladder": "#ff6a3d",
    "on-escalation_ladder": "#0d1217",
    "undetermined": "#12161b",
    "on-undetermined": "#e8ecf1",
}

PATTERNS = (
    '<pattern id="unknown" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="7" height="7" fill="var(--paper)"/><rect width="1.6" height="7" fill="var(--soft)"/></pattern>'
    '<pattern id="severe" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
    '<rect width="6" height="6" fill="var(--escalation_ladder)"/>'
    '<rect width="1.4" height="6" fill="var(--on-escalation_ladder)" fill-opacity="0.55"/></pattern>'
    '<pattern id="dotted" width="7" height="7" patternUnits="userSpaceOnUse">'
    '<rect width="7" height="7" fill="var(--fragmentation_risk)"/>'
    '<circle cx="3.5" cy="3.5" r="1.3" fill="var(--on-fragmentation_risk)" fill-opacity="0.7"/></pattern>'
)
"""What a fill refers to; once a document: see ``svg``."""

_FILLS = {
    UNDETERMINED: "url(#unknown)",
    "escalation_ladder": "url(#severe)",
    "fragmentation_risk": "url(#dotted)",
}

UNKNOWN_FILL = "url(#unknown)"


def variables(colours: dict[str, str]) -> str:
    """The colours as declarations of CSS."""
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def regime_fill(regime: str) -> str:
    """What an area in this regime is filled with; the worst two and the unknown one are hatched too."""
    known = regime if regime in REGIME_SEVERITY else UNDETERMINED
    return _FILLS.get(known, f"var(--{known})")


def regime_colours(regime: str) -> tuple[str, str]:
    """``(ground, ink)``: the plain colour of a regime, and that of words on it."""
    known = regime if regime in REGIME_SEVERITY else UNDETERMINED
    return f"var(--{known})", f"var(--on-{known})"
