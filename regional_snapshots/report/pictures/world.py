"""The world as a table of colours: the worst region first, what is not known hatched, what changed marked."""

from __future__ import annotations

from collections.abc import Sequence

from regional_snapshots.model.snapshot import AXES, PRESSURES
from regional_snapshots.report.pictures.palette import UNKNOWN_FILL, regime_fill
from regional_snapshots.report.pictures.svg import Picture, element, fits, hint, label, line, on_regime
from regional_snapshots.report.standing import STRUCTURAL, Axis, Standing
from regional_snapshots.report.story import Story, changes
from regional_snapshots.report.words import decimals, words

WIDTH, NAMES, REGIME, NET = 920.0, 190.0, 160.0, 80.0
HEAD, ROW, PAD, FOOT = 58.0, 34.0, 10.0, 44.0
COLUMNS = tuple(axis for axis in AXES if axis != STRUCTURAL)
CELL = (WIDTH - 2 * PAD - NAMES - REGIME - NET) / len(COLUMNS)
MOST_ROWS = 12
"""So that the picture stays a picture (and metadata stay small); the page has more."""

BETWEEN = 8.0
"""Room between pressures and buffers."""

DARK_CELL = 0.55
"""From here on, a cell is so dark that words on it are light."""


def world_picture(stories: Sequence[Story]) -> Picture:
    """All regions as rows, up to so many."""
    ordered = sorted(stories, key=lambda told: told.now.severity, reverse=True)
    shown = ordered[:MOST_ROWS]
    rows = [_row(told, HEAD + number * ROW) for number, told in enumerate(shown)]
    height = HEAD + len(shown) * ROW + FOOT
    title = f"The world now: regimes, pressures and buffers{ordered[0].now.marks if ordered else ''}"
    body = "".join([_head(), *rows, _legend(height - FOOT, len(ordered) - len(shown))])
    return Picture(WIDTH, height, title, _says(shown), body)


def _says(shown: Sequence[Story]) -> str:
    return ", ".join(f"{told.now.short} {words(told.now.regime)}" for told in shown) or "no region"


def _head() -> str:
    left = PAD + NAMES + REGIME
    cells, buffers = left + NET, left + NET + len(PRESSURES) * CELL
    parts = [_two_lines(left + NET / 2, "net balance")]
    parts += [_two_lines(cells + (place + 0.5) * CELL, words(axis)) for place, axis in enumerate(COLUMNS)]
    parts.append(_small((cells + buffers) / 2, 14, "pressures", "middle"))
    parts.append(_small((buffers + WIDTH - PAD) / 2, 14, "buffers", "middle"))
    return "".join(parts)


def _two_lines(x: float, says: str) -> str:
    return "".join(label(x, 32 + 15 * place, word, anchor="middle") for place, word in enumerate(says.split(" ", 1)))


def _row(told: Story, y: float) -> str:
    now, middle, left = told.now, y + ROW / 2 + 4, PAD + NAMES
    name = now.label if fits(now.label, NAMES - 22) else now.short
    regime = {"x": left, "y": y + 2, "width": REGIME - 8, "height": ROW - 4, "rx": 4, "stroke": "var(--line)"}
    net = "?" if now.net is None else decimals(now.net, sign=True)
    cells = left + REGIME + NET
    parts = [
        _mark(told, y) if told.is_changed else "",
        label(PAD + 16, middle, name, bold=told.is_changed),
        element("rect", fill=regime_fill(now.regime), **regime),
        on_regime(now.regime, left + (REGIME - 8) / 2, middle, size=12),
        label(left + REGIME + NET / 2, middle, net, anchor="middle"),
        *(_cell(now, now.axis(name), cells + place * CELL, y) for place, name in enumerate(COLUMNS)),
    ]
    return "".join(parts)


def _mark(told: Story, y: float) -> str:
    corners = f"{PAD},{y + 10} {PAD + 10},{y + ROW / 2} {PAD},{y + ROW - 10}"
    return element("polygon", hint("; ".join(changes(told)) or "changed"), points=corners, fill="var(--ink)")


def _cell(now: Standing, axis: Axis, left: float, y: float) -> str:
    gap = BETWEEN if axis.name == COLUMNS[len(PRESSURES)] else 0.0
    box = {"x": left + 1 + gap, "y": y + 1, "width": CELL - 2 - gap, "height": ROW - 2}
    x, base = left + (CELL + gap) / 2, y + ROW / 2 + 4
    if not axis.applicable:
        return label(x, base, "–", anchor="middle", fill="var(--soft)")
    if axis.badness is None:
        ground = element("rect", fill=UNKNOWN_FILL, stroke="var(--line)", **box)
        return ground + label(x, base, "?", anchor="middle", bold=True, plate="var(--paper)")
    ink = "var(--on-heat)" if axis.badness >= DARK_CELL else "var(--ink)"
    heat = element(
        "rect", fill="var(--heat)", fill_opacity=f"{axis.badness:.2f}", stroke="var(--line)", stroke_width=0.5, **box
    )
    return heat + label(x, base, decimals(axis.value), anchor="middle", fill=ink)


def _legend(y: float, left_out: int) -> str:
    parts = [line([(PAD, y + 8), (WIDTH - PAD, y + 8)], stroke="var(--line)")]
    parts.append(element("polygon", points=f"{PAD},{y + 20} {PAD + 8},{y + 26} {PAD},{y + 32}", fill="var(--ink)"))
    parts.append(_small(PAD + 14, y + 30, "changed since the last refresh"))
    parts.append(element("rect", x=PAD + 215, y=y + 19, width=22, height=14, fill=UNKNOWN_FILL, stroke="var(--line)"))
    parts.append(_small(PAD + 243, y + 30, "not known"))
    for place in range(5):
        box = {"x": PAD + 330 + place * 22, "y": y + 19, "width": 22, "height": 14}
        parts.append(element("rect", fill="var(--heat)", fill_opacity=f"{place / 4:.2f}", stroke="var(--line)", **box))
    parts.append(_small(PAD + 448, y + 30, "the darker, the worse for the region; the number is the axis itself"))
    if left_out:
        parts.append(_small(WIDTH - PAD, y + 30, f"{left_out} more", "end"))
    return "".join(parts)


def _small(x: float, y: float, says: str, anchor: str = "start") -> str:
    return label(x, y, says, size=11, anchor=anchor, fill="var(--soft)")
