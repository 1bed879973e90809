"""What matters now: at most five lines, the worst first, for the UI, the terminal, the page and notifications alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from regional_snapshots.model.document.words import UNDETERMINED
from regional_snapshots.model.events import Event
from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.report.components import COMPONENTS
from regional_snapshots.report.known.turn import joined
from regional_snapshots.report.standing import REGIME_SEVERITY, Axis, Standing, text
from regional_snapshots.report.story import NOTABLE, Story, in_its_past, lost_feeds, moves, past
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
    known = list(filter(None, [_axes_line("Known again", stories, _known_again), _unknown_line(stories)]))
    room = MOST_LINES - len(known)
    lines = [each.line for each in told]
    if len(lines) > room:
        left = dict.fromkeys(region for each in told[room - 1 :] for region in each.regions)
        lines = [*lines[: room - 1], f"Also worth a look: {listed([region_short(region) for region in left], NAMED)}"]
    return [*(lines or [_quiet_line(stories)]), *known]


def headline(told: Story) -> str:
    """What matters now of one region, whether or not it is worth one of the five lines: ``MENA: calm``."""
    return Headline((told.now.region,), _says(told)).line


def _headline(told: Story) -> Headline | None:
    now = told.now
    severity = now.regime_severity
    lost = lost_feeds(told, _AXIS_FEEDS)
    axis = _worst_axis(told)
    far = axis is not None and bool(in_its_past(told, axis))
    moved = moves(told, regained=False)
    if not (severity or lost or far or moved or _events(told) or told.is_shifted or told.pinned):
        return None
    z = (axis.z if axis else None) or 0.0
    urgency = (
        bool(told.pinned),
        severity >= _CRITICAL,
        told.is_shifted and severity > REGIME_SEVERITY["managed_deescalation"],
        severity,
        now.severity[1],
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
    lost, last = lost_feeds(told, _AXIS_FEEDS), now.told_regime
    moment = now.since_ms if now.regime != "calm" or told.is_shifted else None
    begun = f" since {since(moment, now.generated_at)}" if moment else ""
    if last == now.regime:
        was = f"was {words(told.before.regime)}" if told.is_shifted and told.before else ""
        return words(now.regime) + begun + joined([was, lost])
    if now.regime == UNDETERMINED:
        return words(now.regime) + begun + joined([f"{words(last)} when last known", lost])
    return f"{words(last)} when last known" + joined([f"{words(now.regime)} by what is known now", lost])


def _axis(told: Story) -> str:
    """What moved most if the regime changed; the axis to name and how it lies in its past; else what moved first."""
    most, axis = (_most_moved(told) if told.is_shifted else None), _worst_axis(told)
    found = [f"{words(most.name)} {decimals(_before(told, most))} → {decimals(most.value)}"] if most else []
    if axis is not None and axis != most:
        found += filter(None, [f"{words(axis.name)} {decimals(axis.value)}", in_its_past(told, axis)])
    return ", ".join(found or moves(told, regained=False)[:1])


def _most_moved(told: Story) -> Axis | None:
    """The axis that moved most since the last refresh, of those that rest on the same as then."""
    moved = [
        (abs(axis.value - was), axis)
        for axis in told.now.measured
        if axis.value is not None and (was := _before(told, axis)) is not None and not told.turn.of_axis(axis.name)
    ]
    most = max(moved, key=lambda pair: pair[0], default=None)
    return most[1] if most and round(most[0], 3) >= NOTABLE else None


def _before(told: Story, axis: Axis) -> float | None:
    return told.before.axis(axis.name).value if told.before else None


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
    said, active = told.now.told_active, _names(told.now)
    before = {**told.before.told_active, **dict.fromkeys(_names(told.before))} if told.before else {}
    named = active if told.now.regime == "calm" else [name for name in active if name not in before]
    ended = [name for name in before if name not in said and name not in active and name not in told.silent]
    found = [_break(event) for event in told.events if _is_break(event, told.now)][:1]
    found += [_triggers(names, state) for names, state in ((named, "active"), (ended, "cleared")) if names]
    known = lost_feeds(told, _AXIS_FEEDS)
    for why, names in _by_reason(told.silent).items():
        found.append(_triggers(names, "not known any more" + joined([why] if why not in known else [])))
    return ", ".join(found)


def _by_reason(silent: Mapping[str, str]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for name, why in silent.items():
        reasons.setdefault(why, []).append(name)
    return reasons


def _names(now: Standing) -> list[str]:
    return [text(trigger.get("id")) for trigger in now.active]


def _triggers(names: Sequence[str], state: str) -> str:
    return f"trigger{'s' if len(names) > 1 else ''} {listed(map(words, names), 2)} {state}"


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
    return _axes_line("Not known", stories, lambda told: told.now.unknown)


def _known_again(told: Story) -> list[Axis]:
    unknown = {axis.name for axis in told.before.unknown} if told.before else set()
    return [axis for axis in told.now.measured if axis.value is not None and axis.name in unknown]


def _axes_line(what: str, stories: Sequence[Story], of: Callable[[Story], Iterable[Axis]]) -> str:
    """One line of what is to be told of axes in the same words for all regions."""
    where: dict[str, list[str]] = {}
    for told in stories:
        for axis in of(told):
            where.setdefault(axis.name, []).append(told.now.short)
    parts = [
        f"{words(axis)} ({counted(len(regions), 'region') if len(regions) > NAMED else listed(regions)})"
        for axis, regions in sorted(where.items(), key=lambda item: -len(item[1]))
    ]
    return f"{what}: {', '.join(parts)}" if parts else ""


def _quiet_line(stories: Sequence[Story]) -> str:
    same = all(told.before is not None and not told.is_changed for told in stories)
    unchanged = "; nothing changed since the last refresh" if same else ""
    return f"{counted(len(stories), 'region')} calm{unchanged}{stories[0].now.marks}"
