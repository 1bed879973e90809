"""Do a reconciliation and the store agree on their terms? Otherwise it would judge by rules of its own."""

from __future__ import annotations

from collections.abc import Mapping

from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.keys import KeyLayout, RegionKeys
from regional_snapshots.store.link.connections import Command, Connections
from regional_snapshots.store.reconcile.findings import KINDS, Finding
from regional_snapshots.store.reconcile.judging.plan import shown
from regional_snapshots.store.reconcile.reading.survey import Surveyed
from regional_snapshots.store.terms import Terms, renewed


async def agree(
    connections: Connections, layout: KeyLayout, mine: Terms, surveyed: Mapping[str, Surveyed], *, repair: bool
) -> tuple[list[Finding], dict[str, StoreError]]:
    """Findings where terms have changed, written down if ``repair``; errors of regions that are not ours to judge."""
    findings: list[Finding] = []
    errors: dict[str, StoreError] = {}
    changed: list[tuple[str, list[Command]]] = []
    for region, met in surveyed.items():
        keys = RegionKeys(region, layout)
        try:
            renewal = renewed(mine, met.terms, keys)
        except StoreError as error:
            errors[region] = error
            continue
        if renewal.changes:
            detail, kind = "; ".join(renewal.changes), "terms_changed"
            before, severity = shown((met.terms or b"").decode(errors="replace")), KINDS[kind].severity
            findings.append(Finding(region, kind, keys.terms, detail, severity, repair, before, shown(renewal.text)))
            changed.append((keys.terms, [("SET", keys.terms, renewal.text)]))
    if repair and changed:
        answers = await connections.ask_each(changed)
        errors |= {
            found.region: answer
            for found, answer in zip(findings, answers, strict=True)
            if isinstance(answer, StoreError)
        }
    return findings, errors
