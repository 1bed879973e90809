"""A region over time: events, a ribbon of regimes, net balance and axes, the band of its own past.

Hatched is what a snapshot did not know; empty is where none was published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regional_snapshots.model.events import SEVERITIES, Event, severity_rank
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.model.values import number, percentile
from regional_snapshots.report.pictures.palette import UNKNOWN_FILL, regime_fill
from regional_snapshots.report.pictures.svg import Picture, element, fits, hint, label, line, on_regime
from regional_snapshots.report.pictures.times import Times, times_of
from regional_snapshots.report.standing import part
from regional_snapshots.report.story import PAST_DAYS, Story, axis_rows
from regional_snapshots.report.tidings import tiding
from regional_snapshots.report.words import DAY_MS, HOUR_MS, decimals, since, words

PAD, WIDTH, LEFT, RIGHT = 10.0, 770.0, 160.0, 710.0
"""Names stand left of the lines, the value of now right of them."""

MARKS, RIBBON, NET, AXIS, GAP, FOOT = 24.0, 20.0, 64.0, 34.0, 8.0, 46.0
"""Heights of the rows."""

UNBROKEN_MS = 13 * HOUR_MS
"""Rows farther apart than two buckets are not joined: nothing was published in between."""

FEWEST_FOR_A_BAND = 8

CALMEST = len(SEVERITIES) - 1


@dataclass(frozen=True)
class Lane:
    """One line of the picture: ``low`` to ``high`` is drawn from ``bottom`` to ``top``."""

    name: str
    low: float
    high: float
    top: float
    bottom: float

    def y(self, value: float) -> float:
        """Where a value lies."""
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)


def history_picture(told: Story) -> Picture:
    """The picture of one region, as long as its rows reach."""
    rows = _rows(told)
    times = times_of([row.at for row in rows], LEFT, RIGHT)
    ribbon = MARKS if told.events else PAD
    top = ribbon + RIBBON + GAP
    lanes = [Lane("net", -1.0, 1.0, top, top + NET)]
    for axis in told.now.measured:
        above = lanes[-1].bottom + GAP
        lanes.append(Lane(axis.name, 0.0, 1.0, above, above + AXIS))
    bottom = lanes[-1].bottom
    parts = [_marks(told, times), _ribbon(rows, times, ribbon), *(_lane(lane, told, rows, times) for lane in lanes)]
    return Picture(WIDTH, bottom + FOOT, _title(told), _says(told, rows), "".join([*parts, _foot(times, bottom)]))


def _rows(told: Story) -> list[SeriesRow]:
    """The rows, and the snapshot of now as the last of them."""
    now = told.now
    axes = {axis.name: axis.value for axis in now.axes}
    latest = SeriesRow(now.generated_at, now.method, axes, now.net, now.regime, {}, {}, now.snapshot_id)
    return [*told.rows, latest]


def _title(told: Story) -> str:
    return f"{told.now.label} over time: {words(told.now.regime)}{told.now.marks}"


def _says(told: Story, rows: Sequence[SeriesRow]) -> str:
    first = since(rows[0].at, told.now.generated_at)
    values = [f"{words(axis.name)} {decimals(axis.value)}" for axis in told.now.measured]
    net = f"net balance {decimals(told.now.net, sign=True)}"
    return f"{len(rows)} snapshots since {first}; now {', '.join([words(told.now.regime), net, *values])}"


def _marks(told: Story, times: Times) -> str:
    """Events as shapes: the worse, the larger and the fuller; those of one snapshot are one mark."""
    found: dict[int, list[Event]] = {}
    for event in told.events:
        if times.begin <= event.generated_at <= times.end:
            found.setdefault(event.generated_at, []).append(event)
    marks = [label(PAD, 16, "events", size=11, fill="var(--soft)")] if found else []
    for at, events in sorted(found.items()):
        rank = min(severity_rank(event.severity) for event in events)
        said = "; ".join(map(tiding, events))
        marks.append(_mark(times.x(at), 12, rank, f"{since(at, told.now.generated_at)}: {said}"))
    return "".join(marks)


def _mark(x: float, y: float, rank: int, said: str) -> str:
    look = {"fill": "var(--paper)" if rank == CALMEST else "var(--heat)", "stroke": "var(--heat)"}
    if rank >= CALMEST - 1:
        return element("circle", hint(said), cx=x, cy=y, r=3.5, **look)
    size = 6.5 if rank == 0 else 4.5
    corners = f"{x:.1f},{y - size:.1f} {x + size:.1f},{y + size:.1f} {x - size:.1f},{y + size:.1f}"
    return element("polygon", hint(said), points=corners, **look)


def _ribbon(rows: Sequence[SeriesRow], times: Times, y: float) -> str:
    """The regimes, each from its first row to the next regime's, or to the last row before a gap."""
    parts = [label(PAD, y + 14, "regime", size=11, fill="var(--soft)")]
    for regime, begin, end in _stretches(rows, times):
        x, width = times.x(begin), max(times.x(end) - times.x(begin), 2.0)
        box = element("rect", hint(words(regime)), x=x, y=y, width=width, height=RIBBON, fill=regime_fill(regime))
        parts.append(box)
        if fits(words(regime), width - 8, 11):
            parts.append(on_regime(regime, x + width / 2, y + 14, size=11))
    return "".join(parts)


def _stretches(rows: Sequence[SeriesRow], times: Times) -> Iterator[tuple[str, int, int]]:
    begin = 0
    for place, row in enumerate(rows):
        after = rows[place + 1] if place + 1 < len(rows) else None
        regime, at = row.regime, row.at
        next_at = after.at if after else times.end
        if after and after.regime == regime and next_at - at <= UNBROKEN_MS:
            continue
        yield regime, rows[begin].at, next_at if next_at - at <= UNBROKEN_MS else at
        begin = place + 1


def _lane(lane: Lane, told: Story, rows: Sequence[SeriesRow], times: Times) -> str:
    name = "net_balance" if lane.name == "net" else lane.name
    value = told.now.net if lane.name == "net" else told.now.axis(lane.name).value
    middle = (lane.top + lane.bottom) / 2 + 4
    frame = element("rect", x=LEFT, y=lane.top, width=RIGHT - LEFT, height=lane.bottom - lane.top, fill="var(--panel)")
    zero = [(LEFT, lane.y(0)), (RIGHT, lane.y(0))]
    parts = [frame, _band(lane, name, told, rows, times), line(zero, stroke="var(--line)")]
    parts += _unknown(lane, rows, times)
    parts += _traces(lane, rows, times)
    said = "?" if value is None else decimals(value, sign=lane.name == "net")
    parts.append(label(PAD, middle, words(name)))
    parts.append(label(RIGHT + 8, middle, said, bold=True))
    return "".join(parts)


def _band(lane: Lane, name: str, told: Story, rows: Sequence[SeriesRow], times: Times) -> str:
    """Where eight of ten values of its past lay: by the baseline (method 2, section 10), else by the rows."""
    baseline = part(part(told.now.document, "baseline"), name)
    low, high = number(baseline.get("p10")), number(baseline.get("p90"))
    if low is None or high is None:
        begin, end = told.now.generated_at - PAST_DAYS * DAY_MS, told.now.generated_at - DAY_MS
        past = [value for at, value in axis_rows(rows, lane.name) if begin <= at <= end]
        if len(past) < FEWEST_FOR_A_BAND:
            return ""
        low, high = percentile(past, 10), percentile(past, 90)
    said = f"eight of ten values of its last {PAST_DAYS} days: {decimals(low)} to {decimals(high)}"
    top, bottom = lane.y(high), lane.y(low)
    height = max(bottom - top, 2.0)
    return element("rect", hint(said), x=LEFT, y=top, width=RIGHT - LEFT, height=height, fill="var(--band)")


def _unknown(lane: Lane, rows: Sequence[SeriesRow], times: Times) -> Iterator[str]:
    """Hatched where a row does not know the value, empty where there is no row."""
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        if axis_rows([row], lane.name):
            continue
        at = row.at
        end = min(after.at, at + UNBROKEN_MS) if after else times.end
        x, width = times.x(at), max(times.x(end) - times.x(at), 3.0)
        look = {"x": min(x, RIGHT - width), "y": lane.top, "height": lane.bottom - lane.top, "fill": UNKNOWN_FILL}
        yield element("rect", hint("not known"), width=width, **look)


def _traces(lane: Lane, rows: Sequence[SeriesRow], times: Times) -> Iterator[str]:
    pieces: list[list[tuple[int, float]]] = []
    for row in rows:
        known = axis_rows([row], lane.name)
        if not known:
            pieces.append([])
        elif pieces and pieces[-1] and known[0][0] - pieces[-1][-1][0] <= UNBROKEN_MS:
            pieces[-1] += known
        else:
            pieces.append(known)
    for piece in filter(None, pieces):
        points = [(times.x(at), lane.y(min(max(value, lane.low), lane.high))) for at, value in piece]
        if len(points) > 1:
            yield line(points, stroke="var(--trace)", stroke_width=1.8, stroke_linejoin="round")
        if len(points) == 1 or piece[-1][0] == rows[-1].at:
            yield element("circle", cx=points[-1][0], cy=points[-1][1], r=3, fill="var(--trace)")


def _foot(times: Times, bottom: float) -> str:
    parts = [label(PAD, bottom + 16, "UTC", size=11, fill="var(--soft)")]
    for x, says in times.ticks():
        anchor = "start" if x < LEFT + 20 else "end" if x > RIGHT - 20 else "middle"
        parts.append(line([(x, bottom), (x, bottom + 4)], stroke="var(--soft)"))
        parts.append(label(x, bottom + 16, says, size=11, anchor=anchor, fill="var(--soft)"))
    return "".join([*parts, _legend(bottom + 28)])


def _legend(y: float) -> str:
    parts = []
    for x, fill, says in (
        (LEFT, "var(--band)", f"eight of ten values of its last {PAST_DAYS} days"),
        (LEFT + 240, UNKNOWN_FILL, "not known"),
    ):
        parts.append(element("rect", x=x, y=y, width=18, height=11, fill=fill, stroke="var(--line)"))
        parts.append(label(x + 24, y + 10, says, size=11, fill="var(--soft)"))
    parts.append(label(LEFT + 340, y + 10, "gap: nothing published", size=11, fill="var(--soft)"))
    return "".join(parts)
