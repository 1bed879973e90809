"""Rescoring: what another method would have said, from the inputs that were kept. Nothing is written to the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from regional_snapshots.analysis.library import Library, Name, Run, runs_of
from regional_snapshots.analysis.memory import Memory
from regional_snapshots.model.snapshot import AXES, Snapshot
from regional_snapshots.scoring.happenings.happening import Happening
from regional_snapshots.scoring.methods import Method
from regional_snapshots.scoring.run import compute_run
from regional_snapshots.store.errors import DamagedInputError, StoreError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "time",
    "region",
    "snapshot_id",
    "method",
    "stored_method",
    "regime",
    "stored_regime",
    "confidence",
    "net_balance",
    "stored_net_balance",
    *AXES,
    *(f"coverage:{axis}" for axis in AXES),
    "active_triggers",
    "events",
    "problem",
)
"""``time`` is UTC; ``snapshot_id`` is the stored snapshot's; axes 0 to 1, coverage too where the method has one;
``active_triggers`` and ``events`` are texts, their entries parted by blanks; ``problem`` "" when all is well."""


class Rescoring:
    """Runs computed again, one after another, by one method: each compares with what the method said before, never
    with what is stored."""

    def __init__(self, library: Library, method: Method) -> None:
        self._library, self._method, self._memory = library, method, Memory()

    def rows(self, names: Sequence[Name], done: Callable[[int], None] = lambda count: None) -> Iterator[dict[str, Any]]:
        """One row a snapshot, oldest first: see :data:`COLUMNS`. ``done`` hears how many more were dealt with."""
        for run in runs_of(self._library.snapshots(names)):
            rows = [_unread(run)] if isinstance(run, StoreError) else list(self._of_run(run))
            yield from rows
            done(len(rows))

    def _of_run(self, run: Run) -> Iterator[dict[str, Any]]:
        problem, again = "", dict[str, Happening]()
        try:
            again = self._computed(run)
        except StoreError as error:
            problem = f"{error.key}: {error.problem}"
        for stored in run.snapshots:
            happening = again.get(stored.region)
            said = _said(happening) if happening else {"problem": problem or "its run did not name its region"}
            yield {**_stored(stored), "method": self._method.name, **said}

    def _computed(self, run: Run) -> dict[str, Happening]:
        if not run.inputs:
            raise DamagedInputError("it names none: another program or an earlier version made it", key="meta.inputs")
        manifest = self._library.manifest(run.inputs)
        feeds = self._library.feeds(manifest, run.inputs, self._method, run.now_ms)
        memory = self._memory
        found = compute_run(self._method, manifest.regions, feeds, memory.previous, memory.series, run.now_ms)
        memory.add(found)
        return found


def rescored(
    library: Library, method: Method, names: Sequence[Name], done: Callable[[int], None] = lambda count: None
) -> pd.DataFrame:
    """What the method would have said of each snapshot, as a table of :data:`COLUMNS`."""
    import pandas as pd

    return pd.DataFrame(list(Rescoring(library, method).rows(names, done)), columns=list(COLUMNS))


def _unread(error: StoreError) -> dict[str, Any]:
    return {"region": error.region, "snapshot_id": error.key.rpartition(":")[2], "problem": error.problem}


def _stored(snapshot: Snapshot) -> dict[str, Any]:
    import pandas as pd

    document = snapshot.document
    return {
        "time": pd.Timestamp(snapshot.generated_at, unit="ms", tz="UTC"),
        "region": snapshot.region,
        "snapshot_id": snapshot.id,
        "stored_method": document["meta"].get("method", ""),
        "stored_regime": document["regime"].get("label"),
        "stored_net_balance": document["balance"].get("net_balance"),
        "problem": "",
    }


def _said(happening: Happening) -> dict[str, Any]:
    document = happening.snapshot.document
    balance = document["balance"]
    coverage = balance.get("coverage", {})
    return {
        "regime": document["regime"]["label"],
        "confidence": document["meta"]["snapshot_confidence"],
        "net_balance": balance["net_balance"],
        **{axis: balance.get(axis) for axis in AXES},
        **{f"coverage:{axis}": coverage.get(axis) for axis in AXES},
        "active_triggers": " ".join(trigger["id"] for trigger in document["triggers"]["active"]),
        "events": " ".join(f"{event.type}:{event.subject}" for event in happening.news.events),
    }
