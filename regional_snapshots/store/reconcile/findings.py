"""What reconciliation can find, as a table, and the report of what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING

from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.keys import RegionKeys

if TYPE_CHECKING:
    import pandas as pd

ERROR, WARNING, INFO = "error", "warning", "info"
"""Severities: readers are misled; something is not as it should be; the ordinary course of time."""


@dataclass(frozen=True)
class Kind:
    """One row of the table of findings."""

    severity: str
    what: str
    repair: str


KINDS: Mapping[str, Kind] = {
    "latest_missing": Kind(ERROR, "no latest, though there are snapshots", "set to the newest that verifies"),
    "latest_not_indexed": Kind(ERROR, "latest names a snapshot that no index entry names", "the entry is added"),
    "latest_without_payload": Kind(ERROR, "latest names what is not stored", "set to the newest that verifies"),
    "latest_behind": Kind(ERROR, "latest is older than the head of the index", "set to the newest that verifies"),
    "latest_off_pin": Kind(ERROR, "latest is not where a pin holds it", "set to the pinned snapshot"),
    "in_future": Kind(ERROR, "a snapshot lies in the server's future", "quarantined, and its entry removed"),
    "pin_dangling": Kind(ERROR, "a pin names what is not stored", "deleted"),
    "entry_without_payload": Kind(ERROR, "an index entry names what is not stored", "the entry is removed"),
    "entry_past_retention": Kind(INFO, "an index entry is older than the retention", "the entry is removed"),
    "entry_wrong_score": Kind(WARNING, "an entry's score is not the time in its id", "the score is set"),
    "payload_orphaned": Kind(WARNING, "a payload that no index entry names", "indexed, or else quarantined"),
    "payload_damaged": Kind(ERROR, "a payload does not verify", "quarantined, and its entry removed"),
    "view_orphaned": Kind(WARNING, "a timestamp view of no indexed snapshot", "quarantined"),
    "view_missing": Kind(WARNING, "a timestamp view is missing", "written"),
    "view_wrong": Kind(WARNING, "a timestamp view names another snapshot", "rewritten"),
    "claim_dangling": Kind(ERROR, "a claim names what is not stored, and blocks its bucket", "deleted"),
    "no_expiry": Kind(WARNING, "a key never expires", "its expiry is set"),
    "expires_early": Kind(WARNING, "a key expires before its snapshot does", "its expiry is set"),
    "expires_late": Kind(WARNING, "latest or index outlives the newest snapshot", "its expiry is set"),
    "row_missing": Kind(INFO, "six hours that have snapshots have no row in the series", "made of their newest"),
    "row_damaged": Kind(WARNING, "six hours have several rows, or one that is none", "one is kept, or made anew"),
    "regime_untold": Kind(WARNING, "a change of regime is in no entry of the stream", "told again in its place"),
    "rewound": Kind(WARNING, "latest went back: what Dagster has on record as committed is gone", "none"),
    "too_young": Kind(
        INFO, "what no index entry names is younger than a minute", "waited for: it may be half of a write"
    ),
    "past_its_tier": Kind(INFO, "snapshots that a tier of the retention no longer keeps", "dropped"),
    "terms_changed": Kind(INFO, "it is written on other terms than until now", "written down"),
    "wrong_type": Kind(ERROR, "a key holds another type than ours", "on request: quarantined"),
}
"""Kind -> severity, what it means, what repair does."""

NO_DRIFT = frozenset({"rewound"})
"""Found for somebody to know: the store agrees with itself, and no repair brings back what is gone."""

WENT_BACK = "Next: restore a backup that holds what is gone, or nothing: refreshes go on from where latest is."


@dataclass(frozen=True)
class Finding:
    """One disagreement. ``before`` is what the key held, ``after`` what repair makes, or would make, of it."""

    region: str
    kind: str
    key: str
    detail: str
    severity: str
    repaired: bool
    before: str
    after: str


@dataclass(frozen=True)
class RegionState:
    """What one region looks like after reconciliation: two ids ("" when absent) and the number of index entries."""

    latest: str = ""
    head: str = ""
    snapshots: int = 0


@dataclass(frozen=True)
class ReconcileReport:
    """What was found, what was repaired, and which regions could not be read (``errors``)."""

    findings: tuple[Finding, ...]
    regions_checked: int
    snapshots_checked: int
    errors: Mapping[str, StoreError]
    states: Mapping[str, RegionState] = field(default_factory=dict)

    @property
    def left(self) -> tuple[Finding, ...]:
        """Findings that were not repaired."""
        return tuple(finding for finding in self.findings if not finding.repaired)

    @property
    def healthy(self) -> bool:
        """Whether every region was read and nothing is left but the ordinary course of time, and what is no drift."""
        return not self.errors and all(it.severity == INFO or it.kind in NO_DRIFT for it in self.left)

    @property
    def went_back(self) -> bool:
        """Whether a region was found to have gone back."""
        return any(finding.kind in NO_DRIFT for finding in self.findings)

    def beside(self, findings: Iterable[Finding], errors: Mapping[str, StoreError]) -> ReconcileReport:
        """The same with what was found beside it."""
        found = sorted([*self.findings, *findings], key=lambda finding: (finding.region, finding.kind, finding.key))
        return replace(self, findings=tuple(found), errors={**errors, **self.errors})

    def frame(self) -> pd.DataFrame:
        """One row a region: region, latest, head, snapshots, findings, repaired, left."""
        import pandas as pd

        rows = []
        for region in dict.fromkeys([*self.states, *self.errors]):
            state = self.states.get(region, RegionState())
            found = [finding for finding in self.findings if finding.region == region]
            repaired = sum(finding.repaired for finding in found)
            row = (region, state.latest, state.head, state.snapshots, len(found), repaired, len(found) - repaired)
            rows.append(row)
        return pd.DataFrame(rows, columns=list(FRAME_COLUMNS))

    def findings_frame(self) -> pd.DataFrame:
        """One row a finding; the columns are the fields of :class:`Finding`."""
        import pandas as pd

        columns = [column.name for column in fields(Finding)]
        return pd.DataFrame([asdict(finding) for finding in self.findings], columns=columns)


FRAME_COLUMNS = ("region", "latest", "head", "snapshots", "findings", "repaired", "left")
"""Columns of :meth:`ReconcileReport.frame`."""


def lost_entries(findings: Iterable[Finding], keys_of: Callable[[str], RegionKeys]) -> list[str]:
    """The regions whose index lacks what latest names, or was moved away: it may lack more."""
    lost = set()
    for found in findings:
        moved = found.kind == "wrong_type" and found.repaired and found.key == keys_of(found.region).index
        if moved or found.kind == "latest_not_indexed":
            lost.add(found.region)
    return sorted(lost)
