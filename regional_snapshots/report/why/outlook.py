"""What may come of it: triggers, scenarios, the corridors that ships pass, and how it would be passed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regional_snapshots.model.values import number
from regional_snapshots.report.known.traffic import unknown_traffic
from regional_snapshots.report.known.turn import trigger_entry
from regional_snapshots.report.standing import Standing, mappings, part, text, texts, triggers_of
from regional_snapshots.report.story import Story
from regional_snapshots.report.why.section import LARGEST, Fact, Section
from regional_snapshots.report.words import (
    UNITS,
    UNKNOWN,
    corridor_label,
    counted,
    decimals,
    figure,
    listed,
    percent,
    region_short,
    since,
    span,
    words,
)


def triggers(told: Story) -> Section:
    """Active ones, then those that come near; the dormant ones on request."""
    active, near, dormant = (
        tuple(_trigger(each, told.now.generated_at) for each in triggers_of(told.now.document, state))
        for state in ("active", "watching", "dormant")
    )
    silent = tuple(_silent(told, name, why) for name, why in told.silent.items())
    quiet = (Fact("none active, none near"),) if dormant else ()
    return Section("Triggers", active + silent + near or quiet, dormant)


def _silent(told: Story, name: str, why: str) -> Fact:
    """``iran cii spike not known: country scores missing``, and since when it was active when last known."""
    begun = told.now.told_active.get(name)
    was = f"active since {since(begun, told.now.generated_at)} when last known" if begun else "active when last known"
    description = text(trigger_entry(name, told.now, told.before).get("description"))
    return Fact(f"{words(name)} {UNKNOWN}: {why}", tuple(filter(None, [was, description])))


def _trigger(trigger: Mapping[str, Any], now_ms: int) -> Fact:
    """``red sea critical active since 06:00: value 0.85, 0.05 past 0.8``, because of what it watches."""
    begun = number(trigger.get("activated_at"))
    is_active = trigger.get("activated") is True
    state = (f" active since {since(begun, now_ms)}" if begun else " active") if is_active else ""
    stale = "measured on stale data" if trigger.get("data") == "stale" else ""
    because = tuple(filter(None, [text(trigger.get("description")), stale]))
    return Fact(f"{words(text(trigger.get('id')))}{state}{_measured(trigger)}", because)


def _measured(trigger: Mapping[str, Any]) -> str:
    value, distance = number(trigger.get("value")), number(trigger.get("distance"))
    target = figure(number(part(trigger, "threshold").get("value")))
    if value is None:
        return ": no data" if trigger.get("data") == "none" else ""
    if distance is None:
        return f": value {figure(value)}, target {target}"
    return f": value {figure(value)}, {figure(abs(distance))} {'past' if distance >= 0 else 'short of'} {target}"


def scenarios(document: Mapping[str, Any]) -> Section:
    """By horizon, the likeliest lane first, with what its forecasts alone say and the bounds that method 2 gives."""
    facts, silent = [], []
    for horizon in mappings(document.get("scenario_sets")):
        lanes = [lane for lane in mappings(horizon.get("lanes")) if number(lane.get("probability")) is not None]
        lanes.sort(key=lambda lane: -(number(lane.get("probability")) or 0.0))
        name = f"within {text(horizon.get('horizon'))}"
        if not lanes:
            silent.append(Fact(f"{name}: no forecast speaks of it"))
        else:
            said = [_lane(lane) for lane in lanes if number(lane.get("probability")) or lane.get("name") == "base"]
            facts.append(Fact(f"{name}: {', '.join(said)}", _shared(lanes)))
    if silent and not facts:
        return Section("Scenarios", (Fact("no forecast speaks of any horizon"),))
    return Section("Scenarios", tuple(facts), tuple(silent))


def _shared(lanes: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """How what is left of several lanes was shared out, where their forecasts alone would exceed it."""
    points = [(words(text(lane.get("name"))), point) for lane in lanes if (point := number(lane.get("point")))]
    if len(points) < 2:
        return ()
    left = " × ".join(f"(1 - {point:.2f})" for _, point in points)
    return (f"base is {left}; {listed([name for name, _ in points])} share the rest as {_ratio(points)}",)


def _ratio(points: Sequence[tuple[str, float]]) -> str:
    return " : ".join(f"{point:.2f}" for _, point in points)


def _lane(lane: Mapping[str, Any]) -> str:
    """``escalation 66 % (3 forecasts: 66 %, between 50 and 100 %)``: what its forecasts alone say."""
    low, high, point, n = (number(lane.get(name)) for name in ("low", "high", "point", "n"))
    said = f"{words(text(lane.get('name')))} {percent(number(lane.get('probability')))}"
    if low is None or not n:
        return said
    between = "" if low == high else f"between {low * 100:.0f} and {percent(high)}"
    alone = ", ".join(filter(None, [percent(point) if point is not None else "", between]))
    return f"{said} ({counted(int(n), 'forecast')}{': ' if alone else ''}{alone})"


def corridors(now: Standing) -> Section:
    """The corridors of the region that are measured (method 2, section 4)."""
    bases = {"flow": "of its usual flow", "own_history": "of its own median", "none": ""}
    facts = []
    for corridor in mappings(now.document.get("corridors")):
        basis = bases.get(text(corridor.get("basis")), "")
        through = number(corridor.get("throughput"))
        busy = f"throughput {percent(through)} {basis}".strip() if through is not None else "throughput not known"
        why = f": {unknown_traffic(corridor, now)}" if through is None else ""
        facts.append(
            Fact(
                f"{corridor_label(text(corridor.get('id')))}: access {decimals(number(corridor.get('access')))}",
                (f"openness {decimals(number(corridor.get('openness')))}, {busy}{why}",),
            )
        )
    return Section("Corridors", tuple(facts))


def transmissions(document: Mapping[str, Any]) -> Section:
    """The steps by which an active trigger reaches markets, the surest first."""
    paths = sorted(
        mappings(document.get("transmission_paths")), key=lambda path: -(number(path.get("confidence")) or 0.0)
    )
    steps = tuple(map(_step, paths))
    return Section("Transmissions", steps[:LARGEST], steps[LARGEST:])


def _step(path: Mapping[str, Any]) -> Fact:
    """``Ships pass less → … → Tanker rates multiply: 200 to 400 % within 12 h``."""
    chain = " → ".join(text(path.get(name)) for name in ("start", "mechanism", "end"))
    low, high, unit = (
        number(path.get("magnitude_low")),
        number(path.get("magnitude_high")),
        text(path.get("magnitude_unit")),
    )
    size = f": {figure(low)} to {figure(high)} {UNITS.get(unit, words(unit))}" if None not in (low, high) else ""
    latency = number(path.get("latency_hours"))
    within = f" within {span(latency * 60)}" if latency is not None else ""
    home = text(path.get("origin"))
    origin = f"from {region_short(home)}, " if home else ""
    reach = listed([region_short(region) for region in texts(path.get("impacted_regions"))])
    return Fact(
        f"{chain}{size}{within}", (f"{origin}confidence {percent(number(path.get('confidence')))}, reaches {reach}",)
    )
