"""Method 2: falls are told when they are there two snapshots running, once each, and like is compared with like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from regional_snapshots.model.events import Event
from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.model.series import SERIES_BUCKET_MS, SeriesRow
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.diff import no_changes
from regional_snapshots.scoring.happenings.happening import happening

NOW = 1_787_400_000_000
SIX_H = SERIES_BUCKET_MS
KEYS = {spec.name: spec.key for spec in FEEDS}
AXES = {
    "coercive_pressure": 0.2,
    "domestic_fragility": 0.3,
    "capital_stress": 0.3,
    "energy_vulnerability": 0.2,
    "alliance_cohesion": 0.6,
    "maritime_access": 0.9,
}


@dataclass
class Tale:
    """A region under method 2 whose documents are written by hand; the series grows by itself, a row a snapshot."""

    at: int = NOW
    rows: list[SeriesRow] = field(default_factory=list)
    latest: Snapshot | None = None

    def step(
        self, *, access: float | None = 0.9, throughput: float | None = 1.0, z: dict[str, float] | None = None,
        missing: Sequence[str] = (), lanes: Sequence[dict[str, Any]] = (), **axes: float | None,
    ) -> list[Event]:  # fmt: skip
        """One snapshot, six hours after the one before."""
        values = {**AXES, **axes}
        corridor = {"id": "babelm", "access": access, "throughput": throughput, "today_total": 10}
        document = {
            "region_id": "mena",
            "generated_at": self.at,
            "meta": {
                "snapshot_id": "",
                "method": "2",
                "scoring_version": "2.0.0",
                "geography_version": "1.0.0",
                "snapshot_confidence": 0.9,
                "missing_inputs": [KEYS[name] for name in missing],
                "stale_inputs": [],
                "trigger_reason": "scheduled_6h",
            },
            "regime": {"label": "calm", "previous_label": "", "transitioned_at": NOW, "transition_driver": ""},
            "balance": {**values, "energy_leverage": 1.0, "net_balance": 0.5, "structural": ["energy_leverage"],
                        "coverage": dict.fromkeys(values, 1.0), "pressures": [], "buffers": []},
            "corridors": [corridor] if access is not None else [],
            "baseline": {axis: {"n": 30, "median": AXES[axis], "mad": 0.0, "z": (z or {}).get(axis, 0.0)}
                         for axis in values},
            "triggers": {"active": [], "watching": [], "dormant": []},
            "scenario_sets": [{"horizon": "7d", "lanes": list(lanes)}],
        }  # fmt: skip
        previous = self.latest.document if self.latest else None
        past = [row for row in self.rows if row.bucket < self.at - self.at % SIX_H]
        found = happening(Snapshot.seal(document), no_changes(), previous, past, {"IR": 61.0})
        self.latest = found.snapshot
        assert found.news.row is not None
        self.rows.append(found.news.row)
        self.at += SIX_H
        return [event for event in found.news.events if event.type not in ("data_loss", "data_restored")]

    def quiet(self, steps: int = 8, **given: Any) -> Tale:
        """As usual, for a while."""
        for _ in range(steps):
            assert not self.step(**given)
        return self


def names(events: Sequence[Event]) -> list[tuple[str, str]]:
    return [(event.type, event.subject) for event in events]


def test_a_corridor_breaks_once_when_it_stays_far_below_its_usual_access() -> None:
    tale = Tale().quiet()
    assert not tale.step(access=0.6)
    [event] = tale.step(access=0.6)
    assert (event.type, event.subject, event.severity) == ("corridor_break", "babelm", "critical")
    assert (event.before, event.after, event.threshold) == (0.9, 0.6, 0.3)
    tale.quiet(6, access=0.6)
    tale.quiet(4)


@pytest.mark.parametrize(("access", "breaks"), [(0.601, 0), (0.6, 1)])
def test_030_below_the_usual_is_a_break(access: float, breaks: int) -> None:
    tale = Tale().quiet()
    tale.step(access=access)
    assert len(tale.step(access=access)) == breaks


def test_a_single_low_reading_is_no_break() -> None:
    tale = Tale().quiet()
    for access in (0.1, 0.9, 0.1, 0.9):
        assert not tale.step(access=access)


def test_a_break_needs_a_week_that_says_what_is_usual() -> None:
    tale = Tale().quiet(3)
    tale.step(access=0.1)
    assert not tale.step(access=0.1)


def test_a_second_closure_is_a_second_break() -> None:
    tale = Tale().quiet()
    events = []
    for access in (0.1, 0.1, 0.1, 0.9, 0.9, 0.1, 0.1):
        events += names(tale.step(access=access))
    assert events == [("corridor_break", "babelm")] * 2


def test_traffic_that_is_no_longer_counted_makes_no_break() -> None:
    """Access without a count of ships is another measure: it is compared with its like only."""
    tale = Tale().quiet(access=0.95)
    tale.quiet(10, access=0.5, throughput=None, missing=["transits"])
    tale.quiet(3, access=0.95)


def test_a_buffer_fails_once_when_it_stays_02_below_its_usual_level() -> None:
    tale = Tale().quiet()
    assert not tale.step(alliance_cohesion=0.4)
    [event] = tale.step(alliance_cohesion=0.4)
    assert (event.type, event.subject, event.severity) == ("buffer_failure", "alliance_cohesion", "high")
    tale.quiet(6, alliance_cohesion=0.4)


def test_an_axis_whose_feed_is_gone_is_compared_with_its_like() -> None:
    tale = Tale().quiet()
    tale.quiet(10, maritime_access=0.5, missing=["transits"])
    tale.quiet(4)


def test_a_buffer_of_which_nothing_is_known_does_not_fail() -> None:
    tale = Tale().quiet()
    tale.quiet(4, alliance_cohesion=None, missing=["forecasts"])
    tale.quiet(4)


def test_an_anomaly_is_told_once_and_again_when_it_is_graver() -> None:
    tale = Tale().quiet()
    severities = []
    for z in (3.0, 3.0, 3.0, 4.9, 5.0, 5.0, 5.0, 3.0):
        value = round(AXES["coercive_pressure"] + 0.02 * z, 3)
        found = tale.step(coercive_pressure=value, z={"coercive_pressure": z})
        severities.append([event.severity for event in found])
    assert severities == [[], ["medium"], [], [], [], ["high"], [], []]


@pytest.mark.parametrize(
    ("axis", "z", "told"),
    [
        ("coercive_pressure", -8.0, 0),
        ("maritime_access", -3.0, 1),
        ("maritime_access", 8.0, 0),
        ("capital_stress", 2.9, 0),
    ],
)
def test_only_the_bad_side_is_an_anomaly(axis: str, z: float, told: int) -> None:
    tale = Tale().quiet()
    tale.step(z={axis: z})
    assert len(tale.step(z={axis: z})) == told


def test_an_axis_that_lost_a_feed_is_not_called_abnormal() -> None:
    tale = Tale().quiet(20)
    tale.quiet(6, coercive_pressure=0.9, z={"coercive_pressure": 8.0}, missing=["forecasts"])


def lane(point: float, low: float, high: float) -> dict[str, Any]:
    return {"name": "escalation", "n": 3, "low": low, "high": high, "point": point, "probability": 0.5}


@pytest.mark.parametrize(
    ("before", "after", "jumps"),
    [
        (lane(0.3, 0.2, 0.4), lane(0.46, 0.3, 0.6), 1),
        (lane(0.3, 0.2, 0.4), lane(0.45, 0.3, 0.6), 0),
        (lane(0.3, 0.1, 0.7), lane(0.6, 0.3, 0.6), 0),
        (lane(0.5, 0.45, 0.6), lane(0.2, 0.1, 0.3), 1),
    ],
)
def test_a_scenario_jumps_when_it_leaves_its_old_bounds(before: Any, after: Any, jumps: int) -> None:
    tale = Tale().quiet(2)
    tale.step(lanes=[before])
    found = tale.step(lanes=[after])
    assert names(found) == [("scenario_jump", "7d/escalation")] * jumps
    assert not tale.step(lanes=[{**after, "point": None, "low": None, "high": None}])


def test_the_row_leaves_out_what_no_feed_moves() -> None:
    tale = Tale().quiet(1)
    assert list(tale.rows[0].axes) == list(AXES)
    assert tale.rows[0].corridors == {"babelm": (0.9, 1.0, 10)}
    assert tale.rows[0].cii == {"IR": 61.0}
