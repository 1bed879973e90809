"""The snapshots of a run, computed: scores and triggers of all regions first, for a trigger is felt beyond its region.

Source: method 2, and the pipeline specification, section 5, for the order of the stages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGIONS, Region
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import round3
from regional_snapshots.scoring.diff import trigger_reason
from regional_snapshots.scoring.frame import Known, empty_narrative, meta
from regional_snapshots.scoring.method2.around.actors import actors
from regional_snapshots.scoring.method2.around.changes import changes
from regional_snapshots.scoring.method2.around.evidence import evidence, named_ids
from regional_snapshots.scoring.method2.around.mobility import mobility
from regional_snapshots.scoring.method2.around.transmissions import origins, transmission_paths
from regional_snapshots.scoring.method2.axes import axes
from regional_snapshots.scoring.method2.balance import Balance
from regional_snapshots.scoring.method2.baseline import baseline
from regional_snapshots.scoring.method2.corridors import corridor_states
from regional_snapshots.scoring.method2.inputs.held import METHOD, Held, active_elsewhere, held_of
from regional_snapshots.scoring.method2.inputs.scope import World, scope_of, world_of
from regional_snapshots.scoring.method2.past import past_of
from regional_snapshots.scoring.method2.regime import regime
from regional_snapshots.scoring.method2.scenarios import scenario_sets
from regional_snapshots.scoring.method2.triggers import Picture, triggers
from regional_snapshots.scoring.scored import Previous, Scored

SCORING_VERSION = "2.0.0"


@dataclass(frozen=True)
class Judged:
    """A region after the first pass: what was measured, what was held, what triggers say."""

    picture: Picture
    held: Held
    previous: Previous
    triggers: dict[str, list[dict[str, Any]]]


def score_regions(
    region_ids: Iterable[str],
    feeds: Feeds,
    previous: Mapping[str, Previous],
    series: Mapping[str, Sequence[SeriesRow]],
    now_ms: int,
) -> dict[str, Scored]:
    """Score regions from one reading of the feeds. ``previous`` also serves for the triggers of other regions."""
    world = world_of(feeds, now_ms)
    judged = {
        name: _judged(REGIONS[name], world, previous.get(name, Previous()), series.get(name, ()), now_ms)
        for name in region_ids
    }
    active = {name: active_elsewhere(entry, now_ms) for name, entry in previous.items()}
    active |= {name: [trigger["id"] for trigger in entry.triggers["active"]] for name, entry in judged.items()}
    felt = origins(active)
    return {name: _scored(entry, felt, now_ms) for name, entry in judged.items()}


def _judged(region: Region, world: World, previous: Previous, rows: Sequence[SeriesRow], now_ms: int) -> Judged:
    scope, past = scope_of(region, world), past_of(rows, now_ms)
    corridors = corridor_states(scope, past)
    picture = Picture(scope, Balance(axes(scope, corridors)), corridors, past)
    held = held_of(previous, region.id)
    return Judged(picture, held, previous, triggers(picture, held, now_ms))


def _scored(judged: Judged, felt: Mapping[str, list[str]], now_ms: int) -> Scored:
    picture, held = judged.picture, judged.held
    scope, region_id = picture.scope, picture.scope.region.id
    blocks: dict[str, Any] = {
        "balance": picture.balance.document(region_id),
        "corridors": [state.document() for state in picture.corridors],
        "baseline": baseline(picture.balance, picture.past),
        "actors": actors(scope, held),
        "leverage_edges": [],
        "scenario_sets": scenario_sets(scope.predictions, judged.triggers),
        "transmission_paths": transmission_paths(region_id, felt),
        "triggers": judged.triggers,
        "mobility": mobility(scope),
    }
    blocks["evidence"] = evidence(scope, picture.corridors, named_ids(*blocks.values()))
    state = regime(picture.balance, picture.past, held, now_ms)
    found = changes(held, state["label"], blocks)
    reason = trigger_reason(found)
    if found["regime_changed"]:
        state["transition_driver"] = reason
    document = {
        "region_id": region_id,
        "generated_at": now_ms,
        "meta": meta(METHOD, SCORING_VERSION, _known(picture, now_ms), scope.feeds, judged.previous, reason),
        "regime": state,
        **blocks,
        "narrative": empty_narrative(),
    }
    return Scored(Snapshot.seal(document), found, held.note)


def _known(picture: Picture, now_ms: int) -> Known:
    states = picture.scope.world.states.values()
    return Known(
        confidence=round3(picture.balance.confidence),
        missing=[state.key for state in states if state.weight == 0],
        stale=[state.key for state in states if 0 < state.weight < 1],
        valid_until=picture.balance.valid_until(now_ms),
    )
