"""Verification: a snapshot is computed once more from what it was made of, and has to come out the same to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regional_snapshots.analysis.library import Library, Name, Run, runs_of
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.methods import METHODS
from regional_snapshots.scoring.run import compute_run
from regional_snapshots.store.errors import StoreError

PROVED, DIFFERS, UNPROVABLE = "PROVED", "DIFFERS", "UNPROVABLE"
"""The same to the byte; not the same; cannot be computed again."""
SHOWN = 8
"""So many differing members are named."""


@dataclass(frozen=True)
class Verdict:
    """What verification says of one snapshot. ``why``: which members differ, or which input is missing or was changed;
    "" when it is proved. ``at`` in ms since 1970, 0 where even that is not known."""

    region: str
    snapshot_id: str
    at: int
    state: str
    why: str = ""


def verify(
    library: Library, names: Sequence[Name], done: Callable[[int], None] = lambda count: None
) -> Iterator[Verdict]:
    """A verdict on each of the snapshots, oldest first; ``done`` hears how many more have one."""
    for run in runs_of(library.snapshots(names)):
        verdicts = [_unread(run)] if isinstance(run, StoreError) else _judged(library, run)
        yield from verdicts
        done(len(verdicts))


def _unread(error: StoreError) -> Verdict:
    identity = error.key.rpartition(":")[2]
    return Verdict(error.region, identity, 0, UNPROVABLE, f"it cannot be read: {error.problem}")


def _judged(library: Library, run: Run) -> list[Verdict]:
    """Verdicts on the snapshots of one run. They may be of several methods: then each computes it anew."""
    verdicts = []
    for name in sorted({_method_of(snapshot) for snapshot in run.snapshots}):
        made = [snapshot for snapshot in run.snapshots if _method_of(snapshot) == name]
        try:
            again = _computed_again(library, run, name)
        except _Unprovable as reason:
            verdicts += [_verdict(snapshot, UNPROVABLE, str(reason)) for snapshot in made]
        else:
            verdicts += [_compared(snapshot, again.get(snapshot.region)) for snapshot in made]
    return verdicts


class _Unprovable(Exception):
    """A run cannot be computed again; the text says why."""


def _computed_again(library: Library, run: Run, method_name: str) -> dict[str, Snapshot]:
    if method_name not in METHODS:
        raise _Unprovable(f"its method is {method_name!r}: this version knows {', '.join(METHODS)}")
    if not run.inputs:
        raise _Unprovable("it names no inputs: another program or an earlier version made it")
    method = METHODS[method_name]
    try:
        manifest = library.manifest(run.inputs)
        feeds = library.feeds(manifest, run.inputs, method, run.now_ms)
        previous = library.previous(manifest)
        series = library.series({*manifest.regions, *manifest.previous})
    except StoreError as error:
        raise _Unprovable(f"{error.key}: {error.problem}") from None
    found = compute_run(method, manifest.regions, feeds, previous, series, run.now_ms)
    return {region: happening.snapshot for region, happening in found.items()}


def _compared(stored: Snapshot, again: Snapshot | None) -> Verdict:
    if again is None:
        return _verdict(stored, DIFFERS, "its manifest does not name its region")
    again = _with_its_text(stored, again)
    if again.id == stored.id and again.payload == stored.payload:
        return _verdict(stored, PROVED, "")
    paths = list(differences(stored.document, again.document))
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    rules = f"scoring {stored.document['meta'].get('scoring_version')}"
    return _verdict(stored, DIFFERS, f"computed again ({rules}), it differs in {', '.join(paths[:SHOWN])}{more}")


def _with_its_text(stored: Snapshot, again: Snapshot) -> Snapshot:
    """What was computed again, with the text as it stands: a model wrote that, and no rule proves it."""
    document, meta = stored.document, stored.document["meta"]
    if not meta.get("narrative_provider"):
        return again
    named = {name: meta.get(name) for name in ("narrative_provider", "narrative_model")}
    sealed = {**again.document["meta"], **named}
    return Snapshot.seal({**again.document, "meta": sealed, "narrative": document.get("narrative")})


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where two documents differ, as paths with both values; the id, which follows from the rest, is left out."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in dict.fromkeys([*one, *other]):
            if f"{path}.{name}" != ".meta.snapshot_id":
                yield from differences(one.get(name), other.get(name), f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from differences(a, b, f"{path}[{at}]")
    elif one != other or type(one) is not type(other):
        yield f"{path.lstrip('.')}: {_brief(one)} is {_brief(other)}"


def _brief(value: Any) -> str:
    if isinstance(value, (list, Mapping)):
        return f"{len(value)} entries"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _method_of(snapshot: Snapshot) -> str:
    found = snapshot.document["meta"].get("method")
    return found if isinstance(found, str) else ""


def _verdict(snapshot: Snapshot, state: str, why: str) -> Verdict:
    return Verdict(snapshot.region, snapshot.id, snapshot.generated_at, state, why)
