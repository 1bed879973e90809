"""Commits per second of one process, against redis-py, against the loops one would write, and against bare sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks import rivals
from benchmarks.documents import snapshots
from benchmarks.measure import Figure, Tick, figure, quotients, take_turns, timed
from regional_snapshots.model.news import News
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.commit import Commit, Outcome
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.server import RedisServer

TOLD: dict[str, tuple[str, ...]] = {
    "with the row of a quiet refresh / without": (),
    "with the row and two events / without": ("data_loss", "trigger_activated"),
}
"""Ours with news beside ours without -> the events that each snapshot brings, beside its row."""

GROUP = "commits per second"
CONNECTIONS = 32
TARGETS = {
    "redis-py sending our packed commands, no logic": ">= 0.8",
    "plain loop, pipeline(transaction=True)": ">= 1",
    "plain loop, one command after another": "",
    "the same transactions from 32 threads": "",
    "bare sockets, bytes encoded before": "",
}


def throughput(quick: bool, tick: Tick) -> Iterator[Figure]:
    """Ours against each rival, 15 KB payloads."""
    count, rounds = (64, 2) if quick else (640, 21)
    with RedisServer() as server, SnapshotStore(server.url, limit=CONNECTIONS) as store, server.client() as client:

        def fresh(prepare: Callable, run: Callable) -> Callable[[], float]:
            def measure() -> float:
                client.flushall()
                prepared = prepare(snapshots(count))
                return timed(lambda: run(prepared))

            return measure

        names = iter(TARGETS)
        results = take_turns(
            {
                "ours": fresh(list, lambda made: commit(store, made)),
                next(names): fresh(
                    _exchanges, lambda made: asyncio.run(rivals.redis_py(server.url, made, CONNECTIONS))
                ),
                next(names): fresh(list, lambda made: rivals.transactions(client, made)),
                next(names): fresh(list, lambda made: rivals.one_after_another(client, made)),
                next(names): fresh(list, lambda made: rivals.threads(client, made, CONNECTIONS)),
                next(names): fresh(_encoded, lambda made: rivals.bare(server.socket_path, made, CONNECTIONS)),
                **{what: fresh(list, _telling(store, kinds)) for what, kinds in TOLD.items()},
            },
            rounds,
            tick,
        )
    yield figure(GROUP, "ours", "per second", [count / seconds for seconds in results["ours"]])
    for name, target in TARGETS.items():
        yield figure(GROUP, f"ours / {name}", "ratio", quotients(results[name], results["ours"]), target)
    for name in TOLD:
        yield figure(GROUP, f"ours {name}", "ratio", quotients(results["ours"], results[name]))


def _telling(store: SnapshotStore, kinds: Sequence[str]) -> Callable[[Sequence[Snapshot]], None]:
    def tell(made: Sequence[Snapshot]) -> None:
        commit(store, made, {each.id: news(each, *kinds) for each in made})

    return tell


def commit(store: SnapshotStore, made: Sequence[Snapshot], told: Mapping[str, News] | None = None) -> None:
    """Commit all, and be sure of it. Forced: the same regions are written many times in one bucket."""
    answers = store.commit_all(made, news=told, force=True)
    wrong = [answer for answer in answers if not isinstance(answer, Commit) or answer.outcome != Outcome.COMMITTED]
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(answers)} were not committed, first: {wrong[0]}")


def _exchanges(made: Sequence[Snapshot]) -> list[rivals.Exchanges]:
    return [rivals.exchanges(snapshot) for snapshot in made]


def _encoded(made: Sequence[Snapshot]) -> list:
    return rivals.encoded(_exchanges(made))
