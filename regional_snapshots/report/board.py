"""The feeds board: a row a feed, the worst first, for the UI, the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regional_snapshots.model.feeds import FEEDS, FeedReport
from regional_snapshots.report.components import absence_costs, serves
from regional_snapshots.report.known.traffic import FEED as TRAFFIC
from regional_snapshots.report.known.traffic import without_throughput
from regional_snapshots.report.markup import table_markdown
from regional_snapshots.report.standing import Standing
from regional_snapshots.report.words import counted, decimals, listed, span, words

HEADER = ("feed", "state", "age", "allowed", "recently", "without it", "serves")
"""Columns of the board."""

MARKS = {"fresh": "●", "stale": "◐", "missing": "○"}
"""A feed at one snapshot: full, half, empty. ``recently`` has one a snapshot, the oldest first."""

STATES = ("rejected", "missing", "stale", "fresh")
"""Of a feed at this moment, the worst first. Of a document that was rejected a snapshot says that it was missing."""

MOST_RECENT = 12
"""Snapshots that ``recently`` looks back."""

PARITY_COST = 0.6 / len(FEEDS)
"""What methods 1.1 and 1.2 take from the confidence for any missing feed (the pipeline specification, section 4)."""


@dataclass(frozen=True)
class Line:
    """One feed. ``state`` is one of ``STATES``; ``cost`` what its absence takes from the mean coverage."""

    name: str
    key: str
    state: str
    sample: bool
    age: str
    allowed: str
    recently: str
    cost: float
    without: str
    serves: str
    remarks: tuple[str, ...]

    @property
    def state_words(self) -> str:
        """The state, and whether it is a sample."""
        return f"{self.state} (sample)" if self.sample else self.state

    @property
    def cells(self) -> tuple[str, ...]:
        """The row under ``HEADER``."""
        return self.name, self.state_words, self.age, self.allowed, self.recently, self.without, self.serves


@dataclass(frozen=True)
class Board:
    """All lines, a sentence that sums them up, and one that says what ``recently`` shows."""

    lines: tuple[Line, ...]
    summary: str
    legend: str = ""

    def markdown(self) -> str:
        """As a Markdown table under its summary, with what there is to remark below."""
        table = table_markdown(HEADER, (line.cells for line in self.lines))
        remarks = [(line.name, remark) for line in self.lines for remark in line.remarks]
        more = ["", table_markdown(("feed", "remark"), remarks)] if remarks else []
        legend = ["", self.legend] if self.legend else []
        return "\n".join([self.summary, "", table, *legend, *more])


def board(reports: Sequence[FeedReport], standings: Sequence[Standing] = (), before: Sequence[Standing] = ()) -> Board:
    """The board of one reading of the feeds.

    ``standings`` are the latest snapshots of all regions: they say by which method, and which axes apply. ``before``
    are snapshots of one region, the oldest first: what was stale or missing then.
    """
    found = (_line(report, standings, before[-MOST_RECENT:]) for report in reports)
    lines = tuple(sorted(found, key=lambda line: (STATES.index(line.state), line.state != "fresh" and -line.cost)))
    counts: Mapping[str, int] = {state: sum(line.state == state for line in lines) for state in reversed(STATES)}
    samples = sum(line.sample for line in lines)
    said = [f"{count} {state}" for state, count in counts.items() if count] or ["no feed"]
    return Board(lines, f"{listed(said)}" + (f"; {samples} of them samples" if samples else ""), _legend(before))


def _legend(before: Sequence[Standing]) -> str:
    """``recently: the last 12 snapshots of MENA, the oldest first: ● fresh, ◐ stale, ○ missing``."""
    if not before:
        return ""
    marks = ", ".join(f"{mark} {state}" for state, mark in MARKS.items())
    count = counted(len(before[-MOST_RECENT:]), "snapshot")
    return f"recently: the last {count} of {before[-1].short}, the oldest first: {marks}"


def _line(report: FeedReport, standings: Sequence[Standing], before: Sequence[Standing]) -> Line:
    cost, without = _without(report.name, standings)
    return Line(
        name=words(report.name),
        key=report.key,
        state=report.state,
        sample=report.sample,
        age=span(None if report.age_min is None else max(report.age_min, 0.0)),
        allowed=span(report.max_age_min),
        recently="".join(MARKS[_state(report.key, each)] for each in before),
        cost=cost,
        without=without,
        serves=serves(report.name),
        remarks=(*report.remarks, *filter(None, [without_throughput(standings) if report.name == TRAFFIC else ""])),
    )


def _state(key: str, standing: Standing) -> str:
    return "missing" if key in standing.missing else "stale" if key in standing.stale else "fresh"


def _without(feed: str, standings: Sequence[Standing]) -> tuple[float, str]:
    """What the absence of a feed costs, as a number and in words."""
    if standings and not any(each.method.startswith("2") for each in standings):
        return PARITY_COST, f"confidence {decimals(-PARITY_COST, sign=True)}"
    cost = absence_costs(feed, standings)
    if not cost.coverage:
        return 0.0, "no coverage lost"
    unknown = f"; {listed(map(words, cost.unknown))} {'is' if len(cost.unknown) == 1 else 'are'} not known"
    return cost.coverage, f"coverage {decimals(-cost.coverage, sign=True)}" + (unknown if cost.unknown else "")
