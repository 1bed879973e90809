"""Sections and lines as the terminal and Markdown show them. Texts of feeds are never markup: they are escaped here."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from regional_snapshots.model.values import clean
from regional_snapshots.report.why.section import Section, lines

INDENT = 2
"""Blanks a level, in the terminal and in Markdown."""

LINE_LIMIT = 600
"""Characters of one line; a text of a feed has 500 at most."""

WORD_JOINER = "\u2060"
"""Without width: put into addresses, so that no renderer makes a link of what a feed says."""

_ANYWHERE = re.compile(r"([\\`*_\[\]<>|~&$])")
_AT_THE_START = re.compile(r"^([-+#=]|\d+(?=[.)]))")
_ADDRESS = re.compile(r"(?i)(?<=\b)(https?|ftp|mailto|www)(?=[:.])|(?<=\S)@(?=\S)")


def safe_markdown(text: str) -> str:
    """A text as Markdown that shows it as it is: no emphasis, link, image, HTML, table or heading can come of it."""
    escaped = _ANYWHERE.sub(r"\\\1", clean(text, LINE_LIMIT, keep_brackets=True))
    escaped = _AT_THE_START.sub(
        lambda match: f"\\{match[1]}" if not match[1][0].isdigit() else f"{match[1]}\\", escaped
    )
    return _ADDRESS.sub(lambda match: f"{match[0]}{WORD_JOINER}", escaped)


def why_text(sections: Sequence[Section], *, full: bool = False, width: int = 80) -> str:
    """The sections for a terminal, folded at ``width`` columns."""
    return "\n".join(_folded(text, depth, width) for depth, text in lines(sections, full=full))


def why_markdown(sections: Sequence[Section], *, full: bool = False) -> str:
    """The sections as Markdown: a bold title, and its facts as a list of two levels."""
    found = []
    for depth, text in lines(sections, full=full):
        found.append(
            f"\n**{safe_markdown(text)}**\n" if depth == 0 else f"{' ' * INDENT * (depth - 1)}- {safe_markdown(text)}"
        )
    return "\n".join(found).strip()


def list_markdown(items: Iterable[str]) -> str:
    """Lines as a Markdown list."""
    return "\n".join(f"- {safe_markdown(item)}" for item in items)


def table_markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; every cell is a text."""
    every = [header, ["---"] * len(header), *([safe_markdown(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in every)


def _folded(text: str, depth: int, width: int) -> str:
    marks = ("", " " * INDENT, f"{' ' * 2 * INDENT}· ")
    indent = marks[depth]
    folded = textwrap.wrap(
        clean(text, LINE_LIMIT, keep_brackets=True),
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=" " * (len(indent) + (INDENT if depth == 1 else 0)),
        break_on_hyphens=False,
    )
    return "\n".join(folded)
