"""The words that a snapshot document uses for its states: each list has its one home here, as a type and as values.

Source: the pipeline specification, section 16, and method 2, sections 6, 8 and 9.
"""

from __future__ import annotations

from typing import Literal, get_args

RegimeLabel = Literal[
    "calm",
    "stressed_equilibrium",
    "coercive_stalemate",
    "fragmentation_risk",
    "managed_deescalation",
    "escalation_ladder",
]
REGIME_LABELS: tuple[RegimeLabel, ...] = get_args(RegimeLabel)
"""The labels of the parity methods, from calm to worst."""

Undetermined = Literal["undetermined"]
UNDETERMINED: Undetermined = "undetermined"
"""The label of method 2 where too little is known to say."""

TriggerReason = Literal["scheduled_6h", "regime_shift", "trigger_activation", "corridor_break", "leverage_shift"]
TRIGGER_REASONS: tuple[TriggerReason, ...] = get_args(TriggerReason)
UNCHANGED: TriggerReason = "scheduled_6h"
"""The trigger reason of a snapshot that reports no change since the one before."""

LaneName = Literal["base", "escalation", "containment", "fragmentation"]
LANES: tuple[LaneName, ...] = get_args(LaneName)
Horizon = Literal["24h", "7d", "30d"]
HORIZONS: tuple[Horizon, ...] = get_args(Horizon)

MAX_ACTORS = 10
MAX_ACTOR_EVIDENCE = 5
MAX_EVIDENCE = 30
"""Of the parity methods; method 2 keeps every item that something in the document names."""

Severity = Literal["critical", "high", "medium", "low"]
Role = Literal["aggressor", "stabilizer", "swing", "broker"]
LeverageDomain = Literal["energy", "military", "diplomatic", "economic", "maritime"]
LeverageMechanism = Literal["sanctions", "naval_posture", "energy_supply", "alliance_shift", "trade_friction"]
Operator = Literal["gt", "gte", "lt", "lte", "delta_gt", "delta_lt"]
TriggerBaseline = Literal["trailing_7d", "trailing_30d", "fixed"]
AirportStatus = Literal["normal", "disrupted", "closed"]
EvidenceType = Literal[
    "vessel_track",
    "flight_surge",
    "news_headline",
    "cii_spike",
    "chokepoint_status",
    "sanctions_move",
    "market_signal",
    "mobility_disruption",
]
Basis = Literal["flow", "own_history", "none"]
"""What the throughput of a corridor was taken from (method 2, section 4)."""
TriggerData = Literal["fresh", "stale", "none"]

REGIME_RULES = {
    "undetermined": "coercive pressure is not known, or two or more of the other pressures are not",
    "escalation_ladder": "coercive pressure is at 0.70 or more and 0.15 above its week; it holds down to 0.60",
    "fragmentation_risk": "coercive pressure is at 0.50 or more while alliance cohesion is at 0.35 or less",
    "managed_deescalation": "coercive pressure came down by 0.15 or more from 0.50 or more within the week",
    "coercive_stalemate": "coercive pressure is at 0.50 or more",
    "stressed_equilibrium": "net balance is at -0.10 or less",
    "calm": "no other regime applies",
}
"""When method 2 wants a label (its section 6), for people."""

REGIME_ENDS = {
    "undetermined": "coercive pressure is known, and at most one of the other pressures is not",
    "escalation_ladder": "coercive pressure is below 0.60",
    "fragmentation_risk": "coercive pressure is below 0.45 or alliance cohesion above 0.40",
    "managed_deescalation": "coercive pressure is no longer 0.10 below a highest of 0.50 or more within the week",
    "coercive_stalemate": "coercive pressure is below 0.45",
    "stressed_equilibrium": "net balance is above -0.05",
}
"""Why a label is not wanted any more where none but calm is: its condition, wider by what holds it, for people."""

EASED, EASED_BELOW = "coercive pressure is below 0.20", 0.20
"""The other way in which a managed deescalation ends."""
