"""The map of the world: land coloured by the regime of its region, corridors marked by how open they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regional_snapshots.model.regions import CORRIDORS, REGIONS, homes_of
from regional_snapshots.model.values import number
from regional_snapshots.report.pictures.outline import (
    FINENESS,
    HEIGHT,
    WIDTH,
    country_paths,
    middle_of,
    projected,
    size_of,
)
from regional_snapshots.report.pictures.palette import regime_fill
from regional_snapshots.report.pictures.svg import Picture, element, hint, label
from regional_snapshots.report.standing import MOST_LISTED, REGIME_SEVERITY, Standing, mappings, most_on_page, text
from regional_snapshots.report.story import Story, worst_first
from regional_snapshots.report.words import corridor_label, decimals, listed, words

FOOT = 66.0

MOST_NAMES = 12
"""With more regions than this, names would hide the land; hints and the table name them."""

PLACES: dict[str, tuple[float, float, float, float, str]] = {
    # longitude and latitude of the corridor; where its name stands from there, and which end of it is there
    "hormuz": (56.4, 26.6, 10, -3, "start"),
    "suez": (32.5, 30.4, -8, -12, "end"),
    "babelm": (43.3, 12.6, 10, 10, "start"),
    "taiwan-strait": (119.6, 24.4, 10, -2, "start"),
    "bosphorus": (29.0, 41.1, 10, -3, "start"),
    "malacca": (100.4, 3.6, -10, 10, "end"),
    "panama": (-79.7, 9.1, -10, 8, "end"),
    "danish": (11.0, 56.0, 10, -5, "start"),
    "cape-of-good-hope": (18.5, -34.9, -10, 12, "end"),
    "south-china-sea": (113.5, 13.0, 10, 6, "start"),
    "english-channel": (0.6, 50.2, -10, 3, "end"),
}
"""Where the corridors are (a corridor without a place is not marked)."""

OPEN, NARROW = 0.7, 0.4
"""Access from which on a corridor is drawn open, and below which it is drawn closed."""


def map_picture(stories: Sequence[Story], *, links: bool = False) -> Picture:
    """The map. With ``links``, a region's land leads to ``#region-<id>`` of the page.

    Land that leads nowhere has no hint where there are many regions: it is one shape for each regime.
    """
    ordered = worst_first(stories)
    regions = {told.now.region: told for told in ordered}
    lands = _lands(list(regions))
    most = most_on_page(len(ordered)) if links else MOST_NAMES
    own = {told.now.region for told in ordered[:most]}
    drawn = [_alike(lands, [told for told in ordered[most:] if told.now.region in lands])]
    drawn += [
        _land(region, codes, regions.get(region), links)
        for region, codes in lands.items()
        if region in own or region not in regions
    ]
    names = "".join(_name(told.now, lands) for told in stories) if len(stories) <= MOST_NAMES else ""
    sea = element("rect", width=WIDTH, height=HEIGHT, fill="var(--sea)")
    body = f"{sea}{''.join(drawn)}{_corridors(stories)}{names}{_legend(stories)}"
    said = listed([f"{told.now.short} {words(told.now.regime)}" for told in stories], MOST_LISTED)
    title = f"Map of the world: regimes by region, corridors by access{stories[0].now.marks if stories else ''}"
    return Picture(WIDTH, HEIGHT + FOOT, title, said, body)


def _lands(ordered: Sequence[str]) -> dict[str, list[str]]:
    """Countries by the region whose colour they have; under the empty name those without one.

    Of several regions that a country belongs to, that is the one with the fewest countries, and of these the worst.
    """
    places = {region: place for place, region in enumerate(ordered)}
    found: dict[str, list[str]] = defaultdict(list)
    for code in country_paths():
        homes = [(len(REGIONS[region].countries), places.get(region, len(places)), region) for region in homes_of(code)]
        found[min(homes)[2] if homes else ""].append(code)
    found[""] = [code for code in found[""] if code != "AQ"]
    return found


def _alike(lands: Mapping[str, list[str]], stories: Iterable[Story]) -> str:
    """The land of these regions, one shape for each regime, and one for what changed to it."""
    shapes: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for told in stories:
        shapes[told.is_changed, told.now.regime] += lands[told.now.region]
    return "".join(
        (_edge(f"-{regime}") if changed else "")
        + _filled(codes, regime_fill(regime), f"land--{regime}" if changed else "")
        for (changed, regime), codes in sorted(shapes.items())
    )


def _filled(codes: Iterable[str], fill: str, identity: str = "") -> str:
    outline = "".join(country_paths()[code] for code in codes)
    look = {"fill_rule": "evenodd", "transform": f"scale({FINENESS})"} | ({"id": identity} if identity else {})
    return element("g", element("path", d=outline, **look), fill=fill, stroke="var(--paper)", stroke_width=0.5)


def _land(region: str, codes: Iterable[str], told: Story | None, link: bool) -> str:
    fill = regime_fill(told.now.regime) if told else "var(--land)"
    filled = _filled(codes, fill, f"land-{region}")
    if told is None:
        return filled
    said = f"{told.now.label}: {words(told.now.regime)}, net balance {decimals(told.now.net, sign=True)}"
    land = element("g", hint(said), _edge(region) if told.is_changed else "", filled)
    return element("a", land, href=f"#region-{region}", tabindex="-1") if link else land


def _edge(region: str) -> str:
    """A dark line round the land that is drawn over it."""
    return element("use", href=f"#land-{region}", stroke="var(--ink)", stroke_width=2.6)


def _name(now: Standing, lands: Mapping[str, list[str]]) -> str:
    """The region's short name and regime, on its largest country."""
    codes = sorted(lands.get(now.region, ()))
    if not codes:
        return ""
    x, y = middle_of(max(codes, key=size_of))
    name = label(x, y - 2, now.short, size=13, anchor="middle", bold=True, plate="var(--paper)")
    return name + label(x, y + 12, words(now.regime), size=11.5, anchor="middle", plate="var(--paper)")


def _corridors(stories: Sequence[Story]) -> str:
    """Every corridor of the table: of several regions that own one, the latest reading counts."""
    readings: dict[str, Mapping[str, Any]] = {}
    for told in sorted(stories, key=lambda told: told.now.generated_at):
        for reading in mappings(told.now.document.get("corridors")):
            readings[text(reading.get("id"))] = reading
    return "".join(
        _corridor(corridor.id, readings.get(corridor.id, {})) for corridor in CORRIDORS if corridor.id in PLACES
    )


def _corridor(corridor: str, reading: Mapping[str, Any]) -> str:
    longitude, latitude, right, down, anchor = PLACES[corridor]
    x, y = projected(longitude, latitude)
    access = number(reading.get("access"))
    said = f"{corridor_label(corridor)}: access {decimals(access)}"
    shown = corridor_label(corridor).removeprefix("Strait of ") if access is not None and access < OPEN else ""
    at, says = (x + right, y + down), f"{shown} {decimals(access)}"
    name = label(*at, says, size=11, anchor=anchor, plate="var(--paper)") if shown else ""
    return _shape(x, y, access, said) + name


def _shape(x: float, y: float, access: float | None, said: str) -> str:
    """Open: a ring. Narrowed: a diamond. Closed: a filled square with a bar. Not known: a dotted ring."""
    edge: dict[str, object] = {"stroke": "var(--ink)", "stroke_width": 1.6}
    if access is None:
        return element("circle", hint(said), cx=x, cy=y, r=3.5, fill="var(--paper)", stroke_dasharray="1.5 1.5", **edge)
    if access >= OPEN:
        return element("circle", hint(said), cx=x, cy=y, r=3.5, fill="var(--paper)", **edge)
    if access >= NARROW:
        corners = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 6:.1f},{y:.1f}"
        return element("polygon", hint(said), points=corners, fill="var(--coercive_stalemate)", **edge)
    box = element(
        "rect", hint(said), x=x - 5.5, y=y - 5.5, width=11, height=11, fill="var(--ink)", stroke="var(--paper)"
    )
    return box + element("rect", x=x - 3.5, y=y - 1.3, width=7, height=2.6, fill="var(--paper)")


def _legend(stories: Sequence[Story]) -> str:
    """The regimes that occur, the worst first; the shapes of corridors below."""
    present = {told.now.regime for told in stories}
    y, x, parts = HEIGHT + 12.0, 12.0, []
    for regime in sorted(REGIME_SEVERITY, key=lambda name: -REGIME_SEVERITY[name]):
        ink = "var(--ink)" if regime in present else "var(--soft)"
        parts.append(element("rect", x=x, y=y, width=18, height=12, fill=regime_fill(regime), stroke="var(--soft)"))
        parts.append(label(x + 23, y + 10, words(regime), size=11, fill=ink))
        x += 34 + len(regime) * 6.1
    x, y = 18.0, y + 32
    for access, says in ((1.0, "corridor open"), (0.5, "narrowed"), (0.0, "closed"), (None, "not measured")):
        parts.append(_shape(x, y, access, says) + label(x + 12, y + 4, says, size=11))
        x += 34 + len(says) * 6.1
    parts.append(
        element("rect", x=x, y=y - 6, width=18, height=12, fill="var(--land)", stroke="var(--ink)", stroke_width=1.2)
    )
    parts.append(label(x + 24, y + 4, "dark edge: changed since the last refresh", size=11))
    return "".join(parts)
