"""Every setting of the project, read from the environment in this one place, each with a default."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from regional_snapshots.files.packaged import CHECKOUT, in_checkout
from regional_snapshots.model.events import SEVERITIES
from regional_snapshots.model.values import UNITS_MS
from regional_snapshots.store.keys import LAYOUTS, NAMESPACE
from regional_snapshots.store.tiers.tiers import NO_TIERS, SYNTAX, Tiers

PREFIX = "REGIONAL_SNAPSHOTS_"
MOST_NAME = 40
"""Characters of the name of whoever reads what the webhook is told."""
METHODS = ("1.1", "1.2", "2")
"""The methods of scoring that can be chosen. They are defined in ``scoring/methods.py``, which costs more to import."""
DEFAULT_METHODS = {"tagged": "2", "worldmonitor": "1.2"}
"""Layout -> the method when none is chosen: beside the live system, what that computes."""

UNPREFIXED = ("redis_url", "feeds_redis_url", "dagster_home")


class SettingError(ValueError):
    """A setting that cannot be used; the text names it and says what it takes."""


@dataclass(frozen=True)
class Settings:
    """See docs/operations.md for what each is for. ``redis_url`` is empty when the embedded server is to be used."""

    redis_url: str
    feeds_redis_url: str
    home: Path
    dagster_home: Path
    key_layout: str
    namespace: str
    wm_alerts: bool
    retention_days: float
    retention_tiers: Tiers
    bucket_minutes: float
    regions: str
    regions_per_run: int
    refresh_cron: str
    reconcile_cron: str
    brief_cron: str
    time_zone: str
    on_change_minutes: int
    min_confidence: float
    method: str
    patience_seconds: float
    reply_seconds: float
    feed_megabytes: float
    min_replicas: int
    webhook: str = field(repr=False)
    webhook_name: str
    webhook_severity: str
    llm_url: str
    llm_model: str
    llm_key: str = field(repr=False)
    llm_providers: str

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the environment. Raises :class:`SettingError` for a value that cannot be used."""
        from regional_snapshots.model.regions import REGION_IDS

        env = os.environ if environment is None else environment
        _check_names(env)
        home = _path(env, f"{PREFIX}HOME") or _default_home()
        layout = _one_of(env, "KEY_LAYOUT", tuple(DEFAULT_METHODS))
        retention_days = _number(env, "RETENTION_DAYS", 90, least=1 / 24, most=3650)
        bucket_minutes = _number(env, "BUCKET_MINUTES", 15, least=1 / 60, most=24 * 60)
        return cls(
            redis_url=env.get("REDIS_URL", "").strip(),
            feeds_redis_url=env.get("FEEDS_REDIS_URL", "").strip(),
            home=home,
            dagster_home=_path(env, "DAGSTER_HOME") or home / "dagster",
            key_layout=layout,
            namespace=_namespace(env),
            wm_alerts=_one_of(env, "WM_ALERTS", ("1", "0")) == "1",
            retention_days=retention_days,
            retention_tiers=_tiers(env, layout, retention_days, bucket_minutes),
            bucket_minutes=bucket_minutes,
            regions=env.get(f"{PREFIX}REGIONS", "").strip(),
            regions_per_run=_whole(env, "REGIONS_PER_RUN", len(REGION_IDS), least=1, most=len(REGION_IDS)),
            refresh_cron=_cron(env, "REFRESH_CRON", "0 */6 * * *"),
            reconcile_cron=_cron(env, "RECONCILE_CRON", "30 * * * *"),
            brief_cron=_cron(env, "BRIEF_CRON", "0 5 * * 1"),
            time_zone=_time_zone(env),
            on_change_minutes=int(_one_of(env, "ON_CHANGE_MINUTES", ("0", "5", "10", "15", "20", "30", "60"))),
            min_confidence=_number(env, "MIN_CONFIDENCE", 0.1, least=0, most=1),
            method=_one_of(env, "METHOD", METHODS, DEFAULT_METHODS[layout]),
            patience_seconds=_number(env, "PATIENCE_SECONDS", 20, least=0, most=3600),
            reply_seconds=_number(env, "REPLY_SECONDS", 300, least=1, most=86_400),
            feed_megabytes=_number(env, "FEED_MEGABYTES", 40, least=0.001, most=512),
            min_replicas=_whole(env, "MIN_REPLICAS", 0, least=0, most=100),
            webhook=_webhook(env),
            webhook_name=env.get(f"{PREFIX}WEBHOOK_NAME", "").strip()[:MOST_NAME] or "webhook",
            webhook_severity=_one_of(env, "WEBHOOK_SEVERITY", SEVERITIES, "high"),
            llm_url=env.get(f"{PREFIX}LLM_URL", "").strip(),
            llm_model=env.get(f"{PREFIX}LLM_MODEL", "").strip(),
            llm_key=env.get(f"{PREFIX}LLM_KEY", "").strip(),
            llm_providers=env.get(f"{PREFIX}LLM_PROVIDERS", "").strip(),
        )


def read_dotenv(directory: Path) -> list[str]:
    """Take the variables of ``.env`` into the environment, as ``dagster dev`` does in the folder where it is run.

    There, too, they come before what is set already. Returns the names of those whose value that changed.
    """
    if not (directory / ".env").is_file():
        return []
    from dotenv import dotenv_values

    values = {name: value for name, value in dotenv_values(directory / ".env").items() if value is not None}
    changed = [name for name, value in values.items() if os.environ.get(name, value) != value]
    os.environ.update(values)
    return changed


def _check_names(env: Mapping[str, str]) -> None:
    """A misspelt setting would silently have no effect."""
    known = {f"{PREFIX}{each.name.upper()}" for each in fields(Settings) if each.name not in UNPREFIXED}
    for name in env:
        if name.startswith(PREFIX) and name not in known and not name.startswith(f"{PREFIX}TEST_"):
            nearest = difflib.get_close_matches(name, known, n=1)
            raise SettingError(
                f"{name} is no setting: " + (f"do you mean {nearest[0]}?" if nearest else "see docs/settings.md")
            )


def _default_home() -> Path:
    """One ignored folder: in the checkout when run from one, else in the user's home."""
    return CHECKOUT / ".home" if in_checkout() else _expanded(f"{PREFIX}HOME", "~/.regional_snapshots")


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return _expanded(name, env[name]) if env.get(name) else None


def _expanded(name: str, text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:  # nobody of that name, or no home to be found
        raise SettingError(f"{name} is {text!r}: there is no such home; write the whole path") from None


def _one_of(env: Mapping[str, str], name: str, choices: tuple[str, ...], default: str = "") -> str:
    value = env.get(PREFIX + name) or default or choices[0]
    if value not in choices:
        raise SettingError(f"{PREFIX}{name} is {value!r}: use one of {', '.join(choices)}")
    return value


def _namespace(env: Mapping[str, str]) -> str:
    name = env.get(f"{PREFIX}NAMESPACE", "")
    if name and not NAMESPACE.fullmatch(name):
        raise SettingError(f"{PREFIX}NAMESPACE is {name!r}: use up to 32 lower-case letters, digits and hyphens")
    return name


def _tiers(env: Mapping[str, str], layout: str, retention_days: float, bucket_minutes: float) -> Tiers:
    name = f"{PREFIX}RETENTION_TIERS"
    text = env.get(name, "")
    try:
        tiers = Tiers.parse(text)
        retention_ms, bucket_ms = int(retention_days * UNITS_MS["d"]), int(bucket_minutes * UNITS_MS["m"])
        problem = tiers.problem(retention_ms, bucket_ms)
    except ValueError as error:
        tiers, problem = NO_TIERS, str(error)
    if tiers and not LAYOUTS[layout].spare:
        problem = f"the layout {layout} keeps all snapshots: leave {name} empty there"
    if problem:
        raise SettingError(f"{name} is {text!r}: {problem}" + ("" if SYNTAX in problem else f" ({SYNTAX})"))
    return tiers


def _cron(env: Mapping[str, str], name: str, default: str) -> str:
    """A cron by Dagster's own rule, which its public schedule applies; asked only where somebody has set one."""
    text = (env.get(PREFIX + name) or default).strip()
    if text == default:
        return text
    import dagster as dg

    try:
        dg.ScheduleDefinition(name="any", job_name="any", cron_schedule=text)
    except dg.DagsterInvalidDefinitionError:
        raise SettingError(f"{PREFIX}{name} is {text!r}: use five fields of a cron, such as '{default}'") from None
    return text


def _webhook(env: Mapping[str, str]) -> str:
    """An address of http or https; it may hold a secret, and so no message shows any of it."""
    address = env.get(f"{PREFIX}WEBHOOK", "").strip()
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if address and not (usable and address.isascii() and address.isprintable() and " " not in address):
        raise SettingError(f"{PREFIX}WEBHOOK is no address that can be posted to: use http://… or https://…")
    return address


def _time_zone(env: Mapping[str, str]) -> str:
    name = env.get(f"{PREFIX}TIME_ZONE") or "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingError(f"{PREFIX}TIME_ZONE is {name!r}: use a name such as Europe/Berlin") from None
    return name


def _number(env: Mapping[str, str], name: str, default: float, *, least: float, most: float) -> float:
    text = env.get(PREFIX + name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise SettingError(f"{PREFIX}{name} is {text!r}: use a number from {least:g} to {most:g}")
    return value


def _whole(env: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    value = _number(env, name, default, least=least, most=most)
    if not value.is_integer():
        raise SettingError(f"{PREFIX}{name} is {value:g}: use a whole number from {least} to {most}")
    return int(value)
