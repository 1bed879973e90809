"""What turned unknown, or known again, from one snapshot to the next, and what rests on it.

Whatever moved with it is not comparable: it is told with what it is without, and never as better or worse.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.feeds.grounds import AXIS_GROUNDS, axis_grounds, feed_name, metric_of, trigger_grounds
from regional_snapshots.report.components import component_feed, component_words
from regional_snapshots.report.standing import Standing, mappings, part, text
from regional_snapshots.report.words import listed, words


@dataclass(frozen=True)
class Turn:
    """``lost`` and ``regained``: names of feeds and of axes, and the components of an axis as ``axis/component``."""

    lost: frozenset[str] = frozenset()
    regained: frozenset[str] = frozenset()

    def of_axis(self, axis: str) -> str:
        """``without macro verdict``: what an axis is made without, or with again; else nothing."""
        return self._clause(lambda names: _of_axis(axis, names))

    @property
    def of_net(self) -> str:
        """The same of the net balance, and of the regime: axes that are not known, feeds that others are without."""
        return self._clause(_of_net)

    def of_trigger(self, entry: Mapping[str, Any]) -> str:
        """The same of what a trigger measures."""
        metric = metric_of(entry)
        family, _, measure = metric.partition(":")
        if family == "balance":
            return self.of_axis(measure.rpartition(":")[2])
        return self._clause(lambda names: names & trigger_grounds(metric)) if metric else ""

    def of_feeds(self, feeds: Collection[str]) -> str:
        """The same of what is read from these feeds."""
        return self._clause(lambda names: names & frozenset(feeds))

    def _clause(self, chosen: Callable[[frozenset[str]], Collection[str]]) -> str:
        lost, regained = (listed(sorted(map(_words, chosen(names)))) for names in (self.lost, self.regained))
        said = [f"without {lost}"] if lost != "none" else []
        return " and ".join([*said, f"with {regained} again"] if regained != "none" else said)


def turn(before: Standing | None, now: Standing) -> Turn:
    """What was lost and regained between two snapshots."""
    if before is None:
        return Turn()
    was, known = _unknown(before), _unknown(now)
    return Turn(_and_parts(known - was, before, now), _and_parts(was - known, now, before))


def trigger_entry(name: str, *standings: Standing | None) -> Mapping[str, Any]:
    """A trigger as the first of these snapshots that has it describes it."""
    for each in standings:
        for state in ("active", "watching", "dormant"):
            for entry in mappings(part(each.document, "triggers").get(state)) if each else ():
                if text(entry.get("id")) == name:
                    return entry
    return {}


def why_unknown(entry: Mapping[str, Any], now: Standing) -> str:
    """Why a trigger that is not active is not known: ``country scores missing``; the empty text where it is known."""
    grounds = trigger_grounds(metric_of(entry)) if metric_of(entry) else frozenset()
    missing = sorted(words(name) for name in _feeds(now) & grounds)
    if missing:
        return f"{listed(missing)} missing"
    unknown = sorted(words(axis.name) for axis in now.unknown if axis.name in grounds)
    if unknown:
        return f"{listed(unknown)} not known"
    return "nothing measures it" if entry.get("data") == "none" else ""


def silent_triggers(before: Standing | None, now: Standing) -> dict[str, str]:
    """Triggers that were active when they were last known, and why they are not known now."""
    active = {text(entry.get("id")) for entry in now.active}
    names = [*now.told_active, *((text(entry.get("id")) for entry in before.active) if before else ())]
    found = {name: why_unknown(trigger_entry(name, now, before), now) for name in names if name not in active}
    return {name: why for name, why in found.items() if why}


def _unknown(now: Standing) -> frozenset[str]:
    return _feeds(now) | {axis.name for axis in now.unknown}


def _feeds(now: Standing) -> frozenset[str]:
    return frozenset(map(feed_name, now.missing))


def _and_parts(names: frozenset[str], having: Standing, lacking: Standing) -> frozenset[str]:
    """With the components that one snapshot measured and the other not, although feed and axis are there in both."""
    there = {axis.name for axis in having.measured if axis.value is not None} - names
    gone = _parts(having) - _parts(lacking) if _parts(lacking) else set()
    return names | {f"{axis}/{name}" for axis, name in gone if axis in there and component_feed(name) not in names}


def _parts(now: Standing) -> set[tuple[str, str]]:
    balance = part(now.document, "balance")
    drivers = [*mappings(balance.get("pressures")), *mappings(balance.get("buffers"))]
    return {(text(it.get("axis")), text(it.get("component"))) for it in drivers if text(it.get("component"))}


def _of_axis(axis: str, names: frozenset[str]) -> set[str]:
    """Its feeds and components; the axis itself where none of them says why it is not known."""
    made_of = (names & axis_grounds(axis)) - {axis} | {name for name in names if name.startswith(f"{axis}/")}
    return set(made_of or names & {axis})


def _of_net(names: frozenset[str]) -> set[str]:
    """Axes; and what axes that are known are without."""
    axes = names & AXIS_GROUNDS.keys()
    return set(axes) | {name for axis in AXIS_GROUNDS.keys() - axes for name in _of_axis(axis, names)}


def _words(name: str) -> str:
    _, _, component = name.partition("/")
    return component_words(component) if component else words(name)


def joined(parts: Iterable[str]) -> str:
    """Remarks in one pair of brackets, with a space before; nothing of none."""
    said = ", ".join(filter(None, parts))
    return f" ({said})" if said else ""
