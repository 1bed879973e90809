"""One reconciliation: what it was asked for, and what it has found so far."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.reconcile.findings import Finding, ReconcileReport, RegionState
from regional_snapshots.store.reconcile.judging.plan import Plan, shown
from regional_snapshots.store.reconcile.reading.state import Examined, Rules, Unsound
from regional_snapshots.store.reconcile.reading.survey import Surveyed

log = logging.getLogger(__name__)


@dataclass
class Run:
    """What one reconciliation has found so far."""

    rules: Rules
    repair: bool
    deep: bool
    findings: dict[tuple[str, str, str, str], Finding] = field(default_factory=dict)
    states: dict[str, RegionState] = field(default_factory=dict)
    places: dict[str, Surveyed] = field(default_factory=dict)
    errors: dict[str, StoreError] = field(default_factory=dict)
    unsound: dict[str, Unsound | None] = field(default_factory=dict)
    snapshots: int = 0
    freed: set[str] = field(default_factory=set)
    """Regions that have lost a snapshot so young that its claim may be there, under a name that only a search finds."""

    def settle(self, examined: Examined, plan: Plan) -> None:
        """Note what a look has proved and, in repair, changed; log each change."""
        region = examined.keys.region
        self.found(region, plan.findings, repaired=self.repair)
        self.freed |= {region} if plan.frees_claims else set()
        if not self.repair:
            return
        for change in plan.changes:
            log.warning("%s: repaired %s: %r -> %r", region, change.key, change.before, change.after)
        if plan.findings:
            state = self.states[region]
            size = max(0, state.snapshots + plan.added)
            self.states[region] = RegionState(shown(plan.latest), shown(plan.head), size)

    def found(self, region: str, findings: Iterable[Finding], *, repaired: bool) -> None:
        """Note findings, each once."""
        for finding in findings:
            key = (region, finding.kind, finding.key, finding.detail)
            self.findings.setdefault(key, replace(finding, repaired=finding.repaired and repaired))

    def thinned(self, found: Mapping[str, tuple[Finding, int]], errors: Mapping[str, StoreError]) -> None:
        """Note what was dropped as past its tier, or, without repair, would be."""
        for region, (finding, count) in found.items():
            self.found(region, [finding], repaired=self.repair)
            state = self.states[region]
            if self.repair:
                self.states[region] = replace(state, snapshots=max(0, state.snapshots - count))
        self.errors |= errors

    def report(self, regions: Sequence[str]) -> ReconcileReport:
        """Everything so far, in the order in which the regions were asked for."""
        return ReconcileReport(
            tuple(sorted(self.findings.values(), key=lambda finding: (finding.region, finding.kind, finding.key))),
            len(self.states),
            self.snapshots,
            {region: self.errors[region] for region in regions if region in self.errors},
            {region: self.states[region] for region in regions if region in self.states},
        )
