"""`show`, `history` and `diff`: what was published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, WRONG, CannotRun, command, opened
from regional_snapshots.commands.shared.parameters import TIMES, Instant, RegionName, SnapshotPoint
from regional_snapshots.commands.shared.tables import TableFile, write_table
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.values import MAX_INSTANT_MS, spoken, spoken_time
from regional_snapshots.settings import Settings

if TYPE_CHECKING:
    from regional_snapshots.model.snapshot import Snapshot
    from regional_snapshots.report.story import Story
    from regional_snapshots.store.snapshots import SnapshotStore

MOST = 1_000_000
"""Rows of a history."""


@command(
    "show",
    short_help="Print latest or earlier snapshots.",
    examples=("show", "show mena --why", "show mena --as-of 'yesterday 18:00'", "show mena --json"),
)
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--as-of", type=Instant(), help=f"The snapshot that was the latest at this time: {TIMES}.")
@click.option("--set", "as_set", is_flag=True, help="Of one refresh, not each region's newest.")
@click.option("--id", "snapshot_id", help="The snapshot with this id (name its region, too).")
@click.option("--why", is_flag=True, help="Why it is so: axes and what they rest on, triggers, scenarios.")
@click.option("--full", is_flag=True, help="With --why: everything, evidence included.")
def show(
    regions: Sequence[str],
    as_of: int | None,
    as_set: bool,
    snapshot_id: str | None,
    why: bool,
    full: bool,
    as_json: bool,
) -> int:
    """Print the latest snapshot of REGIONS, or an earlier one; of all, the worst first, after what matters now."""
    from regional_snapshots.gathering.stories import Told, stories
    from regional_snapshots.report.headlines import headlines
    from regional_snapshots.report.story import worst_first
    from regional_snapshots.store.errors import StoreError

    if snapshot_id and len(regions) != 1:
        raise CannotRun("--id needs exactly one region")
    if sum((bool(snapshot_id), as_set, as_of is not None)) > 1:
        raise CannotRun("--as-of, --set and --id exclude each other")
    plain = not (regions or as_of is not None or as_set or snapshot_id or as_json)
    regions = regions or REGION_IDS
    with opened(Settings.load()) as store:
        if as_set:
            made, found = store.latest_set(regions)
            if not as_json:
                console.line(f"set {made.id}, made {spoken_time(made.oldest_ms)} to {spoken_time(made.newest_ms)}")
        elif snapshot_id:
            found = store.get_all({regions[0]: snapshot_id})
        else:
            found = store.latest_all(regions) if as_of is None else store.as_of_all(regions, as_of)
        shown = {region: entry for region, entry in found.items() if not isinstance(entry, StoreError)}
        gathered = stories(store, shown) if why or full or plain else Told({})
        told, pins = gathered.stories, gathered.pins
        if not (told or as_set or snapshot_id or as_of is not None or as_json):
            pins = store.run(store.pins.pins(shown))
    if plain and told:
        shown = {each.now.region: shown[each.now.region] for each in worst_first(told.values())}
    if told and (why or full):
        _answer({region: told[region] for region in shown}, full=full, as_json=as_json)
    elif as_json:
        console.as_json({region: snapshot.document for region, snapshot in shown.items()})
    else:
        for line in (*headlines(list(told.values())), "") if told else ():
            console.line(line)
        for region, snapshot in shown.items():
            console.card(snapshot, f"until {spoken_time(pins[region].until_ms or 0)}" if region in pins else "")
    for problem in (entry for entry in found.values() if isinstance(entry, StoreError)):
        console.complain(str(problem))
    return FINE if len(shown) == len(found) else WRONG


def _answer(told: Mapping[str, Story], *, full: bool, as_json: bool) -> None:
    """Why each snapshot is what it is: in words that fit the terminal, or as sections of facts."""
    from regional_snapshots.report.headlines import headline
    from regional_snapshots.report.markup import why_text
    from regional_snapshots.report.why.explanation import why

    answers = {region: (headline(it), why(it)) for region, it in told.items()}
    if as_json:
        documents = {name: {"headline": line, "sections": [*map(asdict, it)]} for name, (line, it) in answers.items()}
        console.as_json(documents)
        return
    for line, sections in answers.values():
        console.line(f"{line}\n\n{why_text(sections, full=full, width=min(console.out.width, 100))}\n")


@command(
    "history",
    short_help="List retained snapshots.",
    examples=("history mena --since 2d", "history mena --since 2026-05-28 --limit 100", "history mena --out mena.csv"),
)
@click.argument("region", type=RegionName())
@click.option("--since", type=Instant(), default=0, help=f"From this time on: {TIMES}.")
@click.option("--until", type=Instant(), default=MAX_INSTANT_MS, help="Up to this time.")
@click.option("--limit", type=click.IntRange(1, MOST), help="At most so many  [default: 20; all with --out]")
@click.option("--out", type=TableFile(), help="Write all columns to this file: .csv or .parquet.")
def history(region: str, since: int, until: int, limit: int | None, out: Path | None, as_json: bool) -> int:
    """List the retained snapshots of REGION, newest first.

    Axes, coverage and changes are in the file and in the JSON.
    """
    limit = limit or (MOST if out else 20)
    with opened(Settings.load()) as store:
        frame = store.history(region, since, until, limit)
    if out:
        write_table(out, frame)
    if out and as_json:
        console.as_json({"rows": len(frame), "file": str(out)})
    elif out:
        console.line(f"{len(frame)} snapshot{'' if len(frame) == 1 else 's'} of {region}: {out}")
    elif as_json:
        console.as_json(json.loads(frame.to_json(orient="records", date_format="iso")))
    else:
        console.table(
            ("snapshot id", "UTC", "regime", "net", "confidence", "reason"),
            [(row.id, _time(row), *_history_cells(row)) for row in frame.itertuples()],
        )
        count = f"{len(frame)} snapshot{'' if len(frame) == 1 else 's'} of {region}"
        console.line(count + (f", the newest {limit}" if len(frame) == limit else ""))
    return WRONG if (frame["problem"] != "").any() else FINE


@command(
    "diff",
    short_help="What differs between two snapshots.",
    examples=("diff mena", "diff mena 24h", "diff mena 'yesterday 18:00' 2h --json"),
)
@click.argument("region", type=RegionName())
@click.argument("before", required=False, type=SnapshotPoint())
@click.argument("after", required=False, type=SnapshotPoint())
def diff(region: str, before: int | str | None, after: int | str | None, as_json: bool) -> int:
    """What differs between two snapshots of REGION: BEFORE and AFTER, each an id or a time.

    Without AFTER: the latest; without BEFORE too: the newest two. Of a time, the snapshot that was the latest then.
    """
    from regional_snapshots.report.why.difference import differences, side
    from regional_snapshots.report.words import utc

    with opened(Settings.load()) as store:
        if before is None:
            newest = store.recent(region, 2)
            if len(newest) < 2:
                raise CannotRun(f"fewer than two snapshots of {region} are kept: see `regional-snapshots history`")
            now, then = newest
        else:
            then = _snapshot(store, region, before)
            now = store.latest(region) if after is None else _snapshot(store, region, after)
    found = differences(then.document, now.document)
    if as_json:
        sides = {"region": region, "before": then.id, "after": now.id}
        console.as_json({**sides, "differences": [{**asdict(each), "change": each.change} for each in found]})
        return FINE
    console.line(f"{region}: from {utc(then.generated_at)}{_marks(then)} to {utc(now.generated_at)}{_marks(now)}")
    if found:
        rows = [
            (f"{it.of} {it.name}".strip(), side(it.before), side(it.after), it.turned or _moved(it.change))
            for it in found
        ]
        console.table(("what", "before", "after", "change"), rows)
    else:
        console.line("nothing differs")
    return FINE


def _snapshot(store: SnapshotStore, region: str, point: int | str) -> Snapshot:
    return store.get(region, point) if isinstance(point, str) else store.as_of(region, point)


def _marks(snapshot: Snapshot) -> str:
    """What a reader of its numbers should know."""
    meta = snapshot.document.get("meta") or {}
    marks = [] if snapshot.sealed else ["unsealed"]
    marks += ["sample"] if meta.get("sample") is True else []
    return f" ({', '.join(marks)})" if marks else ""


def _moved(change: float | None) -> str:
    return "" if change is None else f"{change:+.3f}"


def _time(row: Any) -> str:
    import pandas as pd

    return "no time" if pd.isna(row.time) else f"{row.time:%Y-%m-%d %H:%M}"  # an id that is none has none


def _history_cells(row: Any) -> tuple[str, ...]:
    if row.problem:
        return (f"cannot be read: {row.problem}", "", "", "")
    net = "not known" if row.net_balance != row.net_balance else f"{row.net_balance:+.3f}"
    reason = spoken(row.reason) if row.sealed else f"{spoken(row.reason)} (unsealed)"
    return (spoken(row.regime), net, f"{row.confidence:.3f}", reason)
