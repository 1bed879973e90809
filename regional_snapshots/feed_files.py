"""Feed documents in a directory: a file's name is the feed's key, with ':' written '__'."""

from __future__ import annotations

import json
from pathlib import Path

from regional_snapshots.model.feeds import DATA_KEYS, META_KEYS

SAMPLE = Path(__file__).parent / "sample"


def read_directory(directory: Path) -> tuple[dict[str, bytes], list[str]]:
    """``({key: document}, names of other JSON files)``. Raises ``OSError`` or ``ValueError``, naming the file."""
    if not directory.is_dir():
        raise ValueError(f"there is no directory {directory}")
    documents, skipped = {}, []
    for file in sorted(directory.glob("*.json")):
        key = file.stem.replace("__", ":")
        if key not in (*DATA_KEYS, *META_KEYS):
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
