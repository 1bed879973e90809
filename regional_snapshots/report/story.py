"""What is told of a region: how it stands, how it stood before, its rows of the series and its events; what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from regional_snapshots.model.document.words import UNDETERMINED
from regional_snapshots.model.events import Event
from regional_snapshots.model.feeds.grounds import axis_grounds
from regional_snapshots.model.feeds.grounds import feed_name as name_of
from regional_snapshots.model.methods import are_comparable, method_of
from regional_snapshots.model.series import Gap, SeriesRow, like_rows
from regional_snapshots.model.values import number
from regional_snapshots.report.known.turn import Turn, silent_triggers, trigger_entry, turn
from regional_snapshots.report.standing import Axis, Standing, part, standing, text
from regional_snapshots.report.words import DAY_MS, decimals, feed_name, listed, since, words

PAST_DAYS = 28
"""How far its own past reaches (method 2, section 10)."""

ANOMALY_Z = 3.0
"""From here on an axis is far from its own past (as an event ``axis_anomaly``)."""

FEWEST_ROWS = 4
"""With fewer rows there is no past to speak of."""

FEWEST_VALUES = 4
"""A past with fewer different values (to two decimals) makes no record: it has hardly moved, or is one document's."""

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

    @cached_property
    def turn(self) -> Turn:
        """What was lost and regained since the last refresh."""
        return turn(self.before, self.now)

    @cached_property
    def silent(self) -> dict[str, str]:
        """Triggers that were active when they were last known, and why they are not known now."""
        return silent_triggers(self.before, self.now)

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
    """What changed since the last refresh, one clause a fact; nothing when there is no refresh before.

    What moved with a feed that was lost or came back is told with that, and is neither better nor worse.
    """
    now, before = told.now, told.before
    if before is None:
        return []
    net = compared("net balance", before.net, now.net, told.turn.of_net, sign=True)
    found = [_regime_change(told), *moves(told), net, *trigger_changes(told)]
    found += [f"feed {feed_name(key)} lost" for key in now.missing if key not in before.missing]
    found += [f"feed {feed_name(key)} is back" for key in before.missing if key not in now.missing]
    return list(filter(None, found))


def moves(told: Story, *, regained: bool = True) -> list[str]:
    """The axes that moved notably since the last refresh, or became unknown, or (``regained``) known again."""
    if told.before is None:
        return []
    pairs = [(axis, told.before.axis(axis.name).value) for axis in told.now.measured]
    said = (
        compared(words(axis.name), was, axis.value, told.turn.of_axis(axis.name))
        for axis, was in pairs
        if regained or was is not None or axis.value is None
    )
    return list(filter(None, said))


def compared(name: str, before: float | None, now: float | None, turned: str, *, sign: bool = False) -> str:
    """A number against the one before; nothing where it did not move notably. ``turned``: what it is without, or with
    again, if that is so."""
    if before == now:
        return ""
    if now is None or before is None:
        was, known = decimals(before, sign=sign), decimals(now, sign=sign)
        return f"{name} not known any more (was {was})" if now is None else f"{name} known again: {known}"
    if round(abs(now - before), 3) < NOTABLE:
        return ""
    if turned:
        return f"{name} {decimals(now, sign=sign)} {turned} (not comparable with {decimals(before, sign=sign)} before)"
    return f"{name} {decimals(before, sign=sign)} → {decimals(now, sign=sign)}"


def _regime_change(told: Story) -> str:
    """A regime is told as changed where it would have changed with all that had been known, too."""
    now, before = told.now, told.before
    if before is None or now.regime == before.regime:
        return ""
    if now.regime == UNDETERMINED:
        return f"regime not known any more (was {words(before.regime)})"
    if before.regime == UNDETERMINED:
        return f"regime known again: {words(now.regime)}"
    if now.told_regime == before.told_regime:
        turned = told.turn.of_net or "not confirmed"
        return f"regime {words(now.regime)} {turned} (not comparable with {words(before.regime)} before)"
    return f"{words(before.regime)} → {words(now.regime)}"


def trigger_changes(told: Story) -> list[str]:
    """Triggers that fired, were cleared, or are not known any more."""
    now, before = told.now, told.before
    if before is None:
        return []
    said_now, said_before = now.told_active, before.told_active
    active, was = ({text(it.get("id")) for it in each.active} for each in (now, before))
    found = []
    for name in sorted({*said_now, *said_before, *active, *was}):
        entry = trigger_entry(name, now, before)
        why, turned = told.silent.get(name, ""), told.turn.of_trigger(entry)
        if (name in active) == (name in was):
            state = _told_later(name in said_now, name in said_before, name in active)
        elif name in active:
            state = "known again: active" if name in said_before else f"active {turned}" if turned else "fired"
        else:
            state = f"not known any more ({why})" if why else f"not active {turned}" if turned else "cleared"
        found += [f"trigger {words(name)} {state}"] if state else []
    return found


def _told_later(is_told: bool, was_told: bool, is_active: bool) -> str:
    """What is told only now of a trigger that is as it was at the last refresh."""
    if is_told == was_told or is_told != is_active:
        return ""
    return "fired" if is_active else "cleared"


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
    """Look at the last 28 days of an axis, as far as they rest on what it rests on today. ``days`` is 0 unless it is
    notably worse than usual, and its past has had enough different values for a record to mean something."""
    if axis.value is None or axis.badness is None:
        return Past()
    rows = [row for row in told.rows if _within(row.at, told.now.generated_at) and row.axes.get(axis.name) is not None]
    values = axis_rows(like_rows(rows, _gaps(told.now), axis_grounds(axis.name)), axis.name)
    is_like = 2 * len(values) >= len(rows)
    usual = number(axis.baseline.get("median")) if is_like else None
    if usual is None and len(values) >= FEWEST_ROWS:
        usual = median(value for _, value in values)
    excess = 0.0 if usual is None else (axis.value - usual) * (1 if axis.is_pressure else -1)
    if len({round(value, 2) for _, value in values}) < FEWEST_VALUES:
        return Past(usual, excess)
    z = axis.z if is_like else None
    if len(values) < FEWEST_ROWS or excess < NOTABLE:
        return Past(usual, excess, 0, z)
    worse = [at for at, value in values if (value if axis.is_pressure else 1 - value) > axis.badness + NOISE]
    begin = max(worse, default=values[0][0])
    return Past(usual, excess, int((told.now.generated_at - begin) // DAY_MS), z)


def _gaps(now: Standing) -> dict[str, Gap]:
    """The gaps of a document, by the names of feeds and axes."""
    gaps = part(part(now.document, "meta"), "gaps").items()
    whole = {name_of(name): gap for name, gap in gaps if isinstance(gap, list) and len(gap) == 2}
    return {name: gap for name, gap in whole.items() if all(at is None or isinstance(at, int) for at in gap)}


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
    gap = _gaps(told.now).get(name_of(key))
    begun = number(gap[0]) if gap and gap[1] is None else None
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
