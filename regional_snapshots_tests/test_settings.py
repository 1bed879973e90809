"""Settings: each has a default, and a value that cannot be used is named with what it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from regional_snapshots.scoring import methods
from regional_snapshots.settings import CHECKOUT, DEFAULT_METHODS, METHODS, SettingError, Settings
from regional_snapshots.stores import store_options

PREFIX = "REGIONAL_SNAPSHOTS_"
DAY_MS = 86_400_000


def test_without_an_environment_everything_has_a_default() -> None:
    settings = Settings.load({})
    assert settings.home == CHECKOUT / ".home"
    assert settings.dagster_home == settings.home / "dagster"
    assert (settings.redis_url, settings.key_layout, settings.regions_per_run) == ("", "tagged", 8)
    assert (settings.retention_days, settings.bucket_minutes, settings.min_confidence) == (90, 15, 0.1)


def test_a_home_with_spaces_and_a_tilde_is_taken_as_it_is() -> None:
    assert Settings.load({f"{PREFIX}HOME": "~/my data"}).home == Path.home() / "my data"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEY_LAYOUT", "flat"),
        ("RETENTION_DAYS", "0"),
        ("RETENTION_DAYS", "ninety"),
        ("BUCKET_MINUTES", "-1"),
        ("REGIONS_PER_RUN", "9"),
        ("REGIONS_PER_RUN", "nan"),
        ("MIN_CONFIDENCE", "1.5"),
        ("REFRESH_CRON", "every day"),
        ("REGIONS_PER_RUN", "1.5"),
        ("RECONCILE_CRON", "61 * * * *"),
        ("REFRESH_CRON", "0 24 * * *"),
        ("RECONCILE_CRON", "* 24 * * *"),
        ("RECONCILE_CRON", "* * * * * *"),
        ("RECONCILE_CRON", "0 0 31 2 *"),
        ("RECONCILE_CRON", "0 0 1-40 * *"),
        ("HOME", "~nobody-of-that-name/x"),
        ("TIME_ZONE", "Middle/Earth"),
        ("METHOD", "1.0"),
        ("WEBHOOK", "chat.example/hook"),
        ("WEBHOOK", "https:///hook"),
        ("WEBHOOK", "https://host:port/hook"),
        ("WEBHOOK", "https://host/a b"),
        ("WEBHOOK_SEVERITY", "dire"),
        ("RETENTION_TIERS", "often"),
        ("RETENTION_TIERS", "2d"),
        ("RETENTION_TIERS", "0d:6h"),
        ("RETENTION_TIERS", "2d:0h"),
        ("RETENTION_TIERS", "2d:6h,2d:1d"),
        ("RETENTION_TIERS", "30d:1d,2d:6h"),
        ("RETENTION_TIERS", "2d:6h,30d:8h"),
        ("RETENTION_TIERS", "2d:6h,30d:6h"),
        ("RETENTION_TIERS", "15m:30m"),
        ("RETENTION_TIERS", "2d:6h,90d:1d"),
        ("RETENTION_TIERS", "1d:1h,2d:2h,3d:4h,4d:8h,5d:1d"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=PREFIX + name):
        Settings.load({PREFIX + name: value})


def test_tiers_are_read_from_a_short_text_and_are_none_by_default() -> None:
    assert not Settings.load({}).retention_tiers
    tiers = Settings.load({f"{PREFIX}RETENTION_TIERS": "2d:6h, 30d:1d"}).retention_tiers
    assert tiers.tiers == ((2 * DAY_MS, DAY_MS // 4), (30 * DAY_MS, DAY_MS))
    assert store_options(Settings.load({f"{PREFIX}RETENTION_TIERS": "2d:6h"}))["policy"].tiers.tiers == tiers.tiers[:1]


def test_where_other_programs_count_on_what_they_wrote_tiers_are_refused() -> None:
    with pytest.raises(SettingError, match=r"the layout worldmonitor keeps all snapshots: leave .*TIERS empty"):
        Settings.load({f"{PREFIX}KEY_LAYOUT": "worldmonitor", f"{PREFIX}RETENTION_TIERS": "2d:6h"})
    assert not Settings.load({f"{PREFIX}KEY_LAYOUT": "worldmonitor"}).retention_tiers


def test_the_methods_to_choose_from_are_those_of_the_table() -> None:
    assert tuple(methods.METHODS) == METHODS
    assert set(DEFAULT_METHODS.values()) <= set(METHODS)


def test_beside_the_live_system_the_method_is_the_one_it_uses() -> None:
    assert Settings.load({f"{PREFIX}KEY_LAYOUT": "worldmonitor"}).method == "1.2"
    assert Settings.load({f"{PREFIX}KEY_LAYOUT": "worldmonitor", f"{PREFIX}METHOD": "1.1"}).method == "1.1"


def test_the_docs_name_every_setting() -> None:
    listed = (CHECKOUT / "docs" / "settings.md").read_text()
    source = (CHECKOUT / "regional_snapshots" / "settings.py").read_text()
    for field in Settings.__dataclass_fields__:
        name = field.upper()
        assert f"`{name}`" in listed or f"`{PREFIX}{name}`" in listed
        assert name in source


def test_a_misspelt_setting_is_an_error_that_names_the_right_one() -> None:
    with pytest.raises(SettingError, match="do you mean REGIONAL_SNAPSHOTS_REGIONS_PER_RUN"):
        Settings.load({f"{PREFIX}REGION_PER_RUN": "1"})
    with pytest.raises(SettingError, match="is no setting"):
        Settings.load({f"{PREFIX}REDIS_URL": "redis://localhost"})


@pytest.mark.parametrize("cron", ["@daily", "0 0 l * *", "*/7 8-18 * * mon-fri", "0 9 * * 7", "0 0 * * sun#1"])
def test_a_cron_that_dagster_takes_is_taken(cron: str) -> None:
    assert Settings.load({f"{PREFIX}REFRESH_CRON": cron}).refresh_cron == cron


def test_a_dagster_home_of_an_unknown_user_is_named() -> None:
    with pytest.raises(SettingError, match="DAGSTER_HOME is '~nobody-of-that-name/x'"):
        Settings.load({"DAGSTER_HOME": "~nobody-of-that-name/x"})
