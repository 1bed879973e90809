"""By which method a document was made, and which ones can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def method_of(document: Any) -> str:
    """The method that a document names. One that names none, as other programs write them and we once did, is of a
    family: the first number of its scoring version, "" where it has none."""
    meta = document.get("meta") if isinstance(document, Mapping) else None
    block = meta if isinstance(meta, Mapping) else {}
    named, version = block.get("method"), block.get("scoring_version")
    if isinstance(named, str) and named:
        return named
    return version.partition(".")[0] if isinstance(version, str) else ""


def are_comparable(earlier: str, method: str) -> bool:
    """Whether a change from a document of the method or family ``earlier`` to one of ``method`` means anything."""
    return earlier in ("", method) or method.startswith(f"{earlier}.")
