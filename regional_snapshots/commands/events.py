"""`events`, `regimes` and `told`: what happened, and who was told of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, WRONG, command, opened
from regional_snapshots.commands.shared.parameters import TIMES, Instant, RegionName
from regional_snapshots.model.events import SEVERITIES, Event
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.values import spoken
from regional_snapshots.report.tidings import delivered, tiding
from regional_snapshots.report.words import span, utc
from regional_snapshots.settings import Settings

if TYPE_CHECKING:
    from regional_snapshots.model.news import RegimeShift
    from regional_snapshots.store.snapshots import SnapshotStore

SHOWN, LISTED = 40, 1000
"""Newest events in a table, and for a program, unless asked for otherwise."""
MINUTE_MS = 60_000


@command(
    "events",
    short_help="What happened: shifts, triggers, breaks, lost feeds.",
    examples=("events", "events mena --since 24h --severity high", "events --follow --json"),
)
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--since", type=Instant(), help=f"From this time on: {TIMES}.")
@click.option("--severity", type=click.Choice(SEVERITIES), default=SEVERITIES[-1], help="At least so severe.")
@click.option("--limit", type=click.IntRange(1, 100_000), help=f"The newest so many [default: {SHOWN}].")
@click.option("--follow", is_flag=True, help="Wait for more, until Ctrl-C.")
def events(
    regions: Sequence[str], since: int | None, severity: str, limit: int | None, follow: bool, as_json: bool
) -> int:
    """Print the events of REGIONS (default: all), oldest first. With --json, one object a line."""
    asked = regions or REGION_IDS
    with opened(Settings.load()) as store:
        if follow:
            return _follow(store, asked, severity, since, as_json)
        most = limit or (LISTED if as_json else SHOWN)
        found = store.events(asked, since or 0, severity, most)
    told = [event for entry in found.values() if isinstance(entry, list) for event in entry]
    newest = sorted(told, key=lambda event: event.generated_at)[-most:]
    if as_json:
        _print_json(newest)
    else:
        console.table(("UTC", "region", "severity", "what happened"), map(_cells, newest))
        console.line(_count(newest, most))
    return _complained(found.values())


def _follow(store: SnapshotStore, regions: Sequence[str], severity: str, since: int | None, as_json: bool) -> int:
    """Until Ctrl-C, which is how it is meant to end. Each event is out at once, also into a pipe."""
    try:
        for event in store.follow(regions, severity=severity, since_ms=since, troubled=_troubled):
            if as_json:
                _print_json([event])
            else:
                console.line("  ".join(_cells(event)))
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:  # whoever read has gone
        pass
    return FINE


def _troubled(error: Exception) -> None:
    console.complain(f"waiting for the server: {error}")


def _print_json(found: Iterable[Event]) -> None:
    for event in found:
        print(console.json_line(event.document()), flush=True)


def _cells(event: Event) -> tuple[str, ...]:
    sample = " (sample)" if event.sample else ""
    return (utc(event.generated_at).removesuffix(" UTC"), event.region, event.severity, tiding(event) + sample)


def _count(found: Sequence[Event], most: int) -> str:
    count = f"{len(found)} event{'' if len(found) == 1 else 's'}"
    return count + (f", the newest {most} (--limit shows more)" if len(found) == most else "")


@command(
    "regimes",
    short_help="The changes of regime of a region.",
    examples=("regimes mena", "regimes europe --json"),
)
@click.argument("region", type=RegionName())
def regimes(region: str, as_json: bool) -> int:
    """List the changes of regime of REGION, oldest first: from, to, since, lasted, why."""
    with opened(Settings.load()) as store:
        found = store.regimes([region])[region]
    if not isinstance(found, list):
        raise found
    rows = lasting(found, time.time_ns() // 1_000_000)
    if as_json:
        console.as_json(rows)
    elif rows:
        console.table(("from", "to", "since (UTC)", "lasted", "why"), map(_regime_cells, rows))
    else:
        console.line(f"No change of regime of {region} is recorded.")
    return FINE


def lasting(shifts: Sequence[RegimeShift], now_ms: int) -> list[dict[str, Any]]:
    """The shifts with how long each lasted (ms): until the next one, or so far."""
    ends = [*(shift.at for shift in shifts[1:]), now_ms]
    current = len(shifts)
    return [
        {
            "from": shift.before,
            "to": shift.after,
            "since": shift.at,
            "lasted_ms": max(0, end - shift.at),
            "is_current": number == current,
            "why": shift.why,
            "severity": shift.severity,
            "method": shift.method,
            "snapshot_id": shift.snapshot_id,
        }
        for number, (shift, end) in enumerate(zip(shifts, ends, strict=False), 1)
    ]


def _regime_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    lasted = span(row["lasted_ms"] / MINUTE_MS) + (" so far" if row["is_current"] else "")
    return (
        spoken(row["from"]) or "none",
        spoken(row["to"]),
        utc(row["since"]).removesuffix(" UTC"),
        lasted,
        row["why"],
    )


@command(
    "told",
    short_help="Who was told what, and when.",
    examples=("told", "told --since yesterday", "told --json"),
)
@click.option("--since", type=Instant(), help=f"From this time on: {TIMES}.")
@click.option("--limit", type=click.IntRange(1, 1000), default=SHOWN, show_default=True, help="The newest so many.")
def told(since: int | None, limit: int, as_json: bool) -> int:
    """List the messages that the webhook has taken, and those that it has not, oldest first."""
    settings = Settings.load()
    with opened(settings) as store:
        found = store.deliveries(limit, since or 0)
    if as_json:
        console.as_json([asdict(delivery) for delivery in found])
        return FINE
    if found:
        console.table(("UTC", "whom", "what"), map(delivered, found))
    else:
        console.line("Nobody was told anything yet.")
    if not settings.webhook:
        console.line("Nobody is told at present: REGIONAL_SNAPSHOTS_WEBHOOK is not set. See docs/events.md.")
    return FINE


def _complained(found: Iterable[object]) -> int:
    problems = [entry for entry in found if isinstance(entry, Exception)]
    for problem in problems:
        console.complain(str(problem))
    return WRONG if problems else FINE
