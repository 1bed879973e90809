"""Backup and restore: every retained snapshot, verified when it is written and again before it is read back.

A restore only adds: what is there stays, latest moves forward or not at all, and writers may go on meanwhile. It puts
snapshots into history, and leaves it to reconciliation to point latest at the newest one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from regional_snapshots.model.snapshot import DamagedSnapshotError, Snapshot
from regional_snapshots.store.archive.archive import FORMAT, Archive, ArchiveWriter, Line
from regional_snapshots.store.errors import BackupError
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.link.batch import Batch
from regional_snapshots.store.link.connections import Command, Connections
from regional_snapshots.store.protocol.policy import Policy
from regional_snapshots.store.terms import Terms, renewed

PAGE = 256
"""Snapshots per exchange: a few megabytes."""
Progress = Callable[[int], None]
"""Hears how many snapshots were dealt with."""


@dataclass
class BackupReport:
    """What became of the snapshots. ``written``: now in the file, or in the store; ``there``: they were before;
    ``expired``: past the retention, left out; ``problems``: what is damaged, and was left out."""

    written: int = 0
    there: int = 0
    expired: int = 0
    problems: list[str] = field(default_factory=list)


async def backup(
    connections: Connections, layout: KeyLayout, regions: Sequence[str], path: Path, made_at: int, progress: Progress
) -> BackupReport:
    """Write all retained snapshots of the regions to a file; go on with it when it is there in part.

    Raises :class:`StoreError`. A damaged snapshot is left out and named in the report.
    """
    report, writer = BackupReport(), ArchiveWriter(path)
    try:
        if not writer.lines:
            header = {"format": FORMAT, "layout": layout.name, "regions": list(regions), "made_at": made_at}
            writer.write([{"kind": "header", **header}])
        have: dict[str, set[str]] = defaultdict(set)
        for line in writer.lines[1:]:
            have[line["region"]].add(line["id"])
        report.there = len(writer.lines[1:])
        for region in regions:
            async for page in _pages(connections, RegionKeys(region, layout), have[region], report):
                writer.write(page)
                report.written += len(page)
                progress(len(page))
        writer.finish()
    finally:
        writer.close()
    return report


async def _pages(
    connections: Connections, keys: RegionKeys, have: set[str], report: BackupReport
) -> AsyncIterator[list[Line]]:
    """The snapshots of a region that are not in ``have``, from the oldest on, a page at a time.

    Paged by score: ranks shift when something is pruned meanwhile. ``offset`` passes by those of the same score.
    """
    start, offset = "-inf", 0
    while True:
        within: Command = ("ZRANGEBYSCORE", keys.index, start, "+inf", "LIMIT", offset, PAGE, "WITHSCORES")
        [found] = await connections.ask([within])
        members, scores = found[::2], [score.decode() for score in found[1::2]]
        if not members:
            return
        names = [member.decode(errors="backslashreplace") for member in members]
        fresh = [name for name in names if name not in have]
        payloads = await connections.ask([("GET", keys.payload(name)) for name in fresh]) if fresh else []
        absent = [name for name, payload in zip(fresh, payloads, strict=True) if payload is None]
        again = await connections.ask([("ZSCORE", keys.index, name) for name in absent]) if absent else []
        dropped = {name for name, score in zip(absent, again, strict=True) if score is None}  # by a commit, since
        pairs = [pair for pair in zip(fresh, payloads, strict=True) if pair[0] not in dropped]
        yield [line for name, payload in pairs if (line := _line(keys.region, name, payload, report))]
        offset = offset + PAGE if scores[-1] == start else scores.count(scores[-1])
        start = scores[-1]


def _line(region: str, identity: str, payload: bytes | None, report: BackupReport) -> Line | None:
    try:
        snapshot = Snapshot.open(payload or b"", region=region, id=identity)
    except DamagedSnapshotError as error:
        report.problems.append(f"{region}: {identity}: {'it is not stored' if payload is None else error}")
        return None
    return {"kind": "snapshot", "region": region, "id": identity, "payload": snapshot.payload.decode()}


async def restore(
    connections: Connections,
    layout: KeyLayout,
    policy: Policy,
    path: Path,
    terms: Terms,
    *,
    into_empty: bool,
    progress: Progress,
) -> BackupReport:
    """Put the snapshots of a file into history, those that are there left as they are.

    The whole file is proved before anything is written. ``into_empty`` refuses a store that holds any of its regions.
    Reconcile its regions afterwards: latest is not touched here. Raises :class:`StoreError`.
    """
    archive, report = Archive(path), BackupReport()
    regions = {snapshot.region for snapshot in _snapshots(archive)}
    await _check(connections, layout, terms, sorted(regions), into_empty=into_empty)
    for region, group in groupby(_snapshots(archive), key=lambda snapshot: snapshot.region):
        keys = RegionKeys(region, layout)
        for page in _in_pages(group):
            await _put(connections, keys, policy, page, report)
            progress(len(page))
    return report


def regions_of(path: Path) -> list[str]:
    """The regions whose snapshots a file holds. Raises :class:`BackupError`."""
    return sorted({snapshot.region for snapshot in _snapshots(Archive(path))})


def _snapshots(archive: Archive) -> Iterator[Snapshot]:
    for line in archive.lines():
        if line["kind"] == "snapshot":
            try:
                yield Snapshot.open(str(line.get("payload")), region=line.get("region"), id=line.get("id"))
            except DamagedSnapshotError as error:
                raise BackupError(
                    f"{archive.path}: {line.get('id')}: {error}", next_step="use another copy of it"
                ) from None


def _in_pages(snapshots: Iterator[Snapshot]) -> Iterator[list[Snapshot]]:
    page: list[Snapshot] = []
    for snapshot in snapshots:
        page.append(snapshot)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


async def _check(
    connections: Connections, layout: KeyLayout, terms: Terms, regions: Sequence[str], *, into_empty: bool
) -> None:
    """Nothing inside the transactions may be refused; and an empty store is empty."""
    keys = [RegionKeys(region, layout) for region in regions]
    held = await connections.ask([("GET", key.terms) for key in keys])
    renewals = {key.terms: renewed(terms, each, key).text for key, each in zip(keys, held, strict=True)}
    sizes = await connections.ask([("ZCARD", key.index) for key in keys])
    taken = [key.region for key, size in zip(keys, sizes, strict=True) if size]
    if into_empty and taken:
        raise BackupError(
            f"the store holds snapshots of {', '.join(taken)}",
            next_step="restore without --into-empty, which only adds",
        )
    await connections.ask([("SET", key, text) for key, text in renewals.items() if text])


async def _put(
    connections: Connections, keys: RegionKeys, policy: Policy, page: Sequence[Snapshot], report: BackupReport
) -> None:
    """One page, in one transaction of commands that change nothing where something is."""
    [[seconds, _]] = await connections.ask([("TIME",)])
    lasts = {it.id: it.generated_at + policy.retention_ms - int(seconds) * 1000 for it in page}
    kept = [snapshot for snapshot in page if lasts[snapshot.id] > 0]
    report.expired += len(page) - len(kept)
    if not kept:
        return
    batch, entries = Batch(), []
    with batch.transaction() as inside:
        for snapshot in kept:
            life = ("PX", lasts[snapshot.id])
            inside.ask("SET", keys.payload(snapshot.id), snapshot.payload, "NX", *life)
            inside.ask("SET", keys.view(snapshot.generated_at), snapshot.id, "NX", *life)
            entries.append(inside.ask("ZADD", keys.index, "NX", snapshot.generated_at, snapshot.id))
    await connections.send_to(keys.index, batch)
    batch.check(keys.region)
    added = sum(int(entry.value) for entry in entries)
    report.written += added
    report.there += len(kept) - added
