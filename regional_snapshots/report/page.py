"""The page: one HTML file that holds everything, needs no network, and can be read without its few lines of script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from regional_snapshots.model.events import EVENT_TYPES, Event, severity_rank
from regional_snapshots.model.feeds import FeedReport
from regional_snapshots.model.news import Delivery
from regional_snapshots.model.values import clean
from regional_snapshots.narrative.brief import template_brief, week_of
from regional_snapshots.report.board import HEADER, Board
from regional_snapshots.report.headlines import headline, headlines
from regional_snapshots.report.markup import LINE_LIMIT
from regional_snapshots.report.pictures.history import history_picture
from regional_snapshots.report.pictures.map import map_picture
from regional_snapshots.report.pictures.palette import DARK, LIGHT, PATTERNS, variables
from regional_snapshots.report.standing import RANKING, STRUCTURAL, Axis, Standing, most_on_page, rest_words, text
from regional_snapshots.report.story import Story, changes, in_its_past, worst_first
from regional_snapshots.report.tidings import tiding_of_region
from regional_snapshots.report.why.explanation import why
from regional_snapshots.report.why.section import Fact, Section
from regional_snapshots.report.words import counted, decimals, percent, since, utc, words

MOST_OPEN = 12
"""With more regions than this, what a region has over time and why is folded away until it is asked for."""

MOST_EVENTS = 60
"""Events that the page lists, the newest first."""


@dataclass(frozen=True)
class Card:
    """One region on the page."""

    now: Standing
    headline: str
    changes: list[str]
    history: Markup | None
    sections: list[Section]
    axes: list[AxisCell]


@dataclass(frozen=True)
class AxisCell:
    """One axis of a region, as the table and the card show it: how bad it is (``share``) and how long its bar is
    (``length``), in percent."""

    name: str
    is_pressure: bool
    value: str
    share: str
    length: str
    state: str
    remark: str


def page(
    stories: Sequence[Story],
    board: Board,
    now_ms: int,
    reports: Sequence[FeedReport] = (),
    deliveries: Sequence[Delivery] = (),
) -> str:
    """The whole page, the worst regions first. ``reports`` tell the exact age of the feeds of the latest snapshots,
    ``deliveries``, oldest first, who was told of what."""
    ordered = worst_first(stories)
    events = sorted((event for told in ordered for event in told.events), key=_newest_and_worst)
    listed = most_on_page(len(ordered))
    return _template().render(
        made=utc(now_ms),
        lines=headlines(ordered),
        map=Markup(map_picture(ordered, links=True).inline()),  # noqa: S704 (built from escaped parts)
        cards=[_card(told, reports) for told in ordered[:listed]],
        regions=len(ordered),
        rest=rest_words([told.now for told in ordered[listed:]]),
        is_long=len(ordered) > MOST_OPEN,
        events=events[:MOST_EVENTS],
        left_out=max(len(events) - MOST_EVENTS, 0),
        deliveries=deliveries[::-1],
        board=board,
        header=HEADER,
        ranking=RANKING,
        methods=sorted({told.now.method for told in ordered}),
        is_sample=any(told.now.sample for told in ordered) or any(line.sample for line in board.lines),
        light=Markup(variables(LIGHT)),  # noqa: S704 (constants)
        dark=Markup(variables(DARK)),  # noqa: S704 (constants)
        patterns=Markup(PATTERNS),  # noqa: S704 (constants)
        now_ms=now_ms,
    )


def _newest_and_worst(event: Event) -> tuple[int, int]:
    return -event.generated_at, severity_rank(event.severity)


def _card(told: Story, reports: Sequence[FeedReport]) -> Card:
    now = told.now
    return Card(
        now=now,
        headline=headline(told).partition(": ")[2],
        changes=changes(told),
        history=Markup(history_picture(told).inline()) if told.rows else None,  # noqa: S704 (built from escaped parts)
        sections=[*why(told, reports), *_week(told)],
        axes=[_axis(told, axis) for axis in now.axes if axis.name != STRUCTURAL],
    )


def _week(told: Story) -> list[Section]:
    """The week in words, from the template; nothing of a document that has another shape."""
    now = told.now
    try:
        made = template_brief(week_of(now.region, now.generated_at, now.document, told.rows, told.events)).document
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
    said = [made["situation_recap"], made["regime_trajectory"], *made["key_developments"], made["risk_outlook"]]
    facts = tuple(Fact(text(line)) for line in said if line)
    return [Section("The week", facts[:2], facts[2:])]


def _axis(told: Story, axis: Axis) -> AxisCell:
    state = "absent" if not axis.applicable else "unknown" if axis.badness is None else "known"
    value = {"absent": "–", "unknown": "?", "known": decimals(axis.value)}[state]
    covered = "" if axis.coverage is None or not axis.applicable else f"coverage {percent(axis.coverage)}"
    remark = ", ".join(filter(None, [in_its_past(told, axis), covered]))
    share, length = (f"{(number or 0.0) * 100:.0f}" for number in (axis.badness, axis.value))
    return AxisCell(axis.name, axis.is_pressure, value, share, length, state, remark)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("regional_snapshots.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "words": words,
        "since": since,
        "utc": utc,
        "decimals": decimals,
        "tiding": tiding_of_region,
        "plain": partial(clean, limit=LINE_LIMIT, keep_brackets=True),
    }
    environment.globals |= {"counted": counted, "what": {name: kind.what for name, kind in EVENT_TYPES.items()}}
    return environment.get_template("page.html")
