"""A soak: many commits by several writers under random faults, and a count of every promise that was broken.

``python -m regional_snapshots_tests.support.soak --commits 10000 --seed 1 [--server PATH] [--layout worldmonitor]``

It works in rounds. In each, writers race for the buckets of fresh regions, while the proxy breaks connections and the
server is killed, paused, starved, made read-only or loses a permission; somebody pins regions and lets them go. Then
the faults end, what is unknown or stored in part is tried once more, and the round is judged by three witnesses: the
oracle (the state), the writers' ledger (what callers were told) and the append-only log (what the server executed).
The same seed draws the same faults.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from regional_snapshots.model.news import News
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.commit import Commit, Outcome, Policy
from regional_snapshots.store.errors import OutcomeUnknownError, PartialCommitError, StoreError
from regional_snapshots.store.keys import LAYOUTS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support import executed, server_faults
from regional_snapshots_tests.support.documents import snapshot
from regional_snapshots_tests.support.faults import Break
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.oracle import REASONS, names_of, violations
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.witness import Brought, contradictions

WRITERS, REGIONS, ATTEMPTS = 4, 25, 8
"""Of each round: stores that write at once, regions, and snapshots for each region."""
PINS, MOMENT_MS = 60, 200
"""Of each round: how often somebody pins a region or lets it go; the longest of the short pins."""
RATES = {
    Break.BEFORE_REQUEST: 0.002,
    Break.WITHIN_REQUEST: 0.002,
    Break.BEFORE_REPLY: 0.004,
    Break.WITHIN_REPLY: 0.002,
    Break.AFTER_REPLY: 0.002,
    Break.HOLD_REQUEST: 0.002,
    Break.HOLD_REPLY: 0.002,
}
"""Probability per request; a commit has 19 of them."""
DURABLE = {"appendonly": "yes", "appendfsync": "always", "auto-aof-rewrite-percentage": 0}
PROMISES = (
    "false duplicates", "double executions", "moves of latest that no commit and no pin explain", "untrue answers",
    "oracle violations",
    "news lost, told twice or without a snapshot",
)  # fmt: skip
KINDS = ("data_loss", "trigger_activated", "corridor_break", "axis_anomaly", "buffer_failure")
"""What snapshots bring beside a row and, some of them, a shift."""


@contextmanager
def killed(server: RedisServer) -> Iterator[None]:
    """The server is killed with -9, and comes back over its data."""
    server.kill()
    yield
    server.start()


@contextmanager
def paused(server: RedisServer) -> Iterator[None]:
    """The server process is stopped, and resumed."""
    server.pause()
    yield
    server.resume()


FAULTS: dict[str, Callable] = {
    "server killed -9": killed,
    "server paused": paused,
    "out of memory": server_faults.out_of_memory,
    "read-only replica": server_faults.read_only,
    "permission revoked": lambda server: server_faults.without_permission(server, "-zadd"),
    "none": lambda server: ExitStack(),
}


class Soak:
    """One soak; ``promises`` counts what was broken, ``outcomes`` and ``faults`` what happened."""

    def __init__(self, seed: int, binary: Path | None, layout: str = "tagged") -> None:
        self.layout = layout
        self.draw = random.Random(seed)  # noqa: S311 - to be replayed, not to be secret
        self.outcomes: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.promises: Counter[str] = Counter()
        self.details: list[str] = []
        self._open = ExitStack()
        self.server = self._open.enter_context(RedisServer(DURABLE, binary=binary))
        self.proxy = self._open.enter_context(Proxy(self.server.url))
        patient = Policy(attempts=40, patience_s=6.0)
        self.writers = [
            self._open.enter_context(
                SnapshotStore(self.proxy.url, layout=layout, limit=16, timeout_s=0.4, policy=patient)
            )
            for _ in range(WRITERS)
        ]
        self.pinner = self._open.enter_context(
            SnapshotStore(self.proxy.url, layout=layout, timeout_s=0.4, policy=patient)
        )
        self.sober = self._open.enter_context(SnapshotStore(self.server.url, layout=layout))

    def close(self) -> None:
        """End everything."""
        self._open.close()

    def round(self, number: int) -> int:
        """One round; returns the number of commits that were tried."""
        log_start = self.server.append_only_log.stat().st_size
        snapshots = self._snapshots(number)
        self.news = {one.id: self._news(one) for one in snapshots}
        self.proxy.reset()
        self.proxy.chaos(self.draw.getrandbits(32), RATES, hold_s=0.05)
        told: dict[Snapshot, Commit | StoreError] = {}

        def write(store: SnapshotStore, mine: list[Snapshot]) -> None:
            told.update(zip(mine, store.commit_all(mine, news=self.news), strict=True))

        threads = [
            threading.Thread(target=write, args=(store, snapshots[n::WRITERS])) for n, store in enumerate(self.writers)
        ]
        threads.append(threading.Thread(target=self._pin, args=(snapshots, random.Random(self.draw.getrandbits(32)))))  # noqa: S311
        for thread in threads:
            thread.start()
        self._strike()
        for thread in threads:
            thread.join()
        self.faults.update(where.name.lower().replace("_", " ") for where, _ in self.proxy.struck)
        self.proxy.reset()
        self._judge(told, log_start)
        with self.server.client() as client:
            client.flushall()
        return len(snapshots)

    def _snapshots(self, number: int) -> list[Snapshot]:
        now_ms = time.time_ns() // 1_000_000
        made = [
            snapshot(
                f"r{number}-{n % REGIONS}", now_ms - self.draw.randrange(5000), reason=self.draw.choice(REASONS), n=n
            )
            for n in range(REGIONS * ATTEMPTS)
        ]
        self.draw.shuffle(made)
        return made

    def _news(self, one: Snapshot) -> News:
        """Two events of few kinds and subjects, so that repeats meet; a shift in some; a claim of its own in others."""
        kinds = self.draw.sample(KINDS, self.draw.randrange(3))
        shift = ["regime_shift"] if one.reason == "regime_shift" else []
        what = f"{one.reason}-{self.draw.randrange(3)}" if self.draw.random() < 0.5 else ""
        severity = self.draw.choice(("medium", "high"))
        return news(one, *kinds, *shift, what=what, severity=severity, subject=f"s{self.draw.randrange(2)}")

    def _pin(self, snapshots: Sequence[Snapshot], draw: random.Random) -> None:
        """Somebody holds regions at a snapshot, for ever or for a moment, and lets some go, while all this happens."""
        moment = threading.Event()
        for _ in range(PINS):
            moment.wait(draw.uniform(0, 0.004))
            one, pins = draw.choice(snapshots), self.pinner.pins
            for_ms = draw.choice((None, 3_600_000, draw.randrange(20, MOMENT_MS)))
            letting_go = draw.random() < 0.3
            try:
                self.pinner.run(pins.unpin(one.region) if letting_go else pins.pin(one.region, one.id, for_ms))
            except StoreError as error:
                self.outcomes[f"pin or unpin: {type(error).__name__}"] += 1
            else:
                self.outcomes["unpinned" if letting_go else "pinned"] += 1

    def _strike(self) -> None:
        name = self.draw.choice(list(FAULTS))
        moment = threading.Event()
        moment.wait(self.draw.uniform(0, 0.1))
        with FAULTS[name](self.server):
            moment.wait(self.draw.uniform(0.01, 0.1))
        if name != "none":
            self.faults[name] += 1

    def _judge(self, told: dict[Snapshot, Commit | StoreError], log_start: int) -> None:
        partial = {one.region for one, answer in told.items() if isinstance(answer, PartialCommitError)}
        for one, answer in list(told.items()):
            self.outcomes[answer.outcome.value if isinstance(answer, Commit) else type(answer).__name__] += 1
            if isinstance(answer, OutcomeUnknownError | PartialCommitError):
                told[one] = self.sober.commit(one, news=self.news[one.id])
                was = "unknown" if isinstance(answer, OutcomeUnknownError) else "stored in part"
                self.outcomes[f"{was}, then {told[one].outcome.value}"] += 1
        regions = sorted({one.region for one in told})
        followed = self._judge_log(log_start, regions, partial)
        with self.server.client() as client:
            ended = [region for region in regions if _pin_has_ended(client, followed[region])]
            if ended:  # by itself: the next commit or reconciliation moves latest to the newest
                self.sober.reconcile(ended)
            for region in regions:
                for problem in violations(client, self.layout, region):
                    self._broken("oracle violations", f"{region}: {problem}")
                stored = {m.decode() for m in client.zrange(names_of(self.layout, region).index, 0, -1)}
                self._judge_answers({s: a for s, a in told.items() if s.region == region}, stored)
            brought = {name: Brought.by(given) for name, given in self.news.items()}
            for region in sorted(set(regions) - partial):
                for problem in contradictions(client, self.layout, region, brought, followed[region].moved):
                    self._broken(PROMISES[-1], f"{region}: {problem}")

    def _judge_answers(self, told: dict[Snapshot, Commit | StoreError], stored: set[str]) -> None:
        for one, answer in told.items():
            if not isinstance(answer, Commit):
                continue
            if answer.outcome is Outcome.DUPLICATE and (answer.owner not in stored or answer.owner == one.id):
                self._broken("false duplicates", f"{one.id} told of {answer.owner}")
            if (answer.outcome is not Outcome.DUPLICATE) != (one.id in stored):
                self._broken("untrue answers", f"{one.id} told {answer.outcome.value}")

    def _judge_log(self, start: int, regions: Sequence[str], partial: set[str]) -> dict[str, executed.Region]:
        """The executed commands of this round, as the server wrote them down."""
        with self.server.append_only_log.open("rb") as log:
            log.seek(start)
            followed, problems = executed.follow(log.read(), {each: names_of(self.layout, each) for each in regions})
        for problem in problems:
            self._broken(PROMISES[2], problem)
        for region, seen in followed.items():
            again = region in partial or seen.pin_expired  # repeated after its pin has ended, a commit moves latest
            for name, times in seen.times.items():
                if times > 1 and not again:
                    self._broken("double executions", f"{name} of {region} was executed {times} times")
        return followed

    def _broken(self, promise: str, detail: str) -> None:
        self.promises[promise] += 1
        self.details.append(f"{promise}: {detail}")


def _pin_has_ended(client: redis.Redis, region: executed.Region) -> bool:
    """Whether a pin has run out, of itself; one that is about to is waited for."""
    while 0 <= client.pttl(region.names.pin) < MOMENT_MS:
        threading.Event().wait(0.01)
    return region.pin_expired or (region.pin is not None and not client.exists(region.names.pin))


def main() -> int:
    """Run a soak and print its table; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commits", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layout", choices=sorted(LAYOUTS), default="tagged")
    parser.add_argument("--server", type=Path, help="server program (default: the embedded one)")
    options = parser.parse_args()
    for name in ("asyncio", "regional_snapshots"):  # connections that break, and what is mended, are the point here
        logging.getLogger(name).setLevel(logging.ERROR)
    console = Console(emoji=False, width=None if sys.stdout.isatty() else 100)
    soak, tried, number = Soak(options.seed, options.server, options.layout), 0, 0
    with soak.server.client() as client:
        info = client.info("server")
    try:
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bars:
            bar = bars.add_task("commits", total=options.commits)
            while tried < options.commits:
                done = soak.round(number)
                tried, number = tried + done, number + 1
                bars.advance(bar, done)
    finally:
        soak.close()
    table = Table(
        box=None, pad_edge=False, title=f"soak, layout {options.layout}, seed {options.seed}", title_justify="left"
    )
    table.add_column("what")
    table.add_column("how often", justify="right")
    version = f"{info.get('server_name', 'redis')} {info.get('valkey_version', info['redis_version'])}"
    table.add_row(f"commits tried against {version}", str(tried))
    for name, count in sorted(soak.outcomes.items()):
        table.add_row(f"  answered {name}", str(count))
    for name, count in sorted(soak.faults.items()):
        table.add_row(f"  fault: {name}", str(count))
    for name in PROMISES:
        table.add_row(name, str(soak.promises[name]))
    console.print(table)
    for detail in soak.details[:20]:
        console.print(detail, markup=False)
    broken = sum(soak.promises.values())
    print(f"{tried - broken} passed, {broken} failed")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
