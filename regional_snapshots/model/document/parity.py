"""The document of the parity methods (1.1 and 1.2). Source: the pipeline specification, section 16."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from regional_snapshots.model.document import parts
from regional_snapshots.model.document.fields import STRICT, Ids, Instant, RegionId, SignedUnit, Text, Unit
from regional_snapshots.model.document.words import (
    MAX_ACTORS,
    MAX_EVIDENCE,
    Horizon,
    LaneName,
    RegimeLabel,
    TriggerReason,
)
from regional_snapshots.model.snapshot import Buffer, Pressure


class Regime(TypedDict):
    """One word for the state of a region, since when (ms) it holds, and why it changed."""

    label: RegimeLabel
    previous_label: RegimeLabel | Literal[""]
    transitioned_at: Instant
    transition_driver: TriggerReason | Literal[""]


class _Driver(TypedDict):
    description: Text
    magnitude: Unit
    evidence_ids: Ids


class PressureDriver(_Driver):
    """What drives a pressure: a sentence and a magnitude."""

    axis: Pressure
    orientation: Literal["pressure"]


class BufferDriver(_Driver):
    """What drives a buffer: a sentence and a magnitude."""

    axis: Buffer
    orientation: Literal["buffer"]


class Balance(TypedDict):
    """Seven axes, their net, and what drives them."""

    coercive_pressure: Unit
    domestic_fragility: Unit
    capital_stress: Unit
    energy_vulnerability: Unit
    alliance_cohesion: Unit
    maritime_access: Unit
    energy_leverage: Unit
    net_balance: SignedUnit
    pressures: list[PressureDriver]
    buffers: list[BufferDriver]


class Lane(TypedDict):
    """One way on, and how likely it is."""

    name: LaneName
    probability: Unit
    trigger_ids: Ids
    consequences: list[Text]
    transmissions: list[parts.Transmission]


class ScenarioSet(TypedDict):
    """Four lanes over one horizon."""

    horizon: Horizon
    lanes: Annotated[list[Lane], Field(min_length=4, max_length=4)]


class Triggers(TypedDict):
    """The region's triggers by their state."""

    active: list[parts.Trigger]
    watching: list[parts.Trigger]
    dormant: list[parts.Trigger]


@with_config(STRICT)
class Document(TypedDict):
    """A snapshot of the parity methods, in the order of its members."""

    region_id: RegionId
    generated_at: Instant
    meta: parts.Meta
    regime: Regime
    balance: Balance
    actors: Annotated[list[parts.Actor], Field(max_length=MAX_ACTORS)]
    leverage_edges: Annotated[list[parts.LeverageEdge], Field(max_length=0)]
    scenario_sets: Annotated[list[ScenarioSet], Field(min_length=3, max_length=3)]
    transmission_paths: list[parts.Transmission]
    triggers: Triggers
    mobility: parts.Mobility
    evidence: Annotated[list[parts.EvidenceItem], Field(max_length=MAX_EVIDENCE)]
    narrative: parts.Narrative
