"""The axes of a region: the worst first, each with its largest contributions, their values, feeds and age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regional_snapshots.model.feeds import FeedReport
from regional_snapshots.model.values import number
from regional_snapshots.report.components import MAX_AGE_MIN, component_feed, component_words, components_of
from regional_snapshots.report.standing import STRUCTURAL, Axis, drivers_of, text
from regional_snapshots.report.story import Story, in_its_past
from regional_snapshots.report.why.section import LARGEST, Fact, Section
from regional_snapshots.report.words import UNKNOWN, decimals, percent, span, words


def axes(told: Story, ages: Mapping[str, FeedReport]) -> Section:
    """The worst axis first; what is not known after them, the structural one last."""
    axes = sorted(told.now.measured, key=lambda axis: -1.0 if axis.badness is None else axis.badness, reverse=True)
    facts = [Fact(_axis(told, axis), _largest(told, axis, ages)) for axis in axes]
    more = [
        Fact(words(axis.name), rest)
        for axis in axes
        if (rest := _contributions(told, axis, ages)[LARGEST:] + _absent(told, axis))
    ]
    leverage = told.now.axis(STRUCTURAL)
    if leverage.value is not None:
        more.append(
            Fact(f"{words(STRUCTURAL)} {decimals(leverage.value)}", ("follows from geography: no feed moves it",))
        )
    return Section("Axes", tuple(facts), tuple(more))


def _axis(told: Story, axis: Axis) -> str:
    kind = "pressure" if axis.is_pressure else "buffer"
    if axis.value is None:
        coverage = "" if axis.coverage is None else f": coverage {percent(axis.coverage)}, 50 % is needed"
        return f"{words(axis.name)} ({kind}) {UNKNOWN}{coverage}"
    coverage = "" if axis.coverage is None or axis.coverage >= 1 else f"coverage {percent(axis.coverage)}"
    remarks = ", ".join(filter(None, [in_its_past(told, axis), coverage]))
    return f"{words(axis.name)} ({kind}) {decimals(axis.value)}" + (f": {remarks}" if remarks else "")


def _largest(told: Story, axis: Axis, ages: Mapping[str, FeedReport]) -> tuple[str, ...]:
    """The largest contributions, and the sum of the rest: together they are the axis."""
    rest = [number(driver.get("contribution")) for driver in drivers_of(told.now.document, axis.name)[LARGEST:]]
    known = [share for share in rest if share is not None]
    more = (f"{decimals(sum(known), sign=True)} from {len(known)} more",) if known else ()
    return _contributions(told, axis, ages)[:LARGEST] + more


def _contributions(told: Story, axis: Axis, ages: Mapping[str, FeedReport]) -> tuple[str, ...]:
    drivers = drivers_of(told.now.document, axis.name)
    weights = [number(driver.get("weight")) for driver in drivers]
    whole = sum(weight for weight in weights if weight is not None)
    return tuple(_driver(driver, whole, ages) for driver in drivers)


def _driver(driver: Mapping[str, Any], whole: float, ages: Mapping[str, FeedReport]) -> str:
    """``+0.43 from severe signals: 4 critical, 4 high (value 0.95 × weight 0.45 of 1.00; signals, 12 min old)``: a
    contribution is value × weight, divided by the weight of all that was measured."""
    says, value = text(driver.get("description")), decimals(number(driver.get("magnitude")))
    component = text(driver.get("component"))
    if not component:
        return f"{value} {says}"
    name = component_words(component)
    said = says.removeprefix(f"{name}: ")
    share = f"{decimals(number(driver.get('contribution')), sign=True)} from {name}" + (f": {said}" if said else "")
    feed = component_feed(component)
    age = f"; {feed_age(feed, number(driver.get('coverage')), ages)}" if feed else ""
    weight = f"weight {decimals(number(driver.get('weight')))} of {decimals(whole)}"
    return f"{share} (value {value} × {weight}{age})"


def feed_age(feed: str, freshness: float | None, ages: Mapping[str, FeedReport]) -> str:
    """How old a feed was. Without its report, from the weight that its age gave it (method 2, section 1)."""
    name = words(feed)
    report = ages.get(feed)
    if report is not None and report.age_min is not None:
        return f"{name}, {span(max(report.age_min, 0.0))} old{' (sample)' if report.sample else ''}"
    if freshness is None or freshness <= 0 or feed not in MAX_AGE_MIN:
        return name
    if freshness >= 1:
        return f"{name}, fresh"
    return f"{name}, stale: counts {percent(freshness)}"


def _absent(told: Story, axis: Axis) -> tuple[str, ...]:
    """The declared components of an axis that were not measured."""
    measured = {text(driver.get("component")) for driver in drivers_of(told.now.document, axis.name)}
    if axis.coverage is None or not (measured - {""} or axis.value is None):
        return ()
    absent = [each for each in components_of(told.now.region) if each.axis == axis.name and each.name not in measured]
    return tuple(f"not measured: {each.says} ({words(each.feed)}, weight {each.weight:g})" for each in absent)
