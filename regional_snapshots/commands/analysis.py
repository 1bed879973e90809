"""`replay`, `verify`, `rescore`, `calibrate`: what an analyst does beside publishing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regional_snapshots import console
from regional_snapshots.analysis.worlds import NAMES, STEP_MS, phases
from regional_snapshots.commands.shared.command import FINE, WRONG, CannotRun, command, opened
from regional_snapshots.commands.shared.parameters import Instant, RegionName
from regional_snapshots.commands.shared.tables import TableFile, write_table
from regional_snapshots.model.regions import PLACE_OF, REGION_IDS
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.settings import METHODS, Settings

if TYPE_CHECKING:
    from regional_snapshots.analysis.library import Library, Name
    from regional_snapshots.analysis.replay import Step

PROOFS_SHOWN = 20


@command("replay", short_help="Publish an authored crisis into an empty store.", examples=("replay red-sea",))
@click.argument("name", type=click.Choice(NAMES))
@click.option("--speed", type=click.FloatRange(0), default=0, help="Steps a second; 0, the default: as fast as it can.")
@click.option("--if-empty", is_flag=True, help="Only into the embedded server, and only while it holds no snapshot.")
def replay(name: str, speed: float, if_empty: bool, as_json: bool) -> int:
    """Publish the steps of the replay NAME into an empty store, six hours apart, the last one six hours ago.

    Every figure is illustrative, and everything published is marked as a sample. A store that holds snapshots is
    refused; another namespace of the same server will do.
    """
    from regional_snapshots.analysis.replay import publish
    from regional_snapshots.scoring.methods import METHODS as RULES
    from regional_snapshots.store.errors import OccupiedError

    settings = Settings.load()
    if if_empty and settings.redis_url:
        console.line("this is not the embedded server: no replay published")
        return FINE
    seen: list[Step] = []
    with opened(settings) as store, console.progress(f"replaying {name}", len(phases(name)), shown=not as_json) as bar:
        end_ms = time.time_ns() // 1_000_000 - STEP_MS

        def published(step: Step) -> None:
            seen.append(step)
            bar(1)

        try:
            publish(store, name, RULES[settings.method], end_ms, steps_per_second=speed, done=published)
        except OccupiedError as error:
            if not if_empty:
                raise
            console.line(f"no replay published: {error.problem}")
            return FINE
    _tell(seen, as_json)
    return FINE


def _tell(seen: Sequence[Step], as_json: bool) -> None:
    """What the replay was: a row for each change that was told, of any region, in the words of `events`."""
    from regional_snapshots.report.tidings import tiding
    from regional_snapshots.report.words import utc

    told = [
        (utc(step.now_ms), step.phase.phase, event)
        for step in seen
        for happening in step.happenings.values()
        for event in happening.news.events
    ]
    if as_json:
        console.as_json(
            [
                {"time": at, "phase": phase, "region": event.region, "event": event.type, "what": tiding(event)}
                for at, phase, event in told
            ]
        )
        return
    rows = [(at.removesuffix(" UTC"), phase, event.region, tiding(event)) for at, phase, event in told]
    console.table(("UTC", "phase", "region", "what happened"), rows)
    console.line(f"{len(seen)} steps published, six hours apart: illustrative, and marked as a sample")


@command("verify", short_help="Compute retained snapshots again, and compare.", examples=("verify", "verify mena"))
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--id", "snapshot_id", help="This snapshot only.")
def verify(regions: Sequence[str], snapshot_id: str | None, as_json: bool) -> int:
    """Compute every retained snapshot of REGIONS (default: all) again from its kept inputs, and compare to the byte.

    PROVED: it came out the same. DIFFERS: a rule has changed since, and it says where. UNPROVABLE: an input or a
    predecessor is gone or was changed, and it says which; or another program made it.
    """
    from regional_snapshots.analysis.library import Library
    from regional_snapshots.analysis.verification import PROVED
    from regional_snapshots.analysis.verification import verify as judged

    with opened(Settings.load()) as store:
        library = Library(store)
        names = [name for name in _names(library, regions) if snapshot_id in (None, name[1])]
        if not names:
            raise CannotRun(f"no snapshot {snapshot_id or ''} is retained: see `regional-snapshots history`")
        with console.progress("verifying", len(names), shown=not as_json) as advance:
            verdicts = list(judged(library, names, advance))
    doubtful = [verdict for verdict in verdicts if verdict.state != PROVED]
    if as_json:
        console.as_json([asdict(verdict) for verdict in verdicts])
    else:
        for verdict in doubtful[:PROOFS_SHOWN]:
            console.line(f"{verdict.state} {verdict.region} {verdict.snapshot_id}: {verdict.why}")
        if len(doubtful) > PROOFS_SHOWN:
            console.line(f"… and {len(doubtful) - PROOFS_SHOWN} more: see --json")
        console.line(f"{len(verdicts) - len(doubtful)} of {len(verdicts)} snapshots proved")
    return WRONG if doubtful else FINE


@command(
    "rescore", short_help="What another method would have said.", examples=("rescore --method 1.2 --out said.csv",)
)
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--method", type=click.Choice(METHODS), required=True, help="The method to ask.")
@click.option("--since", type=Instant(), default=0, help="From this time on.")
@click.option("--until", type=Instant(), default=MAX_INSTANT_MS, help="Up to this time.")
@click.option("--out", type=TableFile(), required=True, help="The file to write: .csv or .parquet.")
def rescore(regions: Sequence[str], method: str, since: int, until: int, out: Path, as_json: bool) -> int:
    """Compute the runs of retained snapshots again by another method, and write a table of what it says.

    Each run is compared with what the method said of the one before it. Nothing in the store is changed.
    """
    from regional_snapshots.analysis.library import Library
    from regional_snapshots.analysis.rescoring import rescored
    from regional_snapshots.scoring.methods import METHODS as RULES

    with opened(Settings.load()) as store:
        library = Library(store)
        names = _names(library, (), since, until)
        if not names:
            raise CannotRun("no snapshot is retained from that time: see `regional-snapshots history`")
        with console.progress(f"rescoring by {method}", len(names), shown=not as_json) as advance:
            frame = rescored(library, RULES[method], names, advance)
    frame = frame[frame["region"].isin(regions or REGION_IDS)]
    write_table(out, frame)
    left_out = int((frame["problem"] != "").sum())
    relabelled = int(((frame["problem"] == "") & (frame["regime"] != frame["stored_regime"])).sum())
    if as_json:
        console.as_json({"rows": len(frame), "left_out": left_out, "relabelled": relabelled, "file": str(out)})
    else:
        console.line(f"{len(frame)} snapshots rescored by method {method}: {out}")
        console.line(f"{relabelled} have another regime; {left_out} could not be computed (see the column problem)")
    return WRONG if left_out else FINE


@command("calibrate", short_help="How well the scenarios were calibrated.", examples=("calibrate", "calibrate mena"))
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--method", type=click.Choice(METHODS), help="Snapshots of this method (default: the one in use).")
def calibrate(regions: Sequence[str], method: str | None, as_json: bool) -> int:
    """Compare what the scenarios of retained snapshots of REGIONS (default: all) said with what came of it."""
    from regional_snapshots.analysis.calibration import calibrate as judged
    from regional_snapshots.analysis.library import Library, said_by

    settings = Settings.load()
    name = method or settings.method
    with opened(settings) as store:
        library = Library(store)
        names = _names(library, regions)
        with console.progress("reading", len(names), shown=not as_json) as advance:
            histories = said_by(library, names, name, advance)
    found = judged(histories)
    if as_json:
        console.as_json([asdict(each) for each in found])
        return FINE
    console.table(
        ("horizon", "forecasts", "independent", "Brier", "climatology", "uniform", "skill", "log score", "remark"),
        [
            (
                each.horizon,
                each.n,
                each.independent,
                *map(_decimals, (each.brier, each.brier_climatology, each.brier_uniform, each.skill, each.log_score)),
                each.remark,
            )
            for each in found
        ],
        title=f"scenarios of method {name}, by what came of them",
    )
    return FINE


def _names(library: Library, regions: Iterable[str], since: int = 0, until: int = MAX_INSTANT_MS) -> list[Name]:
    wanted = sorted(set(regions), key=PLACE_OF.__getitem__)
    return library.ids(wanted or REGION_IDS, since, until)


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
