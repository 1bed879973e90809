"""Which services are asked, in order: one from the settings, or several from a small file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from regional_snapshots.narrative.service import Provider

FIELDS: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "url": str,
    "model": str,
    "key_env": str,
    "key_file": str,
    "timeout_s": (int, float),
    "retries": int,
}
"""Members of an entry of the file, and their types; ``url`` and ``model`` are needed."""


class ProviderError(ValueError):
    """A provider that cannot be used; the text says which member, and never shows a key."""


def providers_of(
    url: str, model: str, key: str, file: str, environment: Mapping[str, str] | None = None
) -> tuple[Provider, ...]:
    """The providers of the settings LLM_URL, LLM_MODEL and LLM_KEY, or those of LLM_PROVIDERS, a JSON file with a list.

    Keys of the file's providers come from the environment (``key_env``) or from a file (``key_file``). Without any of
    the settings there is no provider.
    Raises :class:`ProviderError`.
    """
    if file:
        return _from_file(Path(file).expanduser(), os.environ if environment is None else environment)
    if not url:
        return ()
    if not model:
        raise ProviderError("REGIONAL_SNAPSHOTS_LLM_MODEL is missing: name a model of the service in LLM_URL")
    return (_provider({"name": "llm", "url": url, "model": model}, key, "REGIONAL_SNAPSHOTS_LLM_URL"),)


def _from_file(path: Path, environment: Mapping[str, str]) -> tuple[Provider, ...]:
    try:
        entries = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ProviderError(f"LLM_PROVIDERS: {path} cannot be read ({type(error).__name__})") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ProviderError(f"LLM_PROVIDERS: {path} is not a list of objects")
    return tuple(_entry(entry, number, path, environment) for number, entry in enumerate(entries, start=1))


def _entry(entry: dict[str, Any], number: int, path: Path, environment: Mapping[str, str]) -> Provider:
    where = f"LLM_PROVIDERS: entry {number} of {path}"
    for name, value in entry.items():
        if name not in FIELDS:
            raise ProviderError(f"{where} has an unknown member {name!r}: use some of {', '.join(FIELDS)}")
        if isinstance(value, bool) or not isinstance(value, FIELDS[name]):
            raise ProviderError(f"{where}: {name} has the wrong type")
    missing = [name for name in ("url", "model") if not entry.get(name)]
    if missing:
        raise ProviderError(f"{where} lacks {' and '.join(missing)}")
    key = ""
    if entry.get("key_env"):
        key = environment.get(entry["key_env"], "")
        if not key:
            raise ProviderError(f"{where}: the environment has no {entry['key_env']}")
    elif entry.get("key_file"):
        try:
            key = Path(entry["key_file"]).expanduser().read_text().strip()
        except OSError as error:
            raise ProviderError(f"{where}: its key_file cannot be read ({type(error).__name__})") from None
    return _provider({"name": f"llm-{number}"} | entry, key, where)


def _provider(entry: Mapping[str, Any], key: str, where: str) -> Provider:
    try:
        parts = urlsplit(entry["url"])
    except ValueError:
        raise ProviderError(f"{where}: the url cannot be parsed") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise ProviderError(f"{where}: the url must be http(s)://host[:port]/path, without user and password")
    timeout_s, retries = float(entry.get("timeout_s", 20.0)), int(entry.get("retries", 2))
    if not 0 < timeout_s <= 600 or not 0 <= retries <= 10:
        raise ProviderError(f"{where}: timeout_s is above 0 and at most 600, retries are 0 to 10")
    return Provider(entry["name"], entry["url"], entry["model"], key, timeout_s, retries)
