"""What matters now: at most five lines, the worst first, for the UI, the terminal, the page and notifications alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from regional_snapshots.model.document.words import UNDETERMINED
from regional_snapshots.model.events import Event
from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.report.components import COMPONENTS
from regional_snapshots.report.standing import REGIME_SEVERITY, Axis, Standing, text
from regional_snapshots.report.story import Story, in_its_past, lost_feeds, moves, past
from regional_snapshots.report.words import corridor_label, counted, decimals, listed, region_short, since, words

MOST_LINES = 5
NAMED = 3
"""Regions that a line names before it counts them."""

_AXIS_FEEDS = tuple(
    feed.key for feed in FEEDS if feed.name == "chokepoints" or any(feed.name == each.feed for each in COMPONENTS)
)
"""Keys of the feeds that axes rest on: without one of them, calm may only mean silence."""

_CRITICAL = REGIME_SEVERITY["fragmentation_risk"]


@dataclass(frozen=True)
class Headline:
    """One line: the regions it tells of, and what. ``urgency`` sorts: the most urgent highest."""

    regions: tuple[str, ...]
    says: str
    urgency: tuple[float, ...] = ()

    @property
    def line(self) -> str:
        """The line as people read it."""
        return f"{listed([region_short(region) for region in self.regions], NAMED)}: {self.says}"


def headlines(stories: Sequence[Story]) -> list[str]:
    """At most five lines about all regions. Regions of which the same is to be told share a line."""
    if not stories:
        return ["No region has a snapshot yet."]
    told = sorted(_joined(found for each in stories if (found := _headline(each))), key=lambda it: it.urgency)[::-1]
    unknown = _unknown_line(stories)
    room = MOST_LINES - bool(unknown)
    lines = [each.line for each in told]
    if len(lines) > room:
        left = dict.fromkeys(region for each in told[room - 1 :] for region in each.regions)
        lines = [*lines[: room - 1], f"Also worth a look: {listed([region_short(region) for region in left], NAMED)}"]
    return [*(lines or [_quiet_line(stories)]), *([unknown] if unknown else [])]


def headline(told: Story) -> str:
    """What matters now of one region, whether or not it is worth one of the five lines: ``MENA: calm``."""
    return Headline((told.now.region,), _says(told)).line


def _headline(told: Story) -> Headline | None:
    now = told.now
    severity = REGIME_SEVERITY.get(now.regime, REGIME_SEVERITY[UNDETERMINED])
    lost = lost_feeds(told, _AXIS_FEEDS)
    axis = _worst_axis(told)
    far = axis is not None and bool(in_its_past(told, axis))
    if not (severity or lost or far or moves(told) or _events(told) or told.is_shifted or told.pinned):
        return None
    z = (axis.z if axis else None) or 0.0
    urgency = (
        bool(told.pinned),
        severity >= _CRITICAL,
        told.is_shifted and severity > REGIME_SEVERITY["managed_deescalation"],
        severity,
        len(now.active),
        told.is_changed,
        z,
        *now.severity[2:],
    )
    return Headline((now.region,), _says(told), urgency)


def _says(told: Story) -> str:
    said = [told.pinned, ", ".join(filter(None, [_regime(told), _axis(told), _events(told)])), _known(told.now)]
    return "; ".join(filter(None, said)) + told.now.marks


def _regime(told: Story) -> str:
    now = told.now
    remarks = [f"was {words(told.before.regime)}"] if told.is_shifted and told.before else []
    remarks += filter(None, [lost_feeds(told, _AXIS_FEEDS)])
    moment = now.since_ms if now.regime != "calm" or told.is_shifted else None
    begun = f" since {since(moment, now.generated_at)}" if moment else ""
    return words(now.regime) + begun + (f" ({', '.join(remarks)})" if remarks else "")


def _axis(told: Story) -> str:
    """The axis to name and how it lies in its past; else the first of what moved since the last refresh."""
    axis = _worst_axis(told)
    if axis is not None:
        return ", ".join(filter(None, [f"{words(axis.name)} {decimals(axis.value)}", in_its_past(told, axis)]))
    return next(iter(moves(told)), "")


def _worst_axis(told: Story) -> Axis | None:
    """The axis to name: the farthest from its own past; in a region that is not calm, else the worst of all."""
    known = [axis for axis in told.now.measured if axis.value is not None]
    far = [axis for axis in known if in_its_past(told, axis)]
    if far:
        return max(
            far, key=lambda axis: (not _is_said(axis, told.now), past(told, axis).z or 0.0, past(told, axis).excess)
        )
    bad = [axis for axis in known if (axis.badness or 0.0) >= 0.5]
    return max(bad, key=lambda axis: axis.badness or 0.0) if bad and told.now.regime != "calm" else None


def _is_said(axis: Axis, now: Standing) -> bool:
    """Whether the regime says already that the axis is high."""
    return axis.name == "coercive_pressure" and now.regime in ("escalation_ladder", "coercive_stalemate")


def _events(told: Story) -> str:
    """What this snapshot brought about that the rest of the line does not say; in a calm region, all that is active."""
    active = _names(told.now)
    before = _names(told.before) if told.before else []
    named = active if told.now.regime == "calm" else [name for name in active if name not in before]
    ended = [name for name in before if name not in active]
    found = [_break(event) for event in told.events if _is_break(event, told.now)][:1]
    found += [_triggers(names, state) for names, state in ((named, "active"), (ended, "cleared")) if names]
    return ", ".join(found)


def _names(now: Standing) -> list[str]:
    return [words(text(trigger.get("id"))) for trigger in now.active]


def _triggers(names: Sequence[str], state: str) -> str:
    return f"trigger{'s' if len(names) > 1 else ''} {listed(names, 2)} {state}"


def _is_break(event: Event, now: Standing) -> bool:
    return event.type == "corridor_break" and event.snapshot_id == now.snapshot_id


def _break(event: Event) -> str:
    return f"{corridor_label(event.subject)} {words(event.before)} → {words(event.after)}"


def _known(now: Standing) -> str:
    """``3 of 4 pressures known``, unless all are."""
    pressures = [axis for axis in now.measured if axis.is_pressure]
    known = [axis for axis in pressures if axis.value is not None]
    return f"{len(known)} of {len(pressures)} pressures known" if len(known) < len(pressures) else ""


def _joined(found: Iterable[Headline]) -> list[Headline]:
    """One line for all regions of which the same is to be told."""
    lines: dict[str, Headline] = {}
    for each in found:
        other = lines.get(each.says)
        lines[each.says] = (
            Headline(other.regions + each.regions, each.says, max(other.urgency, each.urgency)) if other else each
        )
    return list(lines.values())


def _unknown_line(stories: Sequence[Story]) -> str:
    """``Not known: energy vulnerability (8 regions), domestic fragility (Latin America)``."""
    where: dict[str, list[str]] = {}
    for told in stories:
        for axis in told.now.unknown:
            where.setdefault(axis.name, []).append(told.now.short)
    if not where:
        return ""
    parts = [
        f"{words(axis)} ({counted(len(regions), 'region') if len(regions) > NAMED else listed(regions)})"
        for axis, regions in sorted(where.items(), key=lambda item: -len(item[1]))
    ]
    return f"Not known: {', '.join(parts)}"


def _quiet_line(stories: Sequence[Story]) -> str:
    same = all(told.before is not None and not told.is_changed for told in stories)
    unchanged = "; nothing changed since the last refresh" if same else ""
    return f"{counted(len(stories), 'region')} calm{unchanged}{stories[0].now.marks}"
