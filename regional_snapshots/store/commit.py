"""The commit protocol: everything that makes one snapshot visible, in one MULTI/EXEC, at most once per bucket.

Two round trips on a warm connection: *look* (watch what decides, read it) and *commit* (the transaction). In between,
*decide* is a pure function. When the link breaks after the transaction may have been sent, the outcome is unknown and
not failed, so *resolve* means: look again. A transaction is never sent again without looking first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from regional_snapshots.model.events import Event
from regional_snapshots.model.news import NO_NEWS, News
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.errors import (
    ConflictError,
    InvalidSnapshotError,
    OutcomeUnknownError,
    PartialCommitError,
    StoreError,
)
from regional_snapshots.store.keys import TAGGED, KeyLayout, RegionKeys
from regional_snapshots.store.link.connections import LINK_ERRORS, Connections, Wire
from regional_snapshots.store.link.refusals import PASSING
from regional_snapshots.store.link.server import Server
from regional_snapshots.store.link.waiting import Tries
from regional_snapshots.store.protocol.before import Before
from regional_snapshots.store.protocol.decide import Writes, decide, is_id, owner_in_doubt
from regional_snapshots.store.protocol.look import Look, Looked, LookForOwner
from regional_snapshots.store.protocol.policy import Commit, Outcome, Policy
from regional_snapshots.store.protocol.replicas import UNKNOWN, lacking_replicas
from regional_snapshots.store.protocol.resolve import InDoubt, resolve
from regional_snapshots.store.protocol.transaction import Conflict, Publication
from regional_snapshots.store.terms import Terms, renewed

__all__ = ["Commit", "Committer", "Outcome", "Policy"]


class Committer:
    """Commits snapshots over a pool of connections; safe to use for many regions at once."""

    def __init__(
        self,
        connections: Connections,
        layout: KeyLayout = TAGGED,
        policy: Policy | None = None,
        terms: Terms | None = None,
    ) -> None:
        self._connections, self._layout = connections, layout
        self._policy = policy or Policy()
        self._terms = terms or self._policy.terms(layout.name)
        self._patience = self._policy.patience

    async def commit(
        self, snapshot: Snapshot, *, news: News = NO_NEWS, force: bool = False, before: Before | None = None
    ) -> Commit:
        """Commit one snapshot with its news: look, decide, commit; look again whenever that did not settle it.

        ``force`` ignores a claim that another snapshot holds. Nothing is written until ``before`` is done. Raises
        :class:`StoreError`; only :class:`OutcomeUnknownError` and :class:`PartialCommitError` leave anything written.
        """
        _refuse_invalid(snapshot)
        tries = Tries(self._patience)
        in_doubt: InDoubt | None = None
        while True:
            try:
                return resolve(await self._attempt(snapshot, news, force, before, tries.made), in_doubt)
            except Conflict:
                problem: StoreError = ConflictError(f"{tries.made} attempts met other writers", region=snapshot.region)
            except InDoubt as doubt:
                in_doubt, problem = doubt, self._connections.broken(doubt.__cause__, region=snapshot.region)
            except PASSING as error:
                problem = error
            except PartialCommitError:
                raise
            except StoreError as error:
                if not in_doubt:
                    raise
                problem = error
                break
            if not await tries.again():
                break
        if in_doubt:
            raise OutcomeUnknownError(
                f"{snapshot.id} may have been committed ({problem.problem})", region=snapshot.region
            )
        raise problem

    async def commit_all(
        self,
        snapshots: list[Snapshot],
        *,
        news: Mapping[str, News] | None = None,
        force: bool = False,
        before: Before | None = None,
    ) -> list[Commit | StoreError]:
        """Commit all snapshots side by side; one that fails is answered with its error and holds up nobody.

        ``news`` go with the snapshots of these ids; see :meth:`commit`.
        """
        known = news or {}

        async def settled(snapshot: Snapshot) -> Commit | StoreError:
            try:
                its_news = known.get(snapshot.id, NO_NEWS)
                return await self.commit(snapshot, news=its_news, force=force, before=before)
            except StoreError as error:
                return error

        return await asyncio.gather(*map(settled, snapshots))

    async def _attempt(
        self, snapshot: Snapshot, news: News, force: bool, before: Before | None, attempt: int
    ) -> Commit:
        keys = RegionKeys(snapshot.region, self._layout)
        what = (self._layout.claims_name_things and news.what) or snapshot.reason
        claim = keys.claim(what, snapshot.generated_at // self._policy.bucket_ms)
        aim: Outcome | None = None
        told: tuple[Event, ...] = ()
        try:
            async with self._connections.borrow(self._connections.node_of(keys.index)) as wire:
                seen, server = await self._look(wire, keys, claim, snapshot, news)
                renewal = renewed(self._terms, seen.terms, keys)
                if is_id(seen.pin) and not await self._is_stored(wire, keys, seen.pin or ""):
                    seen = replace(seen, pin=None)  # what is gone holds readers nowhere
                decision = decide(seen, snapshot, self._policy, news, force=force)
                while (owner := owner_in_doubt(decision)) and not await self._is_stored(wire, keys, owner):
                    seen = replace(seen, ghosts=seen.ghosts | {owner})
                    decision = decide(seen, snapshot, self._policy, news, force=force)
                if not isinstance(decision, Writes):
                    outcome, by = decision
                    return Commit(outcome, snapshot.region, snapshot.id, by, attempt, 0)
                if before:
                    await before.done(snapshot.region)
                aim, told = decision.aim, decision.told.events
                publication = Publication(
                    keys, claim, snapshot, decision, seen, self._policy, server, news, renewal.text
                )
                await self._connections.send(wire, publication.batch)
                wanted = self._policy.min_replicas if publication.applied else 0
                warnings = renewal.changes + (await self._warnings(wire, wanted) if wanted else ())
        except LINK_ERRORS as error:
            if aim:
                raise InDoubt(aim, told) from error
            raise self._connections.broken(error, region=snapshot.region) from error
        publication.check()
        return Commit(aim, snapshot.region, snapshot.id, snapshot.id, attempt, len(snapshot.payload), told, warnings)

    async def _look(
        self, wire: Wire, keys: RegionKeys, claim: str, snapshot: Snapshot, news: News
    ) -> tuple[Looked, Server]:
        look = Look(keys, claim, snapshot, news, server=wire.server, tiers=self._policy.tiers)
        await self._connections.send(wire, look.batch)
        seen = look.seen()
        wire.server = server = look.server()
        return seen, server

    async def _is_stored(self, wire: Wire, keys: RegionKeys, owner: str) -> bool:
        look = LookForOwner(keys, owner)
        await self._connections.send(wire, look.batch)
        return look.stored()

    async def _warnings(self, wire: Wire, replicas: int) -> tuple[str, ...]:
        """What the caller should know of a commit that stands."""
        try:
            return await lacking_replicas(self._connections, wire, replicas)
        except LINK_ERRORS:
            return UNKNOWN


def _refuse_invalid(snapshot: Snapshot) -> None:
    if snapshot.problems:
        first, *others = snapshot.problems
        more = f" (and {len(others)} more)" if others else ""
        raise InvalidSnapshotError(f"the document is not valid: {first}{more}", region=snapshot.region)
