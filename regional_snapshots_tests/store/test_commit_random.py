"""Commits of several writers, faults, clock steps, expiries and prunes in any order, beside a model in plain Python.

The model is a dictionary of what was committed and when. After every step the store must hold exactly that: nothing
lost, nothing twice, nothing that nobody committed, latest at the head, and every caller told what the model says.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.errors import OutcomeUnknownError, ServerRefusedError, StoreError, UnreachableError
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import REGION, Started, executions, fresh
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.examples import examples
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.oracle import BUCKET_MS, names_of, violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server_faults import out_of_memory, read_only

REASONS = ("regime_shift", "corridor_break")
BUCKETS, INSTANTS_MS = st.integers(0, 4), st.integers(0, 2)
WRITERS, CONTENTS = st.integers(0, 2), st.integers(0, 1)
CUTS = (Break.BEFORE_REQUEST, Break.WITHIN_REQUEST, Break.BEFORE_REPLY, Break.WITHIN_REPLY, Break.AFTER_REPLY)
RETENTION_MS = 8 * BUCKET_MS
SETTINGS = examples(25, stateful_step_count=15)


class Commits(RuleBasedStateMachine):
    """One region, three writers through one proxy each."""

    def __init__(self, server):
        super().__init__()
        self.server, self.client, self.opened = server, server.client(), ExitStack()
        self.proxies = [self.opened.enter_context(Proxy(server.url)) for _ in range(3)]
        policy = Policy(retention_ms=RETENTION_MS, attempts=6)
        self.stores = [
            self.opened.enter_context(SnapshotStore(proxy.url, policy=policy, timeout_s=2.0)) for proxy in self.proxies
        ]

    @initialize()
    def empty(self):
        """Nothing is stored, nothing is claimed, and the bucket's border is far enough."""
        self.client.flushall()
        self.client.config_resetstat()
        self.stored, self.claims, self.latest, self.executed = {}, {}, "", 0
        self.present = fresh(self.client).generated_at

    @rule(who=WRITERS, back=BUCKETS, plus_ms=INSTANTS_MS, reason=st.sampled_from(REASONS), content=CONTENTS)
    def commit(self, who, back, plus_ms, reason, content):
        """No fault at all."""
        made = self.made(back, plus_ms, reason, content)
        answer = Started(lambda: self.stores[who].commit(made)).answer()
        self.check(made, answer)

    @rule(who=WRITERS, back=BUCKETS, content=CONTENTS)
    def force(self, who, back, content):
        """A writer that does not mind the claim."""
        made = self.made(back, 0, REASONS[0], content)
        self.check(made, Started(lambda: self.stores[who].commit(made, force=True)).answer(), force=True)

    @rule(
        who=WRITERS, back=BUCKETS, content=CONTENTS, where=st.sampled_from(CUTS), number=st.integers(1, 30),
        times=st.sampled_from([1, 2, None]),
    )  # fmt: skip
    def commit_over_a_broken_link(self, who, back, content, where, number, times):
        """The link breaks around one request, around two, or for good from that one on."""
        made, proxy = self.made(back, 1, REASONS[0], content), self.proxies[who]
        first = len(proxy.requests) + number
        proxy.arm(where, lambda request: request.number >= first, times=times)
        answer = Started(lambda: self.stores[who].commit(made)).answer()
        proxy.reset()
        self.check(made, answer)

    @rule(older=BUCKETS, newer=BUCKETS, reason=st.sampled_from(REASONS), other=st.sampled_from(REASONS))
    def overtake(self, older, newer, reason, other):
        """One writer is held back before its EXEC while another commits."""
        slow, quick = self.made(older, 0, reason, 0), self.made(newer, 1, other, 1)
        held = self.proxies[0].arm(Break.HOLD_REQUEST, "EXEC")
        commit = Started(lambda: self.stores[0].commit(slow))
        if self.would_write(slow):
            held.wait()
            self.check(quick, Started(lambda: self.stores[1].commit(quick)).answer())
        self.proxies[0].reset()
        self.check(slow, commit.answer())

    @rule(who=WRITERS, back=BUCKETS, content=CONTENTS, state=st.sampled_from([out_of_memory, read_only]))
    def commit_to_a_server_that_refuses(self, who, back, content, state):
        """It refuses, or had nothing to write; nothing changes."""
        made = self.made(back, 2, REASONS[1], content)
        writes = self.would_write(made)
        with state(self.server):
            answer = Started(lambda: self.stores[who].commit(made)).answer()
        if writes:
            assert isinstance(answer, ServerRefusedError)
        else:
            self.check(made, answer)

    @rule(back=BUCKETS, reason=st.sampled_from(REASONS))
    def expire_a_claim(self, back, reason):
        """Fifteen minutes pass for one bucket."""
        bucket = self.present // BUCKET_MS - back
        self.client.delete(f"{names_of('tagged', REGION).claims}{reason}:{bucket}")
        self.claims.pop((reason, bucket), None)

    @rule(who=WRITERS)
    def connections_are_cut(self, who):
        """While nothing is under way."""
        self.proxies[who].cut_all()

    @rule()
    def reconcile(self):
        """It finds nothing to mend."""
        assert self.stores[0].reconcile([REGION], deep=True).findings == ()

    @invariant()
    def the_store_is_what_the_model_says(self):
        """Contents, latest, claims, executions, and all that the oracle asks."""
        names = names_of("tagged", REGION)
        entries = self.client.zrange(names.index, 0, -1, withscores=True)
        index = {identity.decode(): int(score) for identity, score in entries}
        assert index == {identity: made.generated_at for identity, made in self.stored.items()}
        assert all(self.client.get(names.payloads + identity) == made.payload for identity, made in self.stored.items())
        claimed = [*self.client.scan_iter(names.claims + "*")]
        claims = {key.decode().removeprefix(names.claims): self.client.get(key).decode() for key in claimed}
        assert claims == {f"{reason}:{bucket}": owner for (reason, bucket), owner in self.claims.items()}
        latest = (self.client.get(names.latest) or b"").decode()
        assert latest == max(self.stored, default="")
        assert latest >= self.latest, "latest moved back"
        self.latest = latest
        assert executions(self.client) == self.executed
        assert violations(self.client, "tagged", REGION, retention_ms=RETENTION_MS) == []

    def made(self, back, plus_ms, reason, content):
        return snapshot(REGION, self.present - back * BUCKET_MS + plus_ms, reason=reason, content=content)

    def claim_of(self, made):
        return made.reason, made.generated_at // BUCKET_MS

    def would_write(self, made, force=False):
        """Whether a commit of this snapshot changes anything."""
        return made.id not in self.stored and (force or self.claim_of(made) not in self.claims)

    def check(self, made, answer, force=False):
        """The answer is the model's, and the model follows what was done."""
        if isinstance(answer, StoreError):
            self.check_error(made, answer)
            return
        if not self.would_write(made, force):
            owner = made.id if made.id in self.stored else self.claims[self.claim_of(made)]
            expected = Outcome.COMMITTED if owner == made.id else Outcome.DUPLICATE
            assert (answer.outcome, answer.owner) == (expected, owner)
            return
        expected = Outcome.LATE if made.id < max(self.stored, default="") else Outcome.COMMITTED
        assert (answer.outcome, answer.owner) == (expected, made.id)
        self.write(made)

    def check_error(self, made, error):
        """Only a broken link may end in an error; only one in doubt may have written."""
        landed = executions(self.client) - self.executed
        assert isinstance(error, OutcomeUnknownError) or (isinstance(error, UnreachableError) and not landed)
        assert landed in ((0, 1) if self.would_write(made) else (0,))
        if landed:
            self.write(made)

    def write(self, made):
        self.stored[made.id] = made
        self.claims[self.claim_of(made)] = made.id
        self.executed += 1

    def teardown(self):
        """End proxies and stores."""
        self.opened.close()
        self.client.close()


@pytest.mark.hypothesis
def test_any_interleaving_of_commits_and_faults_leaves_what_the_model_says(server):
    run_state_machine_as_test(lambda: Commits(server), settings=SETTINGS)
