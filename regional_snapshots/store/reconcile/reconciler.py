"""Reconciliation: look at the state of every region, say what disagrees, and repair it under ``WATCH``.

A survey reads all regions side by side in few, large exchanges. What it could not confirm is looked at again, exactly:
one region on one connection, every key watched before it is read. Only what that look still shows is reported, and the
repair takes effect whole or, when a writer came in between, not at all; then the region is looked at anew. So nothing
that a commit is writing is ever reported or touched, and a reconciliation that is killed leaves work, never harm.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from redis.exceptions import ResponseError

from regional_snapshots.store.commit import Policy
from regional_snapshots.store.errors import (
    RECONCILE,
    ConflictError,
    OutcomeUnknownError,
    PartialCommitError,
    StoreError,
    UnreachableError,
)
from regional_snapshots.store.keys import TAGGED, KeyLayout, RegionKeys
from regional_snapshots.store.link.connections import LINK_ERRORS, Command, Connections, Reply, refusal
from regional_snapshots.store.link.refusals import PASSING
from regional_snapshots.store.link.wires.wire import Address, Wire
from regional_snapshots.store.reconcile.agreeing import agree
from regional_snapshots.store.reconcile.findings import Finding, ReconcileReport, RegionState, lost_entries
from regional_snapshots.store.reconcile.judging.diagnosis import diagnose
from regional_snapshots.store.reconcile.judging.plan import Plan, shown
from regional_snapshots.store.reconcile.reading.examination import batches, examine
from regional_snapshots.store.reconcile.reading.observation import Suspects, packed
from regional_snapshots.store.reconcile.reading.state import Examined, Rules
from regional_snapshots.store.reconcile.reading.survey import Surveyed, survey
from regional_snapshots.store.reconcile.reading.sweep import sweep
from regional_snapshots.store.reconcile.retelling import Reteller
from regional_snapshots.store.reconcile.run import Run
from regional_snapshots.store.reconcile.thinner import Thinner
from regional_snapshots.store.terms import Terms

__all__ = ["Finding", "ReconcileReport", "Reconciler"]
log = logging.getLogger(__name__)

GROUP = 128
"""Regions whose commands share one write."""
ENTRIES, ENTRIES_DEEP = 8192, 256
"""Index entries per exchange, over all regions of a group; bounds the memory, whatever the length of the history."""
SMALLEST_PAGE = 32
UNWATCH: list[Command] = [("UNWATCH",)]
"""Ends a look that found nothing: where there is nothing to report, there is nothing to prove."""
SIDE_BY_SIDE = 32
"""Regions that are looked at exactly at the same time, one connection each."""


class Reconciler:
    """Reconciles regions over a pool of connections."""

    def __init__(
        self, connections: Connections, layout: KeyLayout = TAGGED, policy: Policy | None = None,
        terms: Terms | None = None,
    ) -> None:  # fmt: skip
        self._connections, self._layout = connections, layout
        self._policy = policy or Policy()
        self._terms = terms or self._policy.terms(layout.name)

    async def reconcile(
        self,
        regions: Iterable[str],
        *,
        repair: bool = True,
        deep: bool = False,
        fix_types: bool = False,
        news: bool = False,
    ) -> ReconcileReport:
        """Look at each region, and with ``repair`` repair what is found; see :data:`KINDS` for what can be found.

        ``deep`` also verifies every payload and looks for what no index names, as is done anyway for a region whose
        index has lost entries, or that has lost a snapshot whose claim may still be there. ``fix_types`` also moves
        keys of the wrong type away, ``news`` also tells again what was lost of the series and of the changes of regime.
        A region that cannot be read has its error in the report.
        """
        now_ms = time.time_ns() // 1_000_000
        rules = Rules(self._policy.retention_ms, self._policy.bucket_ms, fix_types=fix_types, clock_ms=now_ms)
        run = Run(rules, repair, deep)
        names = list(dict.fromkeys(regions))
        groups = [names[start : start + GROUP] for start in range(0, len(names), GROUP)]
        await asyncio.gather(*(self._group(group, run) for group in groups))
        lost = {*lost_entries(run.findings.values(), self._keys), *run.freed}
        await self._sweep(names if deep else sorted(lost), run)
        readable = [region for region in names if region not in run.errors]
        given = self._connections, self._layout, self._policy
        told = await Reteller(*given).retell(readable, repair=repair) if news else ([], {})
        run.thinned(*await Thinner(*given).thin(readable, repair=repair))  # after what is told of all that is there
        return run.report(names).beside(*told)

    async def _group(self, regions: Sequence[str], run: Run) -> None:
        surveyed = await self._survey(regions, run)
        changed, refused = await agree(self._connections, self._layout, self._terms, surveyed, repair=run.repair)
        run.errors |= refused
        for finding in changed:
            run.found(finding.region, [finding], repaired=finding.region not in refused)
        run.places |= (surveyed := {region: met for region, met in surveyed.items() if region not in refused})
        for region, met in surveyed.items():
            run.snapshots += met.size
            run.states[region] = RegionState(shown(met.latest), shown(met.head), met.size)
        await self._examine_all({region: met.suspects for region, met in surveyed.items() if met.suspects}, run)

    async def _survey(self, regions: Sequence[str], run: Run) -> dict[str, Surveyed]:
        """All regions in step: what each asks next goes into one write."""
        page = max(SMALLEST_PAGE, (ENTRIES_DEEP if run.deep else ENTRIES) // len(regions))
        talks = {region: survey(self._keys(region), run.rules, page, deep=run.deep) for region in regions}
        asked = {region: next(talk) for region, talk in talks.items()}
        done: dict[str, Surveyed] = {}
        while asked:
            blocks = [(self._keys(region).index, commands) for region, commands in asked.items()]
            try:
                answers = await self._connections.ask_each(blocks)
            except StoreError as error:
                run.errors |= dict.fromkeys(asked, error)
                break
            for region, answer in zip(list(asked), answers, strict=True):
                try:
                    if isinstance(answer, StoreError):
                        raise refusal(answer, region=region)
                    asked[region] = talks[region].send(answer)
                except StopIteration as end:
                    done[region] = end.value
                    del asked[region]
                except StoreError as error:
                    run.errors[region] = error
                    del asked[region]
        return done

    async def _examine_all(self, suspects: dict[str, Suspects], run: Run) -> None:
        places = asyncio.Semaphore(SIDE_BY_SIDE)

        async def examine(region: str, suspected: Suspects) -> None:
            async with places:
                try:
                    for batch in batches(suspected):
                        await self._examine(region, batch, run)
                except StoreError as error:
                    run.errors[region] = error

        await asyncio.gather(*(examine(region, suspected) for region, suspected in suspects.items()))

    async def _examine(self, region: str, suspects: Suspects, run: Run) -> None:
        """Look, judge, repair; again when somebody came in between. Raises :class:`StoreError`."""
        in_doubt, node_of = None, self._connections.node_of
        problem: StoreError = ConflictError("other writers came in between every time", region=region)
        deadline = math.inf
        unrepaired: Sequence[Finding] = ()
        for attempt in range(1, self._policy.attempts + 1):
            sent = None
            try:
                async with self._connections.borrow(node_of(self._keys(region).index)) as wire:
                    examined, plan = await self._examined(wire, region, suspects, run)
                    sent = plan if run.repair and plan.changes else None
                    repair = [command for change in plan.changes for command in change.commands] if sent else []
                    commands = packed(await self._connections.understood(wire, repair))
                    transaction = [("MULTI",), *commands, ("EXEC",)] if plan.findings else UNWATCH
                    replies = await self._connections.exchange(wire, transaction)
                applied = _applied(replies, transaction, region)
            except LINK_ERRORS as error:
                in_doubt = sent or in_doubt
                problem = self._connections.broken(error, region=region)
                applied = False
            except PASSING as error:
                problem, applied = error, False
                unrepaired = plan.findings if sent else unrepaired
            except StoreError as error:
                run.found(region, plan.findings if sent else [], repaired=False)
                raise error
            if applied:
                if in_doubt:
                    run.found(region, in_doubt.findings, repaired=True)
                run.settle(examined, plan)
                return
            deadline = min(deadline, time.monotonic() + self._policy.patience_s)
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(random.uniform(0, min(0.002 * 2**attempt, 0.25)))  # noqa: S311 - jitter, not a secret
        if in_doubt and isinstance(problem, UnreachableError):
            run.found(region, in_doubt.findings, repaired=False)
            raise OutcomeUnknownError(f"the repair may have been applied ({problem.problem})", region=region)
        run.found(region, unrepaired, repaired=False)
        raise problem

    async def _examined(self, wire: Wire, region: str, suspects: Suspects, run: Run) -> tuple[Examined, Plan]:
        around_ms = run.places[region].server_ms
        talk = examine(self._keys(region), suspects, around_ms, run.rules, run.unsound.get(region))
        commands = next(talk)
        while True:
            replies = await self._connections.exchange(wire, packed(commands))
            try:
                commands = talk.send(replies)
            except StopIteration as end:
                examined: Examined = end.value
                break
        run.unsound[region] = examined.unsound
        plan = diagnose(examined, run.rules)
        places = [change.after for change in plan.changes if change.commands[0][0] == "RENAME"]
        if places:
            watched = [command for place in places for command in (("WATCH", place), ("EXISTS", place))]
            replies = await self._connections.exchange(wire, packed(watched))
            taken = frozenset(place for place, there in zip(places, replies[1::2], strict=True) if there)
            plan = diagnose(replace(examined, taken=taken), run.rules) if taken else plan
        return examined, plan

    async def _sweep(self, regions: Sequence[str], run: Run) -> None:
        """Find what no index names, node by node, and judge it like every other suspect."""
        together: dict[Address, list[str]] = defaultdict(list)
        for region in regions:
            if region not in run.errors:
                together[self._connections.node_of(self._keys(region).index)].append(region)
        for node, readable in together.items():
            try:
                async for suspects in sweep(self._connections, self._layout, node, readable):
                    await self._examine_all({region: found for region, found in suspects.items() if found}, run)
            except StoreError as error:
                run.errors |= dict.fromkeys(readable, error)

    def _keys(self, region: str) -> RegionKeys:
        return RegionKeys(region, self._layout)


def _applied(replies: list[Reply], commands: list[Command], region: str) -> bool:
    """Whether the transaction took effect; False when something watched had changed. Raises :class:`StoreError`."""
    executed = replies[-1]
    if executed is None:
        return False
    for reply in replies:
        if isinstance(reply, ResponseError):
            raise refusal(reply, region=region) from reply
    if commands == UNWATCH:
        return True
    refused = [
        f"{command[0]} ({reply})"
        for reply, command in zip(executed, commands[1:-1], strict=True)
        if isinstance(reply, ResponseError)
    ]
    if refused:
        raise PartialCommitError(f"repaired in part, refused: {'; '.join(refused)}", region=region, next_step=RECONCILE)
    return True
