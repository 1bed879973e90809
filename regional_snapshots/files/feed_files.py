"""Feed documents in a directory: a file's name is the feed's key, with ':' written '__'."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from regional_snapshots.model.feeds import ENERGY_DEPENDENCY, keys_of
from regional_snapshots.model.instants import TIME_FIELDS, is_finite_number, parse_date, stated_time
from regional_snapshots.model.shapes.envelopes import unwrap

SAMPLE = Path(__file__).parents[1] / "sample"


def read_directory(directory: Path) -> tuple[dict[str, bytes], list[str]]:
    """``({key: document}, names of other JSON files)``. Raises ``OSError`` or ``ValueError``, naming the file."""
    if not directory.is_dir():
        raise ValueError(f"there is no directory {directory}")
    documents, skipped = {}, []
    for file in sorted(directory.glob("*.json")):
        key = file.stem.replace("__", ":")
        if key not in keys_of("either") and not key.startswith(ENERGY_DEPENDENCY.members):
            skipped.append(file.name)
            continue
        documents[key] = file.read_bytes()
        try:
            json.loads(documents[key])
        except (ValueError, RecursionError):
            raise ValueError(f"{file} is not JSON: nothing was loaded") from None
    if not documents:
        raise ValueError(f"{directory} holds no feed document (file name = key, with ':' written '__')")
    return documents, skipped


def brought_up_to(now_ms: int, document: bytes) -> bytes:
    """A feed document as if it had been made at ``now_ms``: all its times moved by as much as its own time is.

    What its data are of (``date``, ``year``, the label of a sample) stays as it is. A document without a time too.
    """
    value = json.loads(document)
    payload, enveloped_at = unwrap(value)
    made_ms = stated_time(payload) or stated_time({"timestamp": _later_time(payload)}) or enveloped_at
    if made_ms is None:
        return document
    return json.dumps(_moved(value, now_ms - int(made_ms)), ensure_ascii=False).encode()


def _later_time(payload: Any) -> Any:
    """The time of a document that states it as ``evaluatedAt`` or ``persistedAt`` only (method 2, section 1)."""
    if not isinstance(payload, Mapping):
        return None
    return payload.get("evaluatedAt", payload.get("persistedAt"))


def _moved(value: Any, by_ms: int) -> Any:
    if isinstance(value, list):
        return [_moved(item, by_ms) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _moved_time(item, by_ms) if name in TIME_FIELDS or name.endswith("At") else _moved(item, by_ms)
        for name, item in value.items()
    }


def _moved_time(value: Any, by_ms: int) -> Any:
    """A time as it was written, number or text, but later."""
    if is_finite_number(value):
        return value + by_ms
    at_ms = parse_date(value) if isinstance(value, str) else None
    if at_ms is None:
        return value
    moment = datetime.fromtimestamp((at_ms + by_ms) / 1000, tz=timezone.utc)
    return moment.date().isoformat() if len(value) <= len("2026-05-28") else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
