"""The table of methods: how a snapshot is computed. Adding a method is adding a folder and a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.scoring.happenings.facts import Relabel
from regional_snapshots.scoring.method2.inputs.held import METHOD
from regional_snapshots.scoring.method2.regime import relabelled as relabelled_with_memory
from regional_snapshots.scoring.method2.snapshot import SCORING_VERSION
from regional_snapshots.scoring.method2.snapshot import score_regions as method2
from regional_snapshots.scoring.parity.blocks.regime import relabelled
from regional_snapshots.scoring.parity.snapshot import EDITION_1_1, EDITION_1_2
from regional_snapshots.scoring.parity.snapshot import score_regions as parity
from regional_snapshots.scoring.scored import Previous, Scored
from regional_snapshots.scoring.tables.transmissions import ORIGINS


class ScoreRegions(Protocol):
    """Scores regions of one run, by id. Raises ``KeyError`` for an unknown region, and for nothing that feeds, previous
    snapshots or series hold."""

    def __call__(
        self,
        region_ids: Iterable[str],
        feeds: Feeds,
        previous: Mapping[str, Previous],
        series: Mapping[str, Sequence[SeriesRow]],
        now_ms: int,
    ) -> dict[str, Scored]:
        """``previous`` holds the latest snapshots of all regions that have one, ``series`` their rows of earlier
        six-hour buckets, oldest first; both also of regions that are not asked for."""
        ...


@dataclass(frozen=True)
class Method:
    """A method: its name, the version that its documents carry, which feed tells it of energy imports (a key of
    ``ENERGY_FEEDS``), its rule; and what regime other axes would have, None where that cannot be said of axes alone."""

    name: str
    scoring_version: str
    energy_feed: str
    score_regions: ScoreRegions
    relabel: Relabel | None = None
    looks_back: bool = False
    """Whether it compares with the series."""
    listens_to: tuple[str, ...] = ()
    """Regions whose latest snapshots it looks at, whatever regions it scores: their triggers are felt elsewhere."""


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("1.1", "1.1.0", "mix", partial(parity, EDITION_1_1), relabelled),
        Method("1.2", "1.2.0", "dependency", partial(parity, EDITION_1_2), relabelled),
        Method(METHOD, SCORING_VERSION, "either", method2, relabelled_with_memory, looks_back=True, listens_to=ORIGINS),
    )
}
