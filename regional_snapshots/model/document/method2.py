"""The document of method 2: what is not known is null, and says of what it is made.

Source: method 2, sections 3 (balance), 4 (corridors), 6 (regime), 7 (scenarios), 8 (triggers), 9 and 10.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import NotRequired, TypedDict

from regional_snapshots.model.document import parts
from regional_snapshots.model.document.fields import (
    STRICT,
    AnyInstant,
    CorridorId,
    Count,
    Decimal3,
    Ids,
    Instant,
    Number,
    RegionId,
    Share,
    SignedUnit,
    Text,
    Unit,
)
from regional_snapshots.model.document.words import (
    MAX_ACTORS,
    Basis,
    EvidenceType,
    Horizon,
    LaneName,
    RegimeLabel,
    TriggerData,
    TriggerReason,
    Undetermined,
)
from regional_snapshots.model.snapshot import Axis, Buffer, Pressure

Maybe = Unit | None
"""A score, or null: not known."""


class Pending(TypedDict):
    """A label that is wanted and not yet adopted, and since when (ms)."""

    label: RegimeLabel | Undetermined
    since: Instant


class Regime(TypedDict):
    """One word for the state of a region, since when (ms) it holds, why it changed, and what may follow."""

    label: RegimeLabel | Undetermined
    previous_label: RegimeLabel | Undetermined | Literal[""]
    transitioned_at: Instant
    transition_driver: TriggerReason | Literal[""]
    pending: Pending | None


class _Driver(TypedDict):
    component: NotRequired[Text]
    description: Text
    magnitude: Unit
    weight: Unit
    contribution: Unit
    coverage: Unit
    evidence_ids: Ids


class PressureDriver(_Driver):
    """One measured component of a pressure; the contributions of an axis sum to it."""

    axis: Pressure
    orientation: Literal["pressure"]


class BufferDriver(_Driver):
    """One measured component of a buffer."""

    axis: Buffer
    orientation: Literal["buffer"]


class Coverage(TypedDict):
    """How much of each axis was measured; null where it does not apply."""

    coercive_pressure: Maybe
    domestic_fragility: Maybe
    capital_stress: Maybe
    energy_vulnerability: Maybe
    alliance_cohesion: Maybe
    maritime_access: Maybe


class Balance(TypedDict):
    """Seven axes and their net, how far each was measured, and what drives them.

    ``structural`` names axes that no feed can move; ``assumed_buffers`` says that no buffer was measured.
    """

    coercive_pressure: Maybe
    domestic_fragility: Maybe
    capital_stress: Maybe
    energy_vulnerability: Maybe
    alliance_cohesion: Maybe
    maritime_access: Maybe
    energy_leverage: Unit
    net_balance: SignedUnit | None
    coverage: Coverage
    assumed_buffers: bool
    structural: list[Axis]
    pressures: list[PressureDriver]
    buffers: list[BufferDriver]


class Corridor(TypedDict):
    """A sea corridor of the region: how open it is, how busy, and how far one can get through, each 0 to 1.

    ``today_total`` in ships.
    """

    id: CorridorId
    openness: Maybe
    throughput: Maybe
    basis: Basis
    access: Maybe
    today_total: Number | None
    observed_at: AnyInstant | None


class Lane(TypedDict):
    """One way on: ``n`` forecasts speak of it, whose joint probability lies between ``low`` and ``high``."""

    name: LaneName
    n: Count
    low: Maybe
    high: Maybe
    point: Maybe
    probability: Maybe
    trigger_ids: Ids
    consequences: list[Text]
    transmissions: list[Transmission]


class ScenarioSet(TypedDict):
    """Four lanes over one horizon."""

    horizon: Horizon
    lanes: Annotated[list[Lane], Field(min_length=4, max_length=4)]


class Trigger(parts.Trigger):
    """A trigger of the region, with what was measured and how far beyond its target that lies."""

    value: Decimal3 | None
    distance: Decimal3 | None
    data: TriggerData


class Triggers(TypedDict):
    """The region's triggers by their state."""

    active: list[Trigger]
    watching: list[Trigger]
    dormant: list[Trigger]


class Transmission(parts.Transmission):
    """One step by which a trigger, here or in the region ``origin``, reaches markets."""

    origin: RegionId


class Airspace(TypedDict):
    """The airspace of the region, where its navigation is jammed."""

    airspace_id: Text
    status: Literal["open", "degraded", "restricted", "closed"]
    reason: Text


class Mobility(TypedDict):
    """What disturbs movement through the air; ``reroute_intensity`` is null while nobody knows of the flights."""

    airspace: Annotated[list[Airspace], Field(max_length=1)]
    flight_corridors: Annotated[list[parts.FlightCorridor], Field(max_length=0)]
    airports: list[parts.Airport]
    reroute_intensity: Share | None
    notam_closures: list[Text]


class EvidenceItem(TypedDict):
    """A feed entry behind the picture."""

    id: Text
    type: EvidenceType | Literal["forecast"]
    source: Text
    summary: Text
    confidence: Unit
    observed_at: AnyInstant | None
    theater: Text
    corridor: Text


class BaselineEntry(TypedDict):
    """A value beside its own past: either all of its statistics, or the reason why there are none."""

    n: Count
    reason: NotRequired[Text]
    median: NotRequired[Decimal3]
    mad: NotRequired[Unit]
    p10: NotRequired[Decimal3]
    p90: NotRequired[Decimal3]
    z: NotRequired[Annotated[Decimal3, Field(ge=-8, le=8)]]
    percentile: NotRequired[Number]


class Baseline(TypedDict):
    """The six axes that feeds move, and the net, each beside the region's own past."""

    coercive_pressure: BaselineEntry
    domestic_fragility: BaselineEntry
    capital_stress: BaselineEntry
    energy_vulnerability: BaselineEntry
    alliance_cohesion: BaselineEntry
    maritime_access: BaselineEntry
    net_balance: BaselineEntry


@with_config(STRICT)
class Document(TypedDict):
    """A snapshot of method 2."""

    region_id: RegionId
    generated_at: Instant
    meta: parts.Meta
    regime: Regime
    balance: Balance
    corridors: list[Corridor]
    baseline: Baseline
    actors: Annotated[list[parts.Actor], Field(max_length=MAX_ACTORS)]
    leverage_edges: Annotated[list[parts.LeverageEdge], Field(max_length=0)]
    scenario_sets: Annotated[list[ScenarioSet], Field(min_length=3, max_length=3)]
    transmission_paths: list[Transmission]
    triggers: Triggers
    mobility: Mobility
    evidence: list[EvidenceItem]
    narrative: parts.Narrative
