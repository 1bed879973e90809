"""SVG as text: elements with escaped attributes and texts, and a picture that stands in a page or alone."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from regional_snapshots.model.values import clean
from regional_snapshots.report.pictures.palette import LIGHT, PATTERNS, regime_colours, variables
from regional_snapshots.report.words import words

FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
CHARACTER = 0.56
"""Mean width of a character, in sizes of the font: enough to see whether a word fits."""


@dataclass(frozen=True)
class Picture:
    """A drawing of ``width`` times ``height``. ``says`` is what it shows, in words: what a screen reader reads."""

    width: float
    height: float
    title: str
    says: str
    body: str

    def inline(self) -> str:
        """For a page, which has the colours and the patterns."""
        return self._svg(' class="picture"', "")

    def alone(self) -> str:
        """A file of its own: light, on a card, so that it is legible on any ground."""
        style = f"<style>svg{{{variables(LIGHT)}}}</style><defs>{PATTERNS}</defs>"
        card = element("rect", width=self.width, height=self.height, rx=6, fill="var(--paper)")
        size = f' width="{_number(self.width)}" height="{_number(self.height)}" xmlns="http://www.w3.org/2000/svg"'
        return self._svg(size, style + card)

    def markdown(self) -> str:
        """As an image in Markdown, which needs no file and no network."""
        alt = "".join(letter for letter in self.title if letter.isalnum() or letter in " ,.:+-")
        return f"![{alt}](data:image/svg+xml;base64,{base64.b64encode(self.alone().encode()).decode()})"

    def _svg(self, attributes: str, before: str) -> str:
        box = f"0 0 {_number(self.width)} {_number(self.height)}"
        return (
            f'<svg{attributes} viewBox="{box}" role="img" style="{FONT}">'
            f"<title>{safe(self.title)}</title><desc>{safe(self.says)}</desc>{before}{self.body}</svg>"
        )


def safe(text: object) -> str:
    """A text between tags or in an attribute: no markup, no control or direction-changing characters."""
    return escape(clean(text, keep_brackets=True))


def element(name: str, *children: str, **attributes: object) -> str:
    """An element. Attributes are escaped, ``_`` in their names is ``-``; children are elements or safe texts."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def label(
    x: float,
    y: float,
    text: object,
    *,
    size: float = 12,
    anchor: str = "start",
    fill: str = "var(--ink)",
    bold: bool = False,
    plate: str = "",
) -> str:
    """A text whose baseline begins, has its middle or ends at (x, y). A plate is an edge of this colour round the
    letters, which keeps them legible on whatever lies below."""
    look: dict[str, object] = {"font_weight": "bold"} if bold else {}
    if plate:
        look |= {"paint_order": "stroke", "stroke": plate, "stroke_width": 4, "stroke_linejoin": "round"}
    return element("text", safe(text), x=x, y=y, font_size=size, text_anchor=anchor, fill=fill, **look)


def on_regime(regime: str, x: float, y: float, *, size: float) -> str:
    """A regime's name, in the middle of an area that is filled with it."""
    ground, ink = regime_colours(regime)
    return label(x, y, words(regime), size=size, anchor="middle", fill=ink, plate=ground)


def hint(text: object) -> str:
    """What is said when a pointer rests on the element around it."""
    return element("title", safe(text))


def line(points: Iterable[Sequence[float]], **attributes: object) -> str:
    """A line through points."""
    written = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
    return element("polyline", points=written, fill="none", **attributes)


def fits(text: str, width: float, size: float = 12) -> bool:
    """Whether a text in a font of this size is likely to fit."""
    return len(text) * size * CHARACTER <= width


def _value(value: object) -> str:
    return _number(value) if isinstance(value, (int, float)) else escape(str(value))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
