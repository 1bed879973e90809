"""A region's snapshot, computed: every stage in its order, as one pure function of (region, feeds, previous, now).

Source: the pipeline specification, sections 5 (order), 14.5 (meta) and 16 (schema).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.methods import are_comparable, method_of
from regional_snapshots.model.regions import REGIONS
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.diff import no_changes, trigger_reason
from regional_snapshots.scoring.frame import Known, empty_narrative, meta
from regional_snapshots.scoring.parity.blocks.actors import actors
from regional_snapshots.scoring.parity.blocks.balance import (
    Rule,
    balance,
    energy_vulnerability,
    energy_vulnerability_observed,
)
from regional_snapshots.scoring.parity.blocks.evidence import evidence
from regional_snapshots.scoring.parity.blocks.mobility import mobility
from regional_snapshots.scoring.parity.blocks.regime import regime, regime_label
from regional_snapshots.scoring.parity.blocks.scenarios import scenario_sets
from regional_snapshots.scoring.parity.blocks.transmissions import transmission_paths
from regional_snapshots.scoring.parity.blocks.triggers import triggers
from regional_snapshots.scoring.parity.changes import (
    Baseline,
    UnreadablePreviousError,
    baseline_of,
    changes_since,
    first_changes,
)
from regional_snapshots.scoring.parity.scope import scope_of
from regional_snapshots.scoring.scored import Previous, Scored


@dataclass(frozen=True)
class Edition:
    """An edition of the method: its name, its version, and the rule for the axis in which editions differ."""

    method: str
    scoring_version: str
    energy_vulnerability: Rule


EDITION_1_1 = Edition("1.1", "1.1.0", energy_vulnerability)
EDITION_1_2 = Edition("1.2", "1.2.0", energy_vulnerability_observed)


def score_regions(
    edition: Edition,
    region_ids: Iterable[str],
    feeds: Feeds,
    previous: Mapping[str, Previous],
    series: Mapping[str, Sequence[SeriesRow]],
    now_ms: int,
) -> dict[str, Scored]:
    """Score regions from one reading of the feeds. A region without an entry in ``previous`` is on its first run.
    This method looks at nothing older: ``series`` is there for the sake of one signature."""
    return {
        region_id: score_region(region_id, feeds, previous.get(region_id, Previous()), now_ms, edition)
        for region_id in region_ids
    }


def score_region(
    region_id: str, feeds: Feeds, previous: Previous, now_ms: int, edition: Edition = EDITION_1_1
) -> Scored:
    """Score one region. Raises ``KeyError`` for an unknown region, and for nothing that feeds or ``previous`` hold."""
    scope = scope_of(REGIONS[region_id], feeds)
    scores = balance(scope, edition.energy_vulnerability)
    states = triggers(region_id, feeds, scores, now_ms)
    label = regime_label(scores)
    blocks: dict[str, Any] = {
        "balance": scores,
        "actors": actors(scope),
        "leverage_edges": [],
        "scenario_sets": scenario_sets(scope, states),
        "transmission_paths": transmission_paths(region_id, {trigger["id"] for trigger in states["active"]}),
        "triggers": states,
        "mobility": mobility(scope),
        "evidence": evidence(scope, now_ms),
        "narrative": empty_narrative(),
    }
    baseline, changes, note = _compared(region_id, _of_same_method(previous, edition.method), label, blocks)
    reason = trigger_reason(changes)
    driver = reason if changes["regime_changed"] else ""
    document = {
        "region_id": region_id,
        "generated_at": now_ms,
        "meta": meta(edition.method, edition.scoring_version, _known(feeds), feeds, previous, reason),
        "regime": regime(label, baseline.regime if baseline else {}, driver, now_ms),
        **blocks,
    }
    return Scored(Snapshot.seal(document), changes, note)


def _of_same_method(previous: Previous, method: str) -> Previous:
    if previous.document is not None and not are_comparable(method_of(previous.document), method):
        return Previous(unreadable="another method made it")
    return previous


def _compared(
    region_id: str, previous: Previous, label: str, blocks: Mapping[str, Any]
) -> tuple[Baseline | None, dict[str, Any], str]:
    if previous.unreadable:
        return None, no_changes(), f"previous snapshot not compared: {previous.unreadable}"
    if previous.document is None:
        return None, first_changes(label, blocks), ""
    try:
        baseline = baseline_of(previous.document, region_id)
    except UnreadablePreviousError as error:
        return None, no_changes(), f"previous snapshot not compared: {error}"
    note = "" if baseline.active is not None else "triggers not compared: the previous snapshot has none"
    return baseline, changes_since(baseline, label, blocks), note


def _known(feeds: Feeds) -> Known:
    return Known(feeds.confidence, feeds.missing, feeds.stale, feeds.valid_until)
