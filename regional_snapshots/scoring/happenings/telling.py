"""From facts to events: each with its severity, what was crossed, and what it is made of.

Source: the design, section 14.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.events import EVENT_TYPES, REGIME_SEVERITIES, Cause, Event, Value
from regional_snapshots.model.feeds.grounds import AXIS_GROUNDS, metric_of, trigger_axis, trigger_grounds
from regional_snapshots.model.news import REGIME_SHIFT, axis_moves
from regional_snapshots.scoring.happenings.facts import Facts
from regional_snapshots.scoring.happenings.falls import BUFFER_FAILURE, CORRIDOR_BREAK, JUMP, Fall
from regional_snapshots.scoring.happenings.view import View

CAUSES, EVIDENCE = 3, 5
"""So many parts of a reason, and pieces of evidence of each, go into an event."""
SEVERE_ANOMALY = "high"


@dataclass(frozen=True)
class Narrator:
    """Makes events of one region's snapshot. ``before`` is None when there is nothing to compare with."""

    region: str
    snapshot_id: str
    now: View
    before: View | None

    def tell(self, facts: Facts) -> tuple[Event, ...]:
        """Every event, in the order of the table of types."""
        found = [*self._of_changes(facts), *self._of_falls(facts.falls), *self._of_turn(facts)]
        order = list(EVENT_TYPES)
        return tuple(sorted(found, key=lambda event: order.index(event.type)))

    def _of_changes(self, facts: Facts) -> Iterator[Event]:
        changes = facts.changes
        if shift := changes["regime_changed"]:
            severity = REGIME_SEVERITIES.get(shift["to"], "")
            yield self._event(REGIME_SHIFT, "regime", shift["from"], shift["to"], self._moves(), severity=severity)
        for item in changes["trigger_activations"]:
            yield self._of_trigger("trigger_activated", item["id"], "inactive", "active")
        for item in changes["trigger_deactivations"]:
            yield self._of_trigger("trigger_cleared", item["id"], "active", "inactive")
        if "corridor_break" not in facts.falls:
            for item in changes["corridor_breaks"]:
                cause = self._of_axis("maritime_access")
                yield self._event("corridor_break", item["corridor_id"], float(item["from"]), float(item["to"]), cause,
                                  threshold=CORRIDOR_BREAK)  # fmt: skip
        if "buffer_failure" not in facts.falls:
            for item in changes["buffer_failures"]:
                cause = self._of_axis(item["axis"])
                yield self._event("buffer_failure", item["axis"], item["from"], item["to"], cause,
                                  threshold=BUFFER_FAILURE)  # fmt: skip
        for item in changes["scenario_jumps"]:
            subject = f"{item['horizon']}/{item['lane']}"
            yield self._event("scenario_jump", subject, item["from"], item["to"], threshold=JUMP)

    def _of_falls(self, falls: Mapping[str, Sequence[Fall]]) -> Iterator[Event]:
        for kind, found in falls.items():
            for fall in found:
                severity = SEVERE_ANOMALY if fall.level > 1 else ""
                cause = self._of_corridor(fall) if kind == "corridor_break" else self._of_axis(fall.subject)
                yield self._event(kind, fall.subject, fall.usual, fall.value, cause, threshold=fall.threshold,
                                  severity=severity)  # fmt: skip

    def _of_turn(self, facts: Facts) -> Iterator[Event]:
        before = self.before
        if before is None:
            return
        for name in sorted(facts.turn.lost):
            yield self._turned("data_loss", name, before)
        for name in facts.told.silenced if facts.told else ():
            if name in before.active and not trigger_grounds(metric_of(before.active[name])) & facts.turn.lost:
                yield self._event("data_loss", name, "active", "unmeasured")
        for name in sorted(facts.turn.regained):
            yield self._turned("data_restored", name, before)

    def _turned(self, kind: str, name: str, before: View) -> Event:
        """A feed or an axis that was lost or came back, with the axes that moved with it."""
        if name in AXIS_GROUNDS:
            return self._event(kind, name, before.axes.get(name), self.now.axes.get(name))
        view = before if kind == "data_loss" else self.now
        state = "stale" if name in view.stale else "fresh"
        sides = (state, "missing") if kind == "data_loss" else ("missing", state)
        causes = [self._cause(axis, name, axis) for axis, grounds in AXIS_GROUNDS.items() if name in grounds]
        return self._event(kind, name, *sides, [cause for cause in causes if cause.delta])

    def _of_trigger(self, kind: str, name: str, before: str, after: str) -> Event:
        entry = (self.now.triggers or {}).get(name, {})
        threshold = entry.get("threshold") or {}
        metric = str(threshold.get("metric", ""))
        was = _number(((self.before.triggers or {}) if self.before else {}).get(name, {}).get("value"))
        value = _number(entry.get("value"))
        delta = None if value is None or was is None else round(value - was, 3)
        evidence = tuple(entry.get("evidence_ids") or ())[:EVIDENCE]
        cause = [Cause(trigger_axis(metric), metric, delta, evidence)]
        return self._event(kind, name, before, after, cause, threshold=threshold.get("value"))

    def _moves(self) -> list[Cause]:
        moved = axis_moves(self.before.axes, self.now.axes) if self.before else []
        return [self._cause(axis, "", axis) for axis, _, _ in moved[:CAUSES]]

    def _of_axis(self, axis: str) -> list[Cause]:
        """The components of an axis that moved most; the axis itself where the method names none."""
        parts = {part: self._contribution(self.now, axis, part) - self._contribution(self.before, axis, part)
                 for view in (self.now, self.before) for part in _components(view, axis)}  # fmt: skip
        ordered = sorted(parts.items(), key=lambda part: -abs(part[1]))[:CAUSES]
        return [Cause(axis, part, round(delta, 3), self._evidence(axis, part)) for part, delta in ordered if delta] or [
            self._cause(axis, "", axis)
        ]

    def _of_corridor(self, fall: Fall) -> list[Cause]:
        evidence = self._evidence("maritime_access", fall.subject)
        return [Cause("maritime_access", fall.subject, round(fall.value - fall.usual, 3), evidence)]

    def _cause(self, axis: str, component: str, of: str) -> Cause:
        was, value = (view.axes.get(of) if view else None for view in (self.before, self.now))
        delta = round(value - was, 3) if was is not None and value is not None else None
        return Cause(axis, component, delta, self._evidence(axis, component))

    def _evidence(self, axis: str, component: str) -> tuple[str, ...]:
        drivers = [driver for driver in self.now.drivers if driver.get("axis") == axis]
        named = [driver for driver in drivers if component and driver.get("component") == component]
        ids = [name for driver in named or drivers for name in driver.get("evidence_ids") or ()]
        return tuple(dict.fromkeys(ids))[:EVIDENCE]

    def _contribution(self, view: View | None, axis: str, component: str) -> float:
        found = (
            _number(driver.get("contribution"))
            for driver in (view.drivers if view else ())
            if (driver.get("axis"), driver.get("component")) == (axis, component)
        )
        return next((value for value in found if value is not None), 0.0)

    def _event(
        self, kind: str, subject: str, before: Value, after: Value, cause: Iterable[Cause] = (),
        *, threshold: float | None = None, severity: str = "",
    ) -> Event:  # fmt: skip
        return Event(
            type=kind,
            severity=severity or EVENT_TYPES[kind].severity,
            region=self.region,
            subject=subject,
            before=before,
            after=after,
            threshold=threshold,
            generated_at=self.now.at,
            snapshot_id=self.snapshot_id,
            previous_snapshot_id=self.before.id if self.before else "",
            method=self.now.method,
            confidence=self.now.confidence,
            sample=self.now.sample,
            cause=tuple(cause),
        )


def _components(view: View | None, axis: str) -> list[str]:
    drivers = view.drivers if view else ()
    return [part for it in drivers if it.get("axis") == axis and isinstance(part := it.get("component"), str)]


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
