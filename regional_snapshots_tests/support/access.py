"""What a user of the server has to be allowed to do, and a run through everything that the project does there."""

from __future__ import annotations

from typing import Any

import redis

from regional_snapshots.model.feeds import keys_of, member_keys_of
from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.records.inputs import RunInputs
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.commits import fresh
from regional_snapshots_tests.support.drift import EVERYTHING, healthy
from regional_snapshots_tests.support.news import news
from regional_snapshots_tests.support.oracle import violations

WRITTEN = ("~snapshot:*", "~dedup:*")
"""Key patterns of what the project writes, in the layout ``tagged``."""
READ = tuple(
    f"%R~{family}:*"
    for family in (
        "risk", "forecast", "supply_chain", "intelligence", "relay", "economic", "energy", "aviation", "military",
        "resilience", "seed-meta",
    )
)  # fmt: skip
"""Key patterns of the feeds."""
COMMANDS = (
    "+get", "+mget", "+getrange", "+strlen", "+exists", "+type", "+pttl", "+zcard", "+zscore", "+zrevrange",
    "+zrangebyscore", "+zrevrangebyscore", "+scan", "+time", "+info", "+watch", "+unwatch", "+multi", "+exec",
    "+set", "+del", "+zadd", "+zrem", "+zremrangebyscore", "+pexpire", "+pexpireat", "+rename",
    "+xadd", "+xrange", "+xrevrange", "+xread", "+hgetall", "+hset", "+hdel",
)  # fmt: skip
"""Commands; ``+select`` comes on top where the URL names a database other than 0."""
ACL_WORDS = (*WRITTEN, *READ, *COMMANDS)

REGIONS = ("latam", "mena")


def allow(client: redis.Redis, words: tuple[str, ...]) -> None:
    """Make the user ``writer`` with the password ``s3cret`` and these permissions only."""
    client.execute_command("ACL", "SETUSER", "writer", "reset", "on", ">s3cret", *words)


def troubles(url: str, client: redis.Redis) -> list[Any]:
    """Do everything at ``url``: inspect, read, commit, publish, reconcile every damage. Answers what failed first.

    ``client`` may do anything; it prepares the server and judges it afterwards.
    """
    client.flushall()
    found: list[Any] = []
    with SnapshotStore(url) as store:
        for step in (_refresh, _read, _reconcile):
            try:
                found = step(store, client)
            except StoreError as error:
                return [error]
            if found:
                return found
    return found


def _refresh(store: SnapshotStore, client: redis.Redis) -> list[Any]:
    inputs = store.read_inputs((*keys_of("either"), *member_keys_of("either")), REGIONS)
    earlier, made = ([fresh(client, region=region, back=back) for region in REGIONS] for back in (28, 0))
    told = {each.id: news(each, "trigger_activated", "regime_shift") for each in earlier}
    store.keep(RunInputs.of({"a": b"document"}, {}, REGIONS), earlier[0].generated_at)
    answers = store.commit_all(earlier, news=told)
    answers += store.commit_all(made, news={each.id: news(each) for each in made})  # the cool-down is over
    now_ms = made[0].generated_at
    store.publish_summary({each.region: each for each in made}, REGIONS, now_ms)
    store.latest_set()
    return [*inputs.warnings, *(answer for answer in answers if isinstance(answer, StoreError))]


def _read(store: SnapshotStore, client: redis.Redis) -> list[Any]:
    newest = store.latest("latam")
    store.get("latam", newest.id)
    store.as_of("latam", newest.generated_at)
    store.history("latam")
    followed = store.follow(["latam"], since_ms=0)
    next(followed)
    followed.close()
    found = (read(["latam"])["latam"] for read in (store.series, store.regimes, store.events))
    return [problem for problem in found if isinstance(problem, StoreError)]


def _reconcile(store: SnapshotStore, client: redis.Redis) -> list[Any]:
    """Each damage in a region of its own, all mended at once."""
    path = client.connection_pool.connection_kwargs["path"]
    regions = {f"damage-{number}": damage for number, damage in enumerate(EVERYTHING.values())}
    with SnapshotStore(f"unix://harness:any@{path}") as unlimited:
        for region, damage in regions.items():
            scene = healthy(unlimited, client, region)
            damage.does(scene, scene.snapshots[1])
    report = store.reconcile(regions, deep=True, fix_types=True, news=True)
    left = [*report.left, *report.errors.values()]
    return left or [problem for region in regions for problem in violations(client, "tagged", region)]
