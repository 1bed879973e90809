"""Who is involved, and where each number comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from regional_snapshots.model.values import number
from regional_snapshots.report.standing import mappings, part, text
from regional_snapshots.report.story import Story
from regional_snapshots.report.why.section import LARGEST, Fact, Section
from regional_snapshots.report.words import decimals, feed_name, listed, utc, words


def actors(document: Mapping[str, Any]) -> Section:
    """Who has leverage, as the document orders them."""
    said = tuple(map(_actor, mappings(document.get("actors"))))
    return Section("Actors", said[:LARGEST], said[LARGEST:])


def _actor(actor: Mapping[str, Any]) -> Fact:
    leverage, role = decimals(number(actor.get("leverage_score"))), words(text(actor.get("role")))
    return Fact(f"{text(actor.get('name'))}: leverage {leverage} ({role})")


def sources(told: Story) -> Section:
    """Where each number comes from."""
    meta, now = part(told.now.document, "meta"), told.now
    facts = [
        Fact(f"snapshot {now.snapshot_id}, made {utc(now.generated_at)} by method {now.method}"),
        Fact(f"confidence {decimals(now.confidence)}, valid until {utc(number(meta.get('valid_until')) or 0)}"),
    ]
    for says, keys in (("missing", now.missing), ("stale", now.stale)):
        if keys:
            facts.append(Fact(f"{says} feeds: {listed([feed_name(key) for key in keys])}"))
    if now.sample:
        facts.append(Fact("rests on sample feeds: illustrative figures"))
    digest = text(meta.get("inputs"))
    more = [Fact(f"inputs kept under the manifest {digest}")] if digest else []
    return Section("Where it comes from", tuple(facts), (*more, *_evidence(now.document)))


def _evidence(document: Mapping[str, Any]) -> Iterator[Fact]:
    for item in mappings(document.get("evidence")):
        observed = number(item.get("observed_at"))
        said = [words(text(item.get("type"))), text(item.get("source")), utc(observed) if observed else ""]
        yield Fact(f"{text(item.get('id'))}: {text(item.get('summary'))}", (", ".join(filter(None, said)),))
