"""The sensor ``notify``: tells a webhook of events, of refreshes that failed or withheld, and of overdue regions.

Where it stopped stands in its cursor, and is moved on by each message that was taken: while the receiver is down,
nothing is skipped; when it is back, everything comes in order.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from typing import Any

import dagster as dg

from regional_snapshots.defs.assets.checks import lateness
from regional_snapshots.defs.automation.webhook import NotDeliveredError, post
from regional_snapshots.defs.publishing.resources import Snapshots
from regional_snapshots.defs.tags import is_refresh
from regional_snapshots.model.events import Event
from regional_snapshots.model.news import Delivery
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.report.tidings import tiding_of_region
from regional_snapshots.settings import Settings
from regional_snapshots.store.deliveries import put_on_record
from regional_snapshots.store.errors import StoreError

EVERY_S = 30
PATIENCE_S = 30.0
"""A tick takes no longer; what is left waits for the next one."""
OVERDUE_EVERY_S = 600
RUNS_AT_ONCE = 50
RUNS_REMEMBERED = 200
NAMED = 8
"""Regions, and reasons, that a text names before it counts them."""

log = logging.getLogger(__name__)
Message = dict[str, Any]
Waiting = tuple[Message | None, Callable[[], None]]
"""What to post (None: nothing, it is passed over), and what to note once it was taken."""


@dataclass
class Told:
    """How far the receiver has been told: by region the last entry of its stream, the failed runs since an instant
    (s), the regions that are known to be overdue, and when these were looked for."""

    entries: dict[str, str] = field(default_factory=dict)
    runs_since: float = 0.0
    runs: list[str] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)
    overdue_at: float = 0.0

    @classmethod
    def of(cls, cursor: str | None) -> "Told | None":
        """From a cursor; None where there is none yet, or one that is not ours."""
        try:
            return cls(**json.loads(cursor)) if cursor else None
        except (ValueError, TypeError):
            return None

    def cursor(self) -> str:
        """As the cursor holds it."""
        return json.dumps(asdict(self))


def notify(settings: Settings) -> dg.SensorDefinition:
    """The sensor; it is off unless a webhook is set."""

    @dg.sensor(
        name="notify",
        minimum_interval_seconds=EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.webhook else dg.DefaultSensorStatus.STOPPED,
        description="Tells the webhook of events, failed refreshes and overdue regions.",
    )
    def notify(context: dg.SensorEvaluationContext, snapshots: dg.ResourceParam[Snapshots]) -> dg.SkipReason:
        """Post what is new, in order, until all is told, the receiver fails or the time is over."""
        if not settings.webhook:
            return dg.SkipReason("REGIONAL_SNAPSHOTS_WEBHOOK is not set.")
        told = Told.of(context.cursor)
        try:
            if told is None:
                told = Told(snapshots.store.run(snapshots.store.news.ends(REGION_IDS)), time.time())
                return dg.SkipReason("From now on, the webhook is told.")
            return dg.SkipReason(_tell(context.instance, snapshots, settings, told))
        except StoreError as error:
            return dg.SkipReason(str(error))
        finally:
            if told is not None:
                context.update_cursor(told.cursor())

    return notify


def _tell(instance: dg.DagsterInstance, snapshots: Snapshots, settings: Settings, told: Told) -> str:
    """Post everything that is new; ``told`` moves on with each message that was taken. Returns what came of it."""
    ends, count, record = time.monotonic() + PATIENCE_S, 0, partial(_record, snapshots, settings)
    for message, note in _waiting(instance, snapshots, settings.webhook_severity, told):
        if time.monotonic() > ends:
            break
        try:
            if message:
                post(settings.webhook, message)
                record(message)
                count += 1
        except NotDeliveredError as error:
            record(message or {}, str(error))
            return f"{count} posted, then {error}: what is waiting is posted by a later tick."
        note()
    return f"{count} message{'' if count == 1 else 's'} posted."


def _record(snapshots: Snapshots, settings: Settings, message: Message, problem: str = "") -> None:
    """Put on record that a message was taken, or why not, and that once for as long as it is the same.

    Where nothing can be put on record, the message counts as told all the same: it was.
    """
    event = message.get("event") or {}
    delivery = Delivery(settings.webhook_name, message.get("text", ""), event.get("event_id", ""), problem)
    store = snapshots.store
    try:
        if not problem or [replace(last, at=0) for last in store.deliveries(1)] != [delivery]:
            store.run(put_on_record(store.connections, store.layout, delivery))
    except StoreError as error:
        log.warning("told, and not on record: %s", error)


def _waiting(instance: dg.DagsterInstance, snapshots: Snapshots, severity: str, told: Told) -> Iterator[Waiting]:
    news = snapshots.store.news
    for region, identity, event in snapshots.store.run(news.after(told.entries, REGION_IDS, severity)):
        yield event_message(event) if event else None, partial(told.entries.update, {region: identity})
    yield from _failures(instance, told)
    yield from _overdue(snapshots, told)


def event_message(event: Event) -> Message:
    """An event as the receiver gets it: ``text`` for chat tools, the whole for programs."""
    sample = " (sample)" if event.sample else ""
    return {"text": f"{event.severity}: {tiding_of_region(event)}{sample}", "event": event.document()}


def _failures(instance: dg.DagsterInstance, told: Told) -> Iterator[Waiting]:
    """Refreshes that failed or withheld regions, each once."""
    failed = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE],
        updated_after=datetime.fromtimestamp(told.runs_since - 1, tz=timezone.utc),
    )
    records = instance.get_run_records(failed, limit=RUNS_AT_ONCE, order_by="update_timestamp", ascending=True)
    for record in records:
        run = record.dagster_run
        if run.run_id not in told.runs:
            message = failure_message(instance, run) if is_refresh(run) else None
            yield message, partial(_note_run, told, run.run_id, record.update_timestamp.timestamp())


def _note_run(told: Told, run_id: str, updated_at: float) -> None:
    told.runs = [*told.runs, run_id][-RUNS_REMEMBERED:]
    told.runs_since = max(told.runs_since, updated_at)


def failure_message(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Message:
    """A refresh that failed: which regions, which of them withheld, and why."""
    found: Message = {"run_id": run.run_id, "failed_regions": [], "withheld_regions": [], "reasons": {}}
    words = "the run ended before it could say why"
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        failure = entry.get_dagster_event().step_failure_data.user_failure_data
        if failure:
            words = failure.description or words
            found |= {name: value.value for name, value in failure.metadata.items() if name in found}
    withheld = set(found["failed_regions"]) == set(found["withheld_regions"]) != set()
    kind = "withheld" if withheld else "failed"
    reasons = [line for line in words.splitlines() if line]
    return {"text": f"{kind}: {_shortened(reasons)}", "refresh": found}


def _overdue(snapshots: Snapshots, told: Told) -> Iterator[Waiting]:
    """The regions that have become overdue since they were last looked for, in one message."""
    now = time.time()
    if now - told.overdue_at < OVERDUE_EVERY_S:
        return
    _, overdue = lateness(snapshots.store.latest_all(REGION_IDS), int(now * 1000))
    new = {region: why for region, why in overdue.items() if region not in told.overdue}
    message = {"text": f"overdue: {_shortened(list(new.values()))}", "overdue": new} if new else None
    yield message, partial(_note_overdue, told, sorted(overdue), now)


def _note_overdue(told: Told, regions: list[str], at: float) -> None:
    told.overdue, told.overdue_at = regions, at


def _shortened(lines: list[str]) -> str:
    more = len(lines) - NAMED
    return " ".join([*lines[:NAMED], *([f"… and {more} more"] if more > 0 else [])])
