"""What differs between two snapshots of a region: regime, numbers, triggers, corridors, scenarios, what is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.feeds.grounds import CORRIDOR_GROUNDS, SCENARIO_GROUNDS
from regional_snapshots.model.snapshot import AXES
from regional_snapshots.model.values import number
from regional_snapshots.report.known.turn import trigger_entry, turn, why_unknown
from regional_snapshots.report.standing import Standing, mappings, part, standing, text, triggers_of
from regional_snapshots.report.words import corridor_label, decimals, feed_name, words

LEAST = 0.0005
"""Numbers that differ by less read the same."""

Value = str | float | None


@dataclass(frozen=True)
class Difference:
    """One difference: what it is of (``axis``, ``trigger``, …), its name, and the values of both sides; None where a
    side does not know it. ``turned``: what the later side is without, or with again, where that makes them no pair."""

    of: str
    name: str
    before: Value
    after: Value
    turned: str = ""

    @property
    def change(self) -> float | None:
        """By how much a number changed; None where either side has none, or they rest on different feeds."""
        if self.turned:
            return None
        if isinstance(self.before, str) or isinstance(self.after, str) or self.before is None or self.after is None:
            return None
        return round(self.after - self.before, 3)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What differs between two documents of one region, in the order in which people ask. Raises nothing, whatever
    the documents are."""
    return [found for found in _compared(before, after) if _differs(found)]


def side(value: Value) -> str:
    """A value for people."""
    return words(value) if isinstance(value, str) else decimals(value, 3)


def _compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    turned = turn(standing(before), standing(after))
    was, now = part(before, "regime"), part(after, "regime")
    yield Difference("regime", "", text(was.get("label")), text(now.get("label")), turned.of_net)
    was, now = part(before, "meta"), part(after, "meta")
    yield Difference("method", "", text(was.get("method")), text(now.get("method")))
    yield Difference("confidence", "", number(was.get("snapshot_confidence")), number(now.get("snapshot_confidence")))
    for of, member in (("missing feed", "missing_inputs"), ("stale feed", "stale_inputs")):
        yield from _in_both(of, _feeds(was, member), _feeds(now, member), absent="no")
    was, now = part(before, "balance"), part(after, "balance")
    yield Difference("net balance", "", number(was.get("net_balance")), number(now.get("net_balance")), turned.of_net)
    for axis in AXES:
        yield Difference("axis", words(axis), number(was.get(axis)), number(now.get(axis)), turned.of_axis(axis))
    covered = part(was, "coverage"), part(now, "coverage")
    for axis in AXES:
        yield Difference("coverage", words(axis), number(covered[0].get(axis)), number(covered[1].get(axis)))
    yield from _of_triggers(standing(before), standing(after))
    yield from _in_both("access to", _access(before), _access(after), turned.of_feeds(CORRIDOR_GROUNDS))
    yield from _in_both("scenario", _lanes(before), _lanes(after), _of_scenarios(standing(before), standing(after)))


def _of_scenarios(before: Standing, after: Standing) -> str:
    """What scenarios are without: forecasts, and by the parity methods what active triggers measure, which vote."""
    turned = turn(before, after)
    swayed = [] if after.method.startswith("2") else sorted(_active(before) ^ _active(after))
    entries = (trigger_entry(name, after, before) for name in swayed)
    votes = (found for entry in entries if (found := turned.of_trigger(entry)))
    return turned.of_feeds(SCENARIO_GROUNDS) or next(votes, "")


def _active(now: Standing) -> set[str]:
    return {text(entry.get("id")) for entry in now.active}


def _of_triggers(before: Standing, after: Standing) -> Iterator[Difference]:
    """Active and watching ones; a dormant trigger is none of the news, unless nothing is known of it any more."""
    turned = turn(before, after)
    for name in dict.fromkeys((*_told_of(before), *_told_of(after))):
        was, now = _trigger(name, before, after), _trigger(name, after, before)
        yield Difference("trigger", words(name), was, now, turned.of_trigger(trigger_entry(name, after, before)))


def _told_of(now: Standing) -> list[str]:
    return [text(entry.get("id")) for state in ("active", "watching") for entry in triggers_of(now.document, state)]


def _trigger(name: str, now: Standing, other: Standing) -> Value:
    for state in ("active", "watching"):
        if any(text(entry.get("id")) == name for entry in triggers_of(now.document, state)):
            return state
    return None if why_unknown(trigger_entry(name, now, other), now) else "no"


def _in_both(
    of: str, before: Mapping[str, Value], after: Mapping[str, Value], turned: str = "", *, absent: Value = None
) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *after)):
        yield Difference(of, name, before.get(name, absent), after.get(name, absent), turned)


def _differs(found: Difference) -> bool:
    if isinstance(found.before, (int, float)) and isinstance(found.after, (int, float)):
        return abs(found.after - found.before) >= LEAST
    return found.before != found.after


def _feeds(meta: Mapping[str, Any], member: str) -> dict[str, Value]:
    listed = meta.get(member)
    return {feed_name(key): "yes" for key in listed if isinstance(key, str)} if isinstance(listed, list) else {}


def _access(document: Mapping[str, Any]) -> dict[str, Value]:
    return {corridor_label(text(it.get("id"))): number(it.get("access")) for it in mappings(document.get("corridors"))}


def _lanes(document: Mapping[str, Any]) -> dict[str, Value]:
    return {
        f"{words(lane.get('name'))} within {words(scenario.get('horizon'))}": number(lane.get("probability"))
        for scenario in mappings(document.get("scenario_sets"))
        for lane in mappings(scenario.get("lanes"))
    }
