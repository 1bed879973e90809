"""A scored snapshot becomes a published one: its reason and regime say what happened, and its news go with it.

``compute`` shows what a method finds; what is published passes through here, whatever the method. Pure, so that a
published snapshot can be computed again to the byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from regional_snapshots.model.document.words import UNCHANGED
from regional_snapshots.model.events import Event
from regional_snapshots.model.news import News, shift_of
from regional_snapshots.model.series import SeriesRow, row_of
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.scoring.diff import trigger_reason
from regional_snapshots.scoring.happenings.facts import Facts, Relabel, facts_since, first_facts
from regional_snapshots.scoring.happenings.falls import Past
from regional_snapshots.scoring.happenings.gaps import gaps_now
from regional_snapshots.scoring.happenings.telling import Narrator
from regional_snapshots.scoring.happenings.told import Telling, Told, activations
from regional_snapshots.scoring.happenings.view import View, view_of

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Happening:
    """What is published of a region: the snapshot, the changes that are facts, and the news that go with them.

    ``note`` is for the operator, and mostly empty."""

    snapshot: Snapshot
    changes: Mapping[str, Any]
    news: News
    note: str = ""


def happening(
    snapshot: Snapshot,
    changes: Mapping[str, Any],
    previous: Document | None,
    rows: Sequence[SeriesRow],
    scores: Mapping[str, float],
    relabel: Relabel | None = None,
) -> Happening:
    """What came about with a snapshot as its method scored it. Never raises for what ``previous`` holds.

    ``changes``: as the method lists them; ``previous``: the document that was compared with, or None; ``rows``: of the
    region's series, of earlier buckets, oldest first; ``scores``: of its key countries; ``relabel``: the method's rule
    for the regime, where it can be asked what would be otherwise.
    """
    before, now = view_of(previous) if previous is not None else None, view_of(snapshot.document)
    gaps = gaps_now(before, now)
    past = Past([row for row in rows if row.method == now.method], gaps)
    facts = facts_since(before, now, changes, past, relabel) if before else first_facts(changes)
    published = Snapshot.seal(_published(snapshot.document, facts, before, now, gaps))
    events = Narrator(snapshot.region, published.id, now, before).tell(facts)
    news = News(
        what=what_of(published.reason, facts.changes, events),
        events=events,
        shift=shift_of(published.document, previous),
        row=row_of(published.document, scores),
    )
    return Happening(published, facts.changes, news)


def with_narrative(made: Happening, narrative: Mapping[str, Any], provider: str, model: str) -> Happening:
    """The same with a text, sealed anew: what happened, and what the claim says of it, stays what it was.

    A text that the document cannot hold is left out.
    """
    document = made.snapshot.document
    meta = {**document["meta"], "narrative_provider": provider, "narrative_model": model}
    told = Snapshot.seal({**document, "meta": meta, "narrative": dict(narrative)})
    if told.problems and not made.snapshot.problems:
        return made
    news = made.news
    renamed = replace(
        news,
        events=tuple(replace(event, snapshot_id=told.id) for event in news.events),
        shift=replace(news.shift, snapshot_id=told.id) if news.shift else None,
        row=replace(news.row, snapshot_id=told.id) if news.row else None,
    )
    return replace(made, snapshot=told, news=renamed)


def what_of(reason: str, changes: Mapping[str, Any], events: Sequence[Event]) -> str:
    """What the claim says: the reason, and a digest of the things that it names; the plain reason when it names none.

    A snapshot without a reason of its own may still bring news, such as a feed that was lost: then these are named.
    """
    named = {
        "regime_shift": [changes["regime_changed"]],
        "trigger_activation": [item["id"] for item in changes["trigger_activations"]],
        "corridor_break": [item["corridor_id"] for item in changes["corridor_breaks"]],
        "leverage_shift": [item["actor_id"] for item in changes["leverage_shifts"]],
    }
    things: list[Any] = [event.quiet_key for event in events] if reason == UNCHANGED else named.get(reason, [])
    if not things:
        return reason
    canonical = json.dumps(sorted(things, key=str), sort_keys=True)
    return f"{reason}-{hashlib.sha256(canonical.encode()).hexdigest()[:12]}"


def _published(
    document: Document, facts: Facts, before: View | None, now: View, gaps: Mapping[str, Any]
) -> dict[str, Any]:
    """The document with its true reason, its regime and triggers since when they are told, and its gaps."""
    reason = trigger_reason(facts.changes)
    meta = {**document["meta"], "trigger_reason": reason}
    if gaps:
        meta["gaps"] = dict(gaps)
    if facts.told is None or before is None:
        driver = reason if facts.changes["regime_changed"] else ""
        return {**document, "meta": meta, "regime": {**document["regime"], "transition_driver": driver}}
    told_before = Told.by(before)
    regime = _regime(document["regime"], facts.told, told_before, before, now, reason)
    as_told = regime if facts.told.shift or now.label == told_before.label else told_before.regime
    told = Told(as_told, facts.told.active, told_before.unknown)
    if not told.agrees_with(now):
        meta["told"] = told.document()
    since = {**activations(before), **told.active}
    triggers = document["triggers"]
    active = [{**entry, "activated_at": since.get(entry["id"]) or now.at} for entry in triggers["active"]]
    return {**document, "meta": meta, "regime": regime, "triggers": {**triggers, "active": active}}


def _regime(block: Document, news: Telling, told: Told, before: View, now: View, reason: str) -> dict[str, Any]:
    """The regime, what was before it, since when and why: never refreshed by a snapshot that changed nothing."""
    stays = now.label == before.label
    if news.shift:
        began = block["transitioned_at"] if stays else now.at
        return {**block, "previous_label": told.label, "transitioned_at": began, "transition_driver": reason}
    if now.label == told.label and not stays:  # what was lost is back, and all is as it had been told
        return {**block, **{name: told.regime.get(name, empty) for name, empty in _SINCE.items()}}
    if stays:
        return {**block, "previous_label": before.regime.get("previous_label", "")}
    return {**block, "previous_label": before.label, "transitioned_at": now.at, "transition_driver": ""}


_SINCE = {"previous_label": "", "transitioned_at": 0, "transition_driver": ""}
"""What a regime carries on while it stays, and what stands there when nothing is known."""
