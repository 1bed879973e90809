"""Kinds of arguments: a region, an instant."""

from __future__ import annotations

from datetime import datetime, timezone

import click

from regional_snapshots.model.regions import REGION_IDS


class RegionName(click.ParamType):
    """One of the eight region ids."""

    name = "region"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id itself, or a usage error that lists the ids."""
        if value not in REGION_IDS:
            self.fail(f"there is no region {value!r}: use some of {', '.join(REGION_IDS)}", param, ctx)
        return value


class Instant(click.ParamType):
    """An instant: ISO 8601 (UTC unless it says otherwise), or milliseconds since 1970."""

    name = "time"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Milliseconds since 1970."""
        if isinstance(value, int) or value.isdigit():
            return int(value)
        try:
            moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            self.fail(f"{value!r} is no time: use 2026-05-28, 2026-05-28T16:00:00Z or milliseconds", param, ctx)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() * 1000)
