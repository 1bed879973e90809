"""Refreshing when feeds change: Dagster's declarative automation, off unless a setting says every how many minutes."""

from __future__ import annotations

import dagster as dg

from regional_snapshots.defs.partitions import REGIONAL_SNAPSHOT
from regional_snapshots.settings import Settings


def condition(settings: Settings) -> dg.AutomationCondition[dg.AssetKey] | None:
    """A region is refreshed at a tick if a feed was seen to change since it was refreshed last; None when it is off.

    Ticks bound it to once in so many minutes. What a refresh itself notes of the feeds is older than the refresh.
    """
    if not settings.on_change_minutes:
        return None
    changed = dg.AutomationCondition.any_deps_updated()
    refreshed = dg.AutomationCondition.newly_requested() | dg.AutomationCondition.newly_updated()
    tick = dg.AutomationCondition.cron_tick_passed(every(settings.on_change_minutes))
    return (tick & changed.since(refreshed) & ~dg.AutomationCondition.in_progress()).with_label("a feed changed")


def sensors_on_change(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensor that evaluates the condition, if there is one."""
    if not settings.on_change_minutes:
        return []
    return [
        dg.AutomationConditionSensorDefinition(
            "refresh_on_change",
            target=dg.AssetSelection.assets(REGIONAL_SNAPSHOT),
            default_status=dg.DefaultSensorStatus.RUNNING,
            description=f"Refreshes when a feed has changed, at most every {settings.on_change_minutes} minutes.",
        )
    ]


def every(minutes: int) -> str:
    """The cron of every so many minutes; sixty at most, and a divisor of sixty."""
    return "0 * * * *" if minutes == 60 else f"*/{minutes} * * * *"
