"""The former script in the small: it writes a store as that one did, and reads one knowing nothing else.

Source: the pipeline specification, sections 17 and 22, with its corrections. Nothing here uses our own store.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import redis

from regional_snapshots_tests.support.documents import document

LIFE_S = 7_776_000
CLAIM_S = 900
LEAD_MS = 208
"""By how much an id is older than the snapshot it names."""
OUR_OWN = ("seal", "method", "previous_id", "inputs", "sample")
"""Members of ``meta`` that the script does not write."""


def unsealed(
    region: str, generated_at: int, *, lead_ms: int = LEAD_MS, label: str = "calm", **options: Any
) -> dict[str, Any]:
    """A document as the script makes it: an id of random digits, made a little before the snapshot."""
    made = document(region, generated_at, **options)
    meta = {name: value for name, value in made["meta"].items() if name not in OUR_OWN}
    digits = random.Random(f"{region}{generated_at}").getrandbits(48)  # noqa: S311 - no secret
    meta |= {"snapshot_id": f"{generated_at - lead_ms:012x}-{digits:012x}", "valid_until": generated_at - 20}
    return {**made, "meta": meta, "regime": {**made["regime"], "label": label}}


def write(client: redis.Redis | redis.client.Pipeline, made: dict[str, Any], *, now_ms: int) -> None:
    """What the script does to persist a document, but for the claim; ``now_ms`` is when."""
    region, instant, identity = made["region_id"], made["generated_at"], made["meta"]["snapshot_id"]
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    spot, at_ms = f"intelligence:snapshot:v1:{region}", now_ms + LIFE_S * 1000
    index = f"intelligence:snapshot-index:v1:{region}"
    client.set(f"{spot}:{instant}", text, pxat=at_ms)
    client.set(f"intelligence:snapshot-by-id:v1:{identity}", text, pxat=at_ms)
    client.set(f"{spot}:latest", identity, pxat=at_ms)
    client.zadd(index, {identity: instant})
    client.zremrangebyscore(index, "-inf", f"({now_ms - LIFE_S * 1000}")
    client.delete(f"{spot}:live")


def claim(client: redis.Redis, made: dict[str, Any]) -> bool:
    """Whether the script, asked to persist this document, would get its bucket."""
    bucket = made["generated_at"] // (CLAIM_S * 1000)
    key = f"dedup:snapshot:v1:{made['region_id']}:{made['meta']['trigger_reason']}:{bucket}"
    return bool(client.set(key, made["meta"]["snapshot_id"], ex=CLAIM_S, nx=True))


def fill(
    client: redis.Redis, regions: Sequence[str], count: int, *, apart_ms: int, newest_ms: int, **options: Any
) -> None:
    """``count`` snapshots of each region, so far apart, each with what is left of its 90 days."""
    for region in regions:
        with client.pipeline(transaction=False) as pipe:
            for back in reversed(range(count)):
                instant = newest_ms - back * apart_ms
                write(pipe, unsealed(region, instant, **options), now_ms=instant + 300)
            pipe.execute()


def read(client: redis.Redis, region: str) -> dict[str, Any]:
    """The region's snapshot, for a reader that knows the script's two keys; ``{}`` where anything is missing."""
    identity = client.get(f"intelligence:snapshot:v1:{region}:latest")
    raw = client.get(f"intelligence:snapshot-by-id:v1:{(identity or b'').decode()}")
    return json.loads(raw) if raw else {}
