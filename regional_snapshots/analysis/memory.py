"""What past runs have left, as a store would give it back: for runs that are computed one after another without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regional_snapshots.model.series import SeriesRow
from regional_snapshots.scoring.happenings.happening import Happening
from regional_snapshots.scoring.scored import Previous


@dataclass
class Memory:
    """What the steps so far have left, as a store would give it back."""

    previous: dict[str, Previous] = field(default_factory=dict)
    series: dict[str, list[SeriesRow]] = field(default_factory=dict)

    def add(self, happenings: Mapping[str, Happening]) -> None:
        """Remember what one run published."""
        for region, happening in happenings.items():
            self.previous[region] = Previous(happening.snapshot.document)
            if happening.news.row is not None:
                self._append(region, SeriesRow.decode(happening.news.row.encode()))

    def _append(self, region: str, row: SeriesRow) -> None:
        rows = self.series.setdefault(region, [])
        if rows and rows[-1].bucket == row.bucket:
            rows.pop()  # of the snapshots of six hours the last one makes the row
        rows.append(row)
