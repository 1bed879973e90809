"""What a model answered, as data: tolerant of fences, comments and trailing commas, strict about shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NEEDED = "the extra `narrative` is not installed: pip install 'regional-snapshots[narrative]'"
"""What to say where a model is named and what speaks to it is not there: it is imported only then."""
MAX_ANSWER = 100_000
"""Characters of an answer that are looked at."""


class UnusableAnswerError(ValueError):
    """An answer in which there is no JSON object."""


def object_in(text: str) -> dict[str, Any]:
    """The JSON object of an answer: the whole text, or else its first balanced ``{…}`` that can be read.

    Raises :class:`UnusableAnswerError`.
    """
    import json5

    text = text[:MAX_ANSWER]
    for candidate in (text, _first_balanced(text)):
        try:
            found = json5.loads(candidate, strict=False) if candidate.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    raise UnusableAnswerError("the answer holds no JSON object")


def text_of(value: Any) -> str:
    """A trimmed text; "" for what is none."""
    return value.strip() if isinstance(value, str) else ""


def section_of(value: Any) -> tuple[str, tuple[str, ...]]:
    """``(text, ids)`` of one section ``{text, evidence_ids}``; a bare text is one without ids."""
    if isinstance(value, str):
        return value.strip(), ()
    if not isinstance(value, Mapping):
        return "", ()
    ids = value.get("evidence_ids")
    return text_of(value.get("text")), tuple(it for it in ids if isinstance(it, str)) if isinstance(ids, list) else ()


def _first_balanced(text: str) -> str:
    """The first ``{…}`` whose braces balance outside of strings; "" when there is none."""
    start = text.find("{")
    depth, quoted, position = 0, False, start
    while start >= 0 and position < len(text):
        character = text[position]
        if quoted and character == "\\":
            position += 1
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in "{}":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return text[start : position + 1]
        position += 1
    return ""
