"""The command line. Exit status: 0 fine, 1 something is or was left wrong, 2 it could not run."""

from __future__ import annotations

import functools
import json
import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from regional_snapshots import console
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.values import MAX_INSTANT_MS
from regional_snapshots.settings import SettingError, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regional_snapshots.store.reconcile.reconciler import ReconcileReport
    from regional_snapshots.store.snapshots import SnapshotStore

F = TypeVar("F", bound=Callable[..., Any])
FINE, WRONG, CANNOT_RUN = 0, 1, 2
REBUILT = ("wrong_type", "latest_not_indexed")
"""Findings after which the index may have lost older entries, which only a deep reconciliation finds."""


class CannotRun(click.ClickException):
    """One clear line on standard error, and exit status 2."""

    exit_code = CANNOT_RUN

    def show(self, file: object = None) -> None:
        """Print the line."""
        console.complain(f"regional-snapshots: {self.message}")


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


def command(group: click.Group, name: str, **options: Any) -> Callable[[F], F]:
    """A command with ``--json`` that turns our errors into one line and an exit status."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def guarded(*arguments: Any, **keywords: Any) -> None:
            try:
                sys.exit(function(*arguments, **keywords) or FINE)
            except SettingError as error:
                raise CannotRun(str(error)) from None
            except KeyboardInterrupt:
                raise CannotRun("interrupted") from None
            except Exception as error:
                if not _is_ours(error):
                    raise
                raise CannotRun(str(error)) from None

        flag = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
        return group.command(name, **options)(flag(guarded))  # type: ignore[return-value]

    return decorate


def _is_ours(error: Exception) -> bool:
    from regional_snapshots.store.errors import StoreError

    return isinstance(error, StoreError)


@contextmanager
def opened(settings: Settings) -> Iterator[SnapshotStore]:
    """The store as the settings have it."""
    from regional_snapshots.store.commit import Policy
    from regional_snapshots.store.snapshots import open_store

    with open_store(
        settings.redis_url,
        feeds_url=settings.feeds_redis_url,
        home=settings.home,
        layout=settings.key_layout,
        policy=Policy.of(settings.retention_days, settings.bucket_minutes),
    ) as store:
        yield store


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="regional-snapshots")
def main() -> None:
    """Publish consistent regional snapshots from Dagster into Redis, read them, and keep them consistent."""
    logging.getLogger("regional_snapshots").addHandler(logging.NullHandler())  # what it would say is printed anyway


@command(main, "refresh", short_help="Compute and publish regions.")
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--force", is_flag=True, help="Write even if another snapshot owns this bucket.")
def refresh(regions: Sequence[str], force: bool, as_json: bool) -> int:
    """Compute and publish REGIONS (default: all) through Dagster."""
    settings = Settings.load()
    regions = [region for region in REGION_IDS if region in regions] or list(REGION_IDS)
    with opened(settings) as store:
        for warning in store.inspect():
            console.complain(f"warning: {warning}")
    with console.progress("refreshing", len(regions), shown=not as_json) as advance:
        from regional_snapshots.definitions import defs
        from regional_snapshots.defs.run import run_refresh

        results = run_refresh(defs, settings, regions, force=force, done=lambda part: advance(len(part)))
    if as_json:
        console.as_json([asdict(result) for result in results])
    else:
        console.table(
            ("region", "regime", "confidence", "outcome", "snapshot id"),
            [
                (each.region, words(each.regime), _decimals(each.confidence), each.outcome, each.snapshot_id)
                for each in results
            ],
        )
        if any(result.outcome == "DUPLICATE" for result in results):
            console.line("DUPLICATE: the snapshot named owns this bucket; nothing was written (see --force).")
    problems = list(dict.fromkeys(result.problem for result in results if result.problem))
    for problem in problems:
        console.complain(problem)
    return WRONG if problems or any(result.outcome in ("FAILED", "WITHHELD") for result in results) else FINE


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


@command(main, "compute", short_help="Score feeds from files, without Redis.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def compute(files: Sequence[Path], as_json: bool) -> int:
    """Score feeds from FILES, without Redis and without a clock: one JSON line per file.

    Each file is one JSON object: now_ms (milliseconds since 1970), sources ({key: feed document}), metaSources
    ({key: companion document}) and previous ({region: snapshot before}), the last two optional.
    """
    from regional_snapshots.offline import compute_file

    for file in files:
        try:
            console.as_json(compute_file(file))
        except (OSError, ValueError) as error:
            raise CannotRun(f"{file}: {error}") from None
    return FINE


@command(main, "show", short_help="Print latest or earlier snapshots.")
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--as-of", type=Instant(), help="The snapshot that was the latest at this time.")
@click.option("--id", "snapshot_id", help="The snapshot with this id (name its region, too).")
def show(regions: Sequence[str], as_of: int | None, snapshot_id: str | None, as_json: bool) -> int:
    """Print the latest snapshot of REGIONS (default: all), or an earlier one."""
    from regional_snapshots.store.errors import StoreError

    if snapshot_id and len(regions) != 1:
        raise CannotRun("--id needs exactly one region")
    regions = regions or REGION_IDS
    with opened(Settings.load()) as store:
        if snapshot_id:
            found = store.get_all({regions[0]: snapshot_id})
        else:
            found = store.latest_all(regions) if as_of is None else store.as_of_all(regions, as_of)
    shown = {region: entry for region, entry in found.items() if not isinstance(entry, StoreError)}
    if as_json:
        console.as_json({region: snapshot.document for region, snapshot in shown.items()})
    else:
        for snapshot in shown.values():
            console.card(snapshot)
    for problem in (entry for entry in found.values() if isinstance(entry, StoreError)):
        console.complain(str(problem))
    return FINE if len(shown) == len(found) else WRONG


@command(main, "history", short_help="List retained snapshots.")
@click.argument("region", type=RegionName())
@click.option("--since", type=Instant(), default=0, help="From this time on.")
@click.option("--until", type=Instant(), default=MAX_INSTANT_MS, help="Up to this time.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True, help="At most so many.")
def history(region: str, since: int, until: int, limit: int, as_json: bool) -> int:
    """List the retained snapshots of REGION, newest first."""
    with opened(Settings.load()) as store:
        frame = store.history(region, since, until, limit)
    if as_json:
        console.as_json(json.loads(frame.to_json(orient="records", date_format="iso")))
    else:
        console.table(
            ("snapshot id", "UTC", "regime", "net", "confidence", "reason"),
            [(row.id, f"{row.time:%Y-%m-%d %H:%M}", *_history_cells(row)) for row in frame.itertuples()],
        )
        count = f"{len(frame)} snapshot{'' if len(frame) == 1 else 's'} of {region}"
        console.line(count + (f", the newest {limit}" if len(frame) == limit else ""))
    return WRONG if (frame["problem"] != "").any() else FINE


def _history_cells(row: Any) -> tuple[str, ...]:
    if row.problem:
        return (f"cannot be read: {row.problem}", "", "", "")
    return (words(row.regime), f"{row.net_balance:+.3f}", f"{row.confidence:.3f}", words(row.reason))


def words(name: str) -> str:
    """An id such as ``coercive_stalemate`` as words, which a narrow table can break."""
    return name.replace("_", " ")


@command(main, "reconcile", short_help="Report drift, and repair it.")
@click.argument("regions", nargs=-1, type=RegionName())
@click.option("--check", is_flag=True, help="Report only, change nothing.")
@click.option("--deep", is_flag=True, help="Also verify every payload, and look for ones that no index names.")
@click.option("--fix-types", is_flag=True, help="Also move keys of the wrong type out of the way.")
def reconcile(regions: Sequence[str], check: bool, deep: bool, fix_types: bool, as_json: bool) -> int:
    """Report drift in REGIONS (default: all), and repair it unless --check is given."""
    from regional_snapshots.store.errors import AccessRefusedError, UnreachableError

    with opened(Settings.load()) as store:
        report = store.reconcile(regions or REGION_IDS, repair=not check, deep=deep, fix_types=fix_types)
    if len(report.errors) == len(regions or REGION_IDS):
        first = next(iter(report.errors.values()))
        if isinstance(first, UnreachableError | AccessRefusedError):
            raise CannotRun(f"{first.problem}. Next: {first.next_step}.")
    if as_json:
        regions_checked = json.loads(report.table().to_json(orient="records"))
        findings = [asdict(finding) for finding in report.findings]
        errors = {region: str(error) for region, error in report.errors.items()}
        console.as_json({"healthy": report.healthy, "regions": regions_checked, "findings": findings, "errors": errors})
    else:
        console.table(
            ("region", "latest", "snapshots", "findings", "repaired", "left"),
            report.table()[["region", "latest", "snapshots", "findings", "repaired", "left"]].itertuples(index=False),
        )
        for finding in report.findings:
            done = "repaired" if finding.repaired else "found"
            console.line(f"{done:8} {finding.region}: {finding.kind}: {finding.key}: {finding.detail}")
        console.line(_verdict(report, deep) if report.healthy else _left(report, check))
    for problem in report.errors.values():
        console.complain(str(problem))
    return FINE if report.healthy else WRONG


def _verdict(report: ReconcileReport, deep: bool) -> str:
    names = list(report.states)
    verdict = f"{names[0]} is consistent." if len(names) == 1 else f"All {len(names)} regions are consistent."
    rebuilt = any(finding.kind in REBUILT for finding in report.findings) and not deep
    return verdict + (" Next: run it with --deep, to find older snapshots that no index names." if rebuilt else "")


def _left(report: ReconcileReport, check: bool) -> str:
    steps = ["run it again without --check"] if check else []
    if any(finding.kind == "wrong_type" for finding in report.left):
        steps.append("add --fix-types to rename keys of the wrong type")
    next_steps = f" Next: {', '.join(steps)}." if steps else ""
    return f"{len(report.left) + len(report.errors)} left to repair.{next_steps}"


@main.group("feeds", short_help="Load feed documents; see their state.")
def feeds() -> None:
    """Put feed documents into Redis, and see what is fresh, stale, missing or rejected."""


@command(feeds, "load")
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option("--sample", is_flag=True, help="The sample feeds that come with the project.")
@click.option("--if-none", is_flag=True, help="Only into the embedded server, and only while it holds no feed.")
def feeds_load(directory: Path | None, sample: bool, if_none: bool, as_json: bool) -> int:
    """Load feed documents from DIRECTORY: file name = key, with ':' written '__'."""
    from regional_snapshots.feed_files import SAMPLE, read_directory

    if sample == (directory is not None):
        raise CannotRun("name a directory, or --sample")
    try:
        documents, skipped = read_directory(SAMPLE if sample else directory)
    except (OSError, ValueError) as error:
        raise CannotRun(str(error)) from None
    settings = Settings.load()
    with opened(settings) as store:
        if if_none and (settings.redis_url or settings.feeds_redis_url or _holds_feeds(store)):
            documents = {}
        if documents:
            store.write_feeds(documents)
    if as_json:
        console.as_json({"loaded": sorted(documents), "skipped": skipped})
    else:
        what = "sample feeds (illustrative: old, rounded figures)" if sample else "feed documents"
        external = settings.redis_url or settings.feeds_redis_url
        why_none = "this is not the embedded server" if external else "feeds are there already"
        console.line(f"{len(documents)} {what} loaded" if documents else f"{why_none}: no sample feeds loaded")
        for name in skipped:
            console.line(f"skipped {name}: not the key of a feed")
    return FINE


def _holds_feeds(store: SnapshotStore) -> bool:
    from regional_snapshots.model.feeds import DATA_KEYS

    return any(value is not None for value in store.read_feeds(DATA_KEYS).values())


@command(feeds, "status")
def feeds_status(as_json: bool) -> int:
    """Show every feed: fresh, stale or missing, and what was used, defaulted or rejected."""
    from regional_snapshots.model.feeds import DATA_KEYS, META_KEYS, Feeds

    with opened(Settings.load()) as store:
        values = store.read_feeds((*DATA_KEYS, *META_KEYS))
    parsed = Feeds.from_raw(values, time.time_ns() // 1_000_000)
    if as_json:
        console.as_json([asdict(report) for report in parsed.report])
    else:
        console.table(
            ("feed", "state", "age", "allowed", "entries used"),
            [
                (r.key, f"{r.status} (sample)" if r.sample else r.status, _age(r.age_min), _age(r.max_age_min), r.used)
                for r in parsed.report
            ],
        )
        console.line("")
        for report in parsed.report:
            for remark in report.remarks:
                console.line(f"{report.key}: {remark}")
        console.line(f"confidence {parsed.confidence:.3f}")
    return FINE


def _age(minutes: float | None) -> str:
    if minutes is None:
        return "unknown"
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 2880 else f"{minutes / 1440:.0f} d"


@main.group("redis", short_help="The embedded server.")
def redis() -> None:
    """The embedded server, which is used while REDIS_URL is not set."""


def _embedded() -> Any:
    from regional_snapshots.store.embedded.server import EmbeddedServer

    return EmbeddedServer(Settings.load().home / "redis")


@command(redis, "start")
def redis_start(as_json: bool) -> int:
    """Start the embedded server, unless it runs already."""
    url = _embedded().ensure()
    unused = " (not used while REDIS_URL is set)" if Settings.load().redis_url else ""
    console.as_json({"url": url}) if as_json else console.line(f"running at {url}{unused}")
    return FINE


@command(redis, "stop")
def redis_stop(as_json: bool) -> int:
    """Stop the embedded server; its data stay."""
    stopped = _embedded().stop()
    console.as_json({"stopped": stopped}) if as_json else console.line("stopped" if stopped else "it was not running")
    return FINE


@command(redis, "status")
def redis_status(as_json: bool) -> int:
    """Say whether the embedded server runs. Exit status 1 when it does not."""
    status = _embedded().status()
    if as_json:
        console.as_json(asdict(status))
    else:
        console.line(f"running, process {status.pid}, at {status.url}" if status.running else "not running")
    return FINE if status.running else WRONG


@command(redis, "url")
def redis_url(as_json: bool) -> int:
    """Print the URL of the embedded server, for redis-py and others; it may not be running."""
    url = _embedded().url
    console.as_json({"url": url}) if as_json else print(url)
    return FINE


if __name__ == "__main__":
    main()
