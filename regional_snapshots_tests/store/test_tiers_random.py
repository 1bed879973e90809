"""Any history in tiers, beside a plain model of what must remain: commits early and late, twins, changes of regime,
pins, a list that is lost, reconciliations, days that pass."""

from __future__ import annotations

import itertools
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from regional_snapshots.store.commit import Policy
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots.store.tiers.tiers import Tiers
from regional_snapshots_tests.support.clock import CAN_SET_CLOCKS, SettableClock, clocked_server
from regional_snapshots_tests.support.commits import REGION
from regional_snapshots_tests.support.examples import examples
from regional_snapshots_tests.support.oracle import BUCKET_MS, DAY_MS, names_of, violations
from regional_snapshots_tests.support.slow import slow
from regional_snapshots_tests.support.tiers import (
    HOUR_MS,
    MOST,
    ORDINARY,
    SHIFT,
    Timeline,
    entries_of,
    listed,
    overdue,
    seen_before,
)

AGES = ((2 * HOUR_MS, HOUR_MS), (12 * HOUR_MS, 6 * HOUR_MS), (3 * DAY_MS, DAY_MS))
RETENTION_MS = 400 * DAY_MS
POLICY = Policy(retention_ms=RETENTION_MS, tiers=Tiers.parse("2h:1h, 12h:6h, 3d:1d"))
NAMES = names_of("tagged", REGION)
SETTINGS = examples(30, stateful_step_count=18)
BACK = st.one_of(st.integers(0, 8), st.integers(0, 400))
pytestmark = pytest.mark.skipif(not CAN_SET_CLOCKS, reason="needs a C compiler and Linux")


class Histories(RuleBasedStateMachine):
    """One region of a server whose time the rules move."""

    dropped = 0
    """By all histories so far."""

    def __init__(self, timeline, url):
        super().__init__()
        self.timeline, self.client, self.opened = timeline, timeline.client, ExitStack()
        self.store = self.opened.enter_context(SnapshotStore(url, policy=POLICY))

    @initialize()
    def empty(self):
        """Nothing is stored."""
        self.client.flushall()
        self.timeline.begin(60)
        self.number = itertools.count()
        self.entries, self.ordinary, self.listed, self.claims = {}, set(), set(), {}
        self.pin = None
        self.some_in_a_row(12, 3, 1)

    @rule(back=BACK, reason=st.sampled_from([ORDINARY, ORDINARY, ORDINARY, SHIFT]))
    def commit(self, back, reason):
        """A snapshot of so many buckets ago; at times two of one instant."""
        made = self.timeline.made(reason, back=back, number=next(self.number))
        now_ms, held = self.timeline.now_ms, self.held() | {made.id}
        self.store.commit(made, force=True)
        before_ms = seen_before(made.generated_at, AGES)
        self.drop(overdue(self.entries, self.listed, held, now_ms, AGES, before_ms=before_ms)[:MOST])
        self.entries[made.id] = made.generated_at
        self.claims[(reason, made.generated_at // BUCKET_MS)] = made.id, now_ms + BUCKET_MS
        if reason == ORDINARY:
            self.ordinary.add(made.id)
            if made.generated_at > now_ms - AGES[0][0] + BUCKET_MS:
                self.listed.add(made.id)

    @precondition(lambda self: len(self.entries) < 100)  # a commit looks at 128 at most
    @rule(count=st.integers(4, 12), apart=st.integers(1, 5), shifts=st.integers(0, 3))
    def some_in_a_row(self, count, apart, shifts):
        """As a schedule has it, with a change of regime or none."""
        for number in range(count):
            self.timeline.wait(apart * BUCKET_MS)
            self.commit(0, SHIFT if number == shifts else ORDINARY)

    @rule(buckets=st.one_of(st.integers(1, 24), st.integers(1, 400)))
    def time_passes(self, buckets):
        """Nobody writes."""
        self.timeline.wait(buckets * BUCKET_MS)

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def pin_one(self, data):
        """Latest is held at any of them."""
        self.pin = data.draw(st.sampled_from(sorted(self.entries)))
        self.store.run(self.store.pins.pin(REGION, self.pin, None))

    @precondition(lambda self: self.entries and self.pin)
    @rule()
    def unpin(self):
        """And let go again."""
        self.store.run(self.store.pins.unpin(REGION))
        self.pin = None

    @rule()
    def lose_the_list(self):
        """What is not known to be dispensable stays, until it is read."""
        self.client.delete(NAMES.beside["spare"])
        self.listed = set()

    @rule(repair=st.booleans(), deep=st.booleans())
    def reconcile(self, repair, deep):
        """It drops what is past its tier, listed or not, and finds nothing else."""
        now_ms = self.timeline.now_ms
        owners = {owner for owner, until_ms in self.claims.values() if until_ms > now_ms}
        gone = overdue(self.entries, self.ordinary | self.listed, self.held(), now_ms, AGES)
        report = self.store.reconcile([REGION], repair=repair, deep=deep)
        assert not report.errors
        assert report.healthy
        wanted = [name for name in gone if name not in owners or not repair]
        assert [found.kind for found in report.findings] == ["past_its_tier"] * bool(wanted)
        assert not wanted or report.findings[0].detail.startswith(f"{len(wanted)} snapshot")
        if repair:
            self.drop(wanted)
            assert report.states[REGION].snapshots == len(self.entries)

    @invariant()
    def the_store_is_what_the_model_says(self):
        """Index, list, latest, reads as of any instant, and all that the oracle asks."""
        assert entries_of(self.client) == self.entries
        assert listed(self.client) == self.listed
        latest = (self.client.get(NAMES.latest) or b"").decode()
        assert latest == (self.pin or max(self.entries, default=""))
        for instant in sorted(self.entries.values())[::3]:
            kept = max(name for name, at in self.entries.items() if at <= instant + 1)
            assert self.store.as_of(REGION, instant + 1).id == kept
        assert violations(self.client, "tagged", REGION, retention_ms=RETENTION_MS) == []

    def held(self):
        """What must not go: head, latest, and a pin."""
        return {name for name in (max(self.entries, default=None), self.pin) if name}

    def drop(self, names):
        Histories.dropped += len(names)
        for name in names:
            del self.entries[name]
            self.ordinary.discard(name)
            self.listed.discard(name)

    def teardown(self):
        """End the store."""
        self.opened.close()


@slow
@pytest.mark.hypothesis
def test_of_any_history_what_remains_is_what_the_tiers_say():
    with tempfile.TemporaryDirectory() as directory:
        clock = SettableClock(Path(directory))
        with clocked_server(clock) as server, server.client() as client:
            timeline = Timeline(clock, client)
            run_state_machine_as_test(lambda: Histories(timeline, server.url), settings=SETTINGS)
    assert Histories.dropped > 500, "these histories try nothing"
