"""What is told of a region: how it stands, how it stood before, its rows of the series and its events; what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from regional_snapshots.model.events import Event
from regional_snapshots.model.methods import are_comparable, method_of
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.values import number
from regional_snapshots.report.standing import Axis, Standing, part, standing, text
from regional_snapshots.report.words import DAY_MS, decimals, feed_name, listed, since, words

PAST_DAYS = 28
"""How far its own past reaches (method 2, section 10)."""

ANOMALY_Z = 3.0
"""From here on an axis is far from its own past (as an event ``axis_anomaly``)."""

FEWEST_ROWS = 4
"""With fewer rows there is no past to speak of."""

FEWEST_DAYS = 2
"""A past shorter than this makes no record."""

NOTABLE = 0.05
"""A smaller distance from the usual value is not worth a line, nor is a smaller change since the last refresh."""

NOISE = 0.01
"""A row that was worse by less than this was as bad."""


@dataclass(frozen=True)
class Story:
    """One region: ``rows`` oldest first, ``events`` in any order. ``before`` is how it stood at the last refresh.

    ``pinned``: until when somebody holds readers at this snapshot, in words; "" where nobody does.
    """

    now: Standing
    before: Standing | None = None
    rows: Sequence[SeriesRow] = ()
    events: Sequence[Event] = ()
    pinned: str = ""

    @property
    def is_changed(self) -> bool:
        """Whether anything that a person would look at changed since the last refresh."""
        return bool(changes(self)) or self.is_shifted

    @property
    def is_shifted(self) -> bool:
        """Whether the regime is another than at the last refresh."""
        if self.before is not None:
            return self.before.regime != self.now.regime
        return bool(self.now.previous_regime) and self.now.since_ms == self.now.generated_at


def story(
    document: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
    rows: Sequence[SeriesRow] = (),
    events: Sequence[Event] = (),
    pinned: str = "",
) -> Story:
    """The story of a region from its latest document and the one before. Nothing is compared across methods."""
    now = standing(document)
    earlier = standing(before) if before else None
    past_rows = [row for row in rows if now.method.startswith(row.method) and row.at < now.generated_at]
    compared = earlier is not None and are_comparable(method_of(before), now.method)
    return Story(now, earlier if compared else None, past_rows, events, pinned)


def worst_first(stories: Iterable[Story]) -> list[Story]:
    """The regions that need somebody first, first."""
    return sorted(stories, key=lambda told: told.now.severity, reverse=True)


def changes(told: Story) -> list[str]:
    """What changed since the last refresh, one clause a fact; nothing when there is no refresh before."""
    now, before = told.now, told.before
    if before is None:
        return []
    found = []
    if now.regime != before.regime:
        found.append(f"{words(before.regime)} → {words(now.regime)}")
    found += moves(told)
    if now.net is not None and before.net is not None and abs(now.net - before.net) >= NOTABLE:
        found.append(f"net balance {decimals(before.net, sign=True)} → {decimals(now.net, sign=True)}")
    was, active = ({text(it.get("id")) for it in each.active} for each in (before, now))
    found += [f"trigger {words(name)} fired" for name in sorted(active - was)]
    found += [f"trigger {words(name)} cleared" for name in sorted(was - active)]
    found += [f"feed {feed_name(key)} lost" for key in now.missing if key not in before.missing]
    found += [f"feed {feed_name(key)} is back" for key in before.missing if key not in now.missing]
    return found


def moves(told: Story) -> list[str]:
    """The axes that moved notably since the last refresh, or became known or unknown."""
    if told.before is None:
        return []
    return list(filter(None, (_moved(axis, told.before.axis(axis.name)) for axis in told.now.measured)))


def _moved(axis: Axis, before: Axis) -> str:
    if axis.value == before.value:
        return ""
    if axis.value is not None and before.value is not None and abs(axis.value - before.value) < NOTABLE:
        return ""
    return f"{words(axis.name)} {decimals(before.value)} → {decimals(axis.value)}"


@dataclass(frozen=True)
class Past:
    """How an axis lies in its own past: ``usual`` is its median, ``excess`` by how much it is worse than that, ``days``
    since when it was last clearly worse, 0 for no time worth telling."""

    usual: float | None = None
    excess: float = 0.0
    days: int = 0
    z: float | None = None

    @property
    def is_far(self) -> bool:
        """Whether it is far on the bad side of its own past."""
        return self.z is not None and self.z >= ANOMALY_Z


def past(told: Story, axis: Axis) -> Past:
    """Look at the last 28 days of an axis. ``days`` is 0 unless it is notably worse than usual."""
    if axis.value is None or axis.badness is None:
        return Past()
    values = [(at, value) for at, value in axis_rows(told.rows, axis.name) if _within(at, told.now.generated_at)]
    usual = number(axis.baseline.get("median"))
    if usual is None and len(values) >= FEWEST_ROWS:
        usual = median(value for _, value in values)
    excess = 0.0 if usual is None else (axis.value - usual) * (1 if axis.is_pressure else -1)
    if len(values) < FEWEST_ROWS or excess < NOTABLE:
        return Past(usual, excess, 0, axis.z)
    worse = [at for at, value in values if (value if axis.is_pressure else 1 - value) > axis.badness + NOISE]
    begin = max(worse, default=values[0][0])
    return Past(usual, excess, int((told.now.generated_at - begin) // DAY_MS), axis.z)


def axis_rows(rows: Sequence[SeriesRow], axis: str) -> list[tuple[int, float]]:
    """``(instant, value)`` of the rows that know an axis, oldest first; ``net`` is the net balance."""
    values = [(row.at, row.net if axis == "net" else row.axes.get(axis)) for row in rows]
    return [(at, value) for at, value in values if value is not None]


def _within(at: int, now_ms: int) -> bool:
    return now_ms - PAST_DAYS * DAY_MS <= at < now_ms


def in_its_past(told: Story, axis: Axis) -> str:
    """``lowest in 28 days`` or ``usually 0.97``, when that is worth telling; else nothing."""
    lies = past(told, axis)
    if lies.days >= FEWEST_DAYS:
        return f"{'highest' if axis.is_pressure else 'lowest'} in {lies.days} days"
    return f"usually {decimals(lies.usual)}" if lies.is_far and lies.usual is not None else ""


def lost_feeds(told: Story, feeds: Sequence[str]) -> str:
    """Which of these feeds (Redis keys) are missing, and since when: ``signals missing since 06:00``; else nothing."""
    gone = [key for key in told.now.missing if key in feeds]
    if not gone:
        return ""
    begun = {key: _lost_at(told, key) for key in gone}
    names = listed([feed_name(key) for key in gone], most=2)
    moments = set(begun.values())
    (moment,) = moments if len(moments) == 1 else (None,)
    return f"{names} missing" + (f" since {since(moment, told.now.generated_at)}" if moment else "")


def _lost_at(told: Story, key: str) -> int | None:
    """When a feed went missing: as the document says, else as the events do, else now if it was there before."""
    gap = part(part(told.now.document, "meta"), "gaps").get(key)
    begun = number(gap[0]) if isinstance(gap, list) and len(gap) == 2 and gap[1] is None else None
    if begun is not None:
        return int(begun)
    mine = [event for event in told.events if event.subject == key]
    lost, restored = (
        max((event.generated_at for event in mine if event.type == kind), default=0)
        for kind in ("data_loss", "data_restored")
    )
    if lost > restored:
        return lost
    is_new = told.before is not None and key not in told.before.missing
    return told.now.generated_at if is_new else None
