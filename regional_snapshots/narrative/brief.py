"""The weekly brief of a region: what the week was, from its series, its events and its latest snapshot.

Written from a template, plainly and without a model; or by a model from the same facts, checked like every text of
ours, the template being what is left when it has nothing to say. Source: the description of the live system, section 7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from regional_snapshots.model.events import SEVERITIES, Event
from regional_snapshots.model.feeds import FEEDS
from regional_snapshots.model.regions import CORRIDORS, REGIONS
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.snapshot import AXES, PRESSURES
from regional_snapshots.model.values import spoken
from regional_snapshots.narrative.answer import text_of
from regional_snapshots.narrative.facts import Facts, facts_from, facts_of
from regional_snapshots.narrative.grounding import grounded, without_marks

WEEK_MS = 7 * 86_400_000
MAX_DEVELOPMENTS, MAX_DEVELOPMENT, MAX_TRANSITIONS = 5, 100, 10
TEMPLATE = "template"
"""The provider of a brief that no model wrote."""
PARTS = ("situation_recap", "regime_trajectory", "risk_outlook")
NOTABLE = 0.1
"""By how much an axis must have moved within the week to be named."""

_CORRIDORS = {corridor.id: corridor.label for corridor in CORRIDORS}
_FEED_NAMES = {spec.key: spec.name for spec in FEEDS}


@dataclass(frozen=True)
class Week:
    """What a brief is written from: the rows and events of seven days up to ``now_ms``, oldest first, and the latest
    document."""

    region: str
    now_ms: int
    latest: Mapping[str, Any]
    rows: Sequence[SeriesRow]
    events: Sequence[Event]

    @property
    def begins_ms(self) -> int:
        """The start of the week."""
        return self.now_ms - WEEK_MS


@dataclass(frozen=True)
class Brief:
    """A weekly brief, and what was dropped from a model's answer and why."""

    document: dict[str, Any]
    dropped: Counter[str] = field(default_factory=Counter)


def week_of(
    region: str, now_ms: int, latest: Mapping[str, Any], rows: Iterable[SeriesRow], events: Iterable[Event]
) -> Week:
    """The week up to ``now_ms``: what is older, or later, is left out."""
    within = [row for row in rows if now_ms - WEEK_MS <= row.at <= now_ms]
    told = [event for event in events if now_ms - WEEK_MS <= event.generated_at <= now_ms]
    return Week(region, now_ms, latest, within, told)


def template_brief(week: Week) -> Brief:
    """The brief in plain sentences; it says that no model wrote it."""
    texts = {
        "situation_recap": _recap(week),
        "regime_trajectory": _trajectory(week),
        "key_developments": _developments(week),
        "risk_outlook": _outlook(week),
    }
    return Brief(_document(week, texts, TEMPLATE, ""))


def brief_facts(week: Week) -> Facts:
    """What a model may use: the facts of the latest snapshot, the transitions and the events of the week."""
    facts = facts_of(week.latest)
    template = template_brief(week).document
    lines = [
        *facts.lines,
        f"week: {_day(week.begins_ms)} to {_day(week.now_ms)} (UTC)",
        *(f"this week: {template[part]}" for part in PARTS),
        *(f"event: {line}" for line in template["key_developments"]),
        *(f"transition: {_transition(event)}" for event in _shifts(week)[-MAX_TRANSITIONS:]),
    ]
    return facts_from(week.region, facts.regime, lines, facts.evidence, facts.ids | {event.id for event in week.events})


def model_brief(week: Week, answer: Mapping[str, Any], provider: str, model: str) -> Brief | None:
    """The brief of a model's answer, only what is grounded; None when its recap is then empty."""
    facts = brief_facts(week)
    dropped: Counter[str] = Counter()

    cited: list[str] = []

    def checked(value: Any) -> str:
        found = grounded(text_of(value), (), facts)
        dropped.update(found.dropped)
        cited.extend(found.evidence_ids)
        return without_marks(found.text)

    listed = answer.get("key_developments")
    told = [checked(text) for text in listed if text_of(text)] if isinstance(listed, list) else []
    texts: dict[str, Any] = {part: checked(answer.get(part)) for part in PARTS}
    texts["key_developments"] = [text for text in told if text][:MAX_DEVELOPMENTS]
    if not texts["situation_recap"]:
        return None
    document = _document(week, texts, provider, model) | {"evidence_ids": list(dict.fromkeys(cited))}
    return Brief(document, dropped)


def _document(week: Week, texts: Mapping[str, Any], provider: str, model: str) -> dict[str, Any]:
    """As readers know it, the members in their order."""
    return {
        "region_id": week.region,
        "generated_at": week.now_ms,
        "period_start": week.begins_ms,
        "period_end": week.now_ms,
        "situation_recap": texts["situation_recap"],
        "regime_trajectory": texts["regime_trajectory"],
        "key_developments": texts["key_developments"],
        "risk_outlook": texts["risk_outlook"],
        "provider": provider,
        "model": model,
    }


def _recap(week: Week) -> str:
    """Where the region stands, what moved most, and what is not known."""
    label, balance = spoken(week.latest["regime"]["label"]), week.latest["balance"]
    name = REGIONS[week.region].label if week.region in REGIONS else week.region
    net = balance["net_balance"]
    sentences = [
        f"{name} ends the week with the regime {label}" + ("." if net is None else f", net balance {net:+.2f}.")
    ]
    moved = sorted(_moves(week), key=lambda move: -abs(move[2] - move[1]))[:2]
    for axis, before, after in moved:
        sentences.append(f"{spoken(axis).capitalize()} went from {before:.2f} to {after:.2f}.")
    if not moved and len(week.rows) > 1:
        rows = f"the first and the last of {len(week.rows)} rows"
        sentences.append(f"No axis moved by more than {NOTABLE:.2f} between {rows}.")
    if peak := _peak(week):
        sentences.append(peak)
    unknown = [spoken(axis) for axis in AXES if balance.get(axis) is None]
    if unknown:
        sentences.append(f"Not known: {', '.join(unknown)}.")
    return " ".join(sentences)


def _peak(week: Week) -> str:
    """The greatest pressure of the week, where the week has come down from it notably."""
    measured = [
        (value, row.at, axis) for row in week.rows for axis in PRESSURES if (value := row.axes.get(axis)) is not None
    ]
    if not measured:
        return ""
    value, at, axis = max(measured)
    now = week.latest["balance"].get(axis)
    if now is None or value - now <= NOTABLE:
        return ""
    return f"{spoken(axis).capitalize()} stood at {value:.2f} on {_day(at)} and has come down to {now:.2f}."


def _moves(week: Week) -> list[tuple[str, float, float]]:
    """The axes that moved notably from the first row of the week to the last one, as (axis, before, after)."""
    if len(week.rows) < 2:
        return []
    pairs = [(axis, week.rows[0].axes.get(axis), week.rows[-1].axes.get(axis)) for axis in AXES]
    return [
        (axis, before, after)
        for axis, before, after in pairs
        if before is not None and after is not None and abs(after - before) > NOTABLE
    ]


def _trajectory(week: Week) -> str:
    """Which regimes the region went through, and when."""
    shifts = _shifts(week)
    if shifts:
        return "; ".join(map(_transition, shifts[-MAX_TRANSITIONS:])) + "."
    since = week.latest["regime"]["transitioned_at"]
    label = spoken(week.latest["regime"]["label"])
    return f"{label.capitalize()} all week" + (f", since {_moment(since)}." if since else ".")


def _shifts(week: Week) -> list[Event]:
    return [event for event in week.events if event.type == "regime_shift"]


def _transition(event: Event) -> str:
    before = spoken(str(event.before)) if event.before else "none"
    return f"{_moment(event.generated_at)}: {before} to {spoken(str(event.after))}"


def _developments(week: Week) -> list[str]:
    """The gravest events, each kind of fact once, oldest first."""
    told: dict[tuple[str, str], Event] = {}
    for event in week.events:
        if event.type != "regime_shift":
            told.setdefault((event.type, event.subject), event)
    gravest = sorted(told.values(), key=lambda event: (SEVERITIES.index(event.severity), event.generated_at))
    chosen = sorted(gravest[:MAX_DEVELOPMENTS], key=lambda event: event.generated_at)
    return [_development(event)[:MAX_DEVELOPMENT] for event in chosen]


def _development(event: Event) -> str:
    change = f" ({_value(event.before)} to {_value(event.after)})" if _measured(event) else ""
    return f"{_moment(event.generated_at)}: {spoken(event.type)}: {_subject(event.subject)}{change}"


def _subject(name: str) -> str:
    return _CORRIDORS.get(name) or spoken(name)


def _measured(event: Event) -> bool:
    return isinstance(event.before, float | int) or isinstance(event.after, float | int)


def _value(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float | int) else "not known"


def _outlook(week: Week) -> str:
    """The likeliest way on within seven days, the triggers that are active, and how much of the picture is known."""
    sentences = []
    for scenario in week.latest["scenario_sets"]:
        known = [lane for lane in scenario["lanes"] if lane["probability"] is not None]
        if scenario["horizon"] == "7d" and known:
            lane = max(known, key=lambda it: it["probability"])
            percent = f"{lane['probability'] * 100:.0f} %"
            sentences.append(f"Within 7 days the likeliest way on is {lane['name']} ({percent}).")
    active = [spoken(trigger["id"]) for trigger in week.latest["triggers"]["active"]]
    sentences.append(f"Active triggers: {', '.join(active)}." if active else "No trigger is active.")
    confidence = week.latest["meta"]["snapshot_confidence"]
    worst = max(((week.latest["balance"].get(axis) or 0.0, axis) for axis in PRESSURES), default=(0.0, ""))
    if worst[0] > 0:
        sentences.append(f"The greatest pressure is {spoken(worst[1])} at {worst[0]:.2f}.")
    return " ".join([*sentences, f"Confidence {confidence:.2f}.", *_rests_on(week.latest["meta"])])


def _rests_on(meta: Mapping[str, Any]) -> list[str]:
    """What a reader of the numbers should know of the feeds."""
    stale = [_FEED_NAMES.get(key, key) for key in meta.get("stale_inputs") or ()]
    said = [f"Stale feeds: {', '.join(map(spoken, stale))}."] if stale else []
    return said + (["It rests on sample feeds: the figures are illustrative."] if meta.get("sample") is True else [])


def _day(instant_ms: int) -> str:
    return f"{datetime.fromtimestamp(instant_ms / 1000, timezone.utc):%Y-%m-%d}"


def _moment(instant_ms: int) -> str:
    return f"{datetime.fromtimestamp(instant_ms / 1000, timezone.utc):%Y-%m-%d %H:%M}"
