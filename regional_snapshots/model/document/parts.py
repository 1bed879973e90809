"""The parts of a snapshot document that are alike whatever method made it.

Source: the pipeline specification, section 16; the live system, section 2 (types on the wire); the design, section 14
(the members of ``meta`` from ``seal`` on).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import NotRequired, TypedDict

from regional_snapshots.model.document import words
from regional_snapshots.model.document.fields import (
    AnyInstant,
    CorridorId,
    Count,
    FeedKeys,
    Ids,
    Instant,
    LongText,
    MethodName,
    NoOrDigest,
    NoOrSnapshotId,
    Number,
    RawText,
    RegionId,
    Semver,
    Share,
    SnapshotId,
    Text,
    Unit,
)


class Told(TypedDict):
    """What readers were told, where that differs from what the document says of itself because a feed is missing, or
    only just back: the regime, the active triggers with their instants (ms), and what was not known when they agreed.
    """

    regime: dict[str, Any]
    active: dict[Text, Instant]
    unknown: list[Text]


class Meta(TypedDict):
    """Where a snapshot comes from and how far it can be trusted. ``valid_until`` in ms since 1970.

    ``inputs`` is the digest of the manifest of its feeds; it and ``previous_id`` are empty where there is none.
    """

    snapshot_id: SnapshotId
    seal: Literal["sha256-12"]
    method: MethodName
    model_version: Semver
    scoring_version: Semver
    geography_version: Semver
    snapshot_confidence: Unit
    missing_inputs: FeedKeys
    stale_inputs: FeedKeys
    valid_until: Instant
    trigger_reason: words.TriggerReason
    previous_id: NoOrSnapshotId
    inputs: NoOrDigest
    sample: bool
    gaps: NotRequired[dict[Text, Annotated[list[Instant | None], Field(min_length=2, max_length=2)]]]
    """Feed or axis that is not known, or was not lately -> since when (null: ever), and until when (null: still)."""
    told: NotRequired[Told]
    narrative_provider: Text
    narrative_model: Text


class Actor(TypedDict):
    """Someone whom forecasts speak of. ``delta`` is always 0: changes stand in the diff."""

    actor_id: Text
    name: Text
    role: words.Role
    leverage_domains: Annotated[list[words.LeverageDomain], Field(max_length=5)]
    leverage_score: Unit
    delta: Number
    evidence_ids: Annotated[list[RawText], Field(max_length=words.MAX_ACTOR_EVIDENCE)]


class LeverageEdge(TypedDict):
    """Declared for readers; no method fills any."""

    from_actor_id: Text
    to_actor_id: Text
    mechanism: words.LeverageMechanism
    strength: Share
    evidence_ids: Ids


class Threshold(TypedDict):
    """What a trigger measures, and when it fires."""

    metric: Text
    operator: words.Operator
    value: Number
    window_minutes: Count
    baseline: words.TriggerBaseline


class Trigger(TypedDict):
    """A trigger of the region. ``activated_at`` is 0 unless it is active."""

    id: Text
    description: Text
    threshold: Threshold
    activated: bool
    activated_at: Instant
    scenario_lane: words.LaneName
    evidence_ids: Ids


class Transmission(TypedDict):
    """One step by which an active trigger reaches markets."""

    start: Text
    mechanism: Text
    end: Text
    severity: words.Severity
    corridor_id: CorridorId
    confidence: Share
    latency_hours: Count
    impacted_asset_class: Text
    impacted_regions: list[RegionId]
    magnitude_low: Number
    magnitude_high: Number
    magnitude_unit: Text
    template_id: Text
    template_version: Semver


class FlightCorridor(TypedDict):
    """Declared for readers; no method fills any."""

    corridor: Text
    stress_level: Number
    rerouted_flights_24h: Count


class Airport(TypedDict):
    """A disturbed airport."""

    icao: Text
    name: Text
    status: words.AirportStatus
    disruption_reason: Text


class Airspace(TypedDict):
    """The airspace of the region, where its navigation is jammed."""

    airspace_id: Text
    status: Literal["open", "restricted", "closed"]
    reason: Text


class Mobility(TypedDict):
    """What disturbs movement through the air."""

    airspace: Annotated[list[Airspace], Field(max_length=1)]
    flight_corridors: Annotated[list[FlightCorridor], Field(max_length=0)]
    airports: list[Airport]
    reroute_intensity: Share
    notam_closures: list[Text]


class EvidenceItem(TypedDict):
    """A feed entry behind the picture."""

    id: Text
    type: words.EvidenceType
    source: Text
    summary: Text
    confidence: Number
    observed_at: AnyInstant
    theater: Text
    corridor: Text


class NarrativeSection(TypedDict):
    """A text about the snapshot, and the evidence that it cites."""

    text: LongText
    evidence_ids: Ids


class Narrative(TypedDict):
    """Words about the snapshot; empty texts when nobody has written any."""

    situation: NarrativeSection
    balance_assessment: NarrativeSection
    outlook_24h: NarrativeSection
    outlook_7d: NarrativeSection
    outlook_30d: NarrativeSection
    watch_items: list[NarrativeSection]
