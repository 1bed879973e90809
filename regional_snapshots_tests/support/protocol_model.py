"""The commit protocol in the small: every interleaving of two writers and a reconciler on one region, visited.

The writers run the project's own *look*, *decide* and *commit* against a server of a few lines; the
loop around them and the reconciler's repair of latest are written down here once more. In between anything may happen:
another's transaction comes between two commands of a look, a message is lost, or arrives when nobody waits for it any
more, a process is killed and begins anew, a claim expires, latest is damaged from outside. A message that is lost and
one that is delayed for ever are the same; so are a killed process and one that stops.

    python -m regional_snapshots_tests.support.protocol_model
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from regional_snapshots.model.document.words import UNCHANGED as UNCHANGED_REASON
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.store.commit import Outcome, Policy
from regional_snapshots.store.link.server import Server
from regional_snapshots.store.protocol.decide import Writes
from regional_snapshots.store.protocol.look import Looked, LookForOwner
from regional_snapshots.store.protocol.transaction import Publication
from regional_snapshots.store.tiers.thinning import Thinned
from regional_snapshots_tests.support.protocol_scenarios import (
    KEYS,
    MISTAKES,
    POLICY,
    SCENARIOS,
    Protocol,
    Scenario,
    told_with,
)
from regional_snapshots_tests.support.protocol_server import NOW_MS, Store, executed, served

UNKNOWN, FAILED, SETTLED = "UNKNOWN", "FAILED", "SETTLED"
NAMES = ("first", "second", "reconciler")
RECONCILER = 2
"""Place of the reconciler among the processes; the two writers come before it."""

AS_WRITTEN = Protocol()
NEWEST = Server("valkey", (7, 2))
NOTHING = Looked(None, None, None, False, None, 0, NOW_MS)
SLICES = (2, 3, 5)
"""Where another's transaction may come between the commands of one *look*: after WATCH, the claim, and the head."""


class Process(NamedTuple):
    """A writer or the reconciler: how far its attempt is, and what its caller was told."""

    attempt: int = 1
    replies: tuple = ()
    watched: frozenset = frozenset()
    dirty: bool = False
    sent: tuple = ()
    in_doubt: bool = False
    wrote: bool = False
    mortal: bool = True
    told: tuple = ()


class Adrift(NamedTuple):
    """A transaction that is under way while nobody waits for it. ``orphan``: whoever sent it was killed."""

    sender: int
    orphan: bool
    watched: frozenset
    sent: tuple


class State(NamedTuple):
    """Everything at one instant. ``owners``, ``applied`` and ``moved`` (which moved latest) record what was written,
    whatever the store now says."""

    store: Store
    processes: tuple[Process, ...]
    adrift: frozenset = frozenset()
    owners: frozenset = frozenset()
    applied: frozenset = frozenset()
    moved: frozenset = frozenset()
    expiry: bool = False
    damage: bool = False
    damaged: bool = False
    pin: bool = False


class Violation(AssertionError):
    """A promise is broken; the text says which, and by which steps."""


class Model:
    """The steps that are possible in a state, for one scenario; each keeps the promises or raises Violation."""

    def __init__(self, scenario: Scenario, protocol: Protocol) -> None:
        self.protocol, self.scenario = protocol, scenario
        self.snapshots, self.policy = scenario.snapshots, scenario.policy
        spare = [made.id for made in scenario.stored if scenario.spares(made)]
        self.stays = {made.id for made in scenario.stored} - set(sorted(spare)[:-1])
        self.forced = (False, scenario.forced)
        self.claims = tuple(KEYS.claim(made.reason, made.generated_at // POLICY.bucket_ms) for made in self.snapshots)
        self.all = {made.id: made for made in (*scenario.stored, *self.snapshots)}
        self.news = tuple(map(told_with, self.snapshots))
        self.looks = [
            tuple(protocol.look(KEYS, claim, made, news, server=NEWEST, tiers=scenario.tiers).batch.commands)
            for claim, made, news in zip(self.claims, self.snapshots, self.news, strict=True)
        ]
        self.told = cache(self._told_by)
        self.facts = cache(self._facts)
        self.concluded = cache(self._concluded)

    def start(self) -> State:
        """The scenario's first state: what is stored was committed long ago, its claims have expired."""
        store: Store = frozenset()
        for made in self.scenario.stored:
            writes = Writes(False, 0, thinned=Thinned(listed=self.scenario.spares(made)))
            store, _ = executed(store, _publication("", made, NOTHING, writes, self.policy))
        store = frozenset((key, value) for key, value in store if key)
        if self.scenario.ghost:
            store |= {(self.claims[0], b"somebody-who-is-not-stored")}
        damage, expiry = self.scenario.damage, self.scenario.expiry
        writer = Process(mortal=not damage)
        reconciler = Process(POLICY.attempts, mortal=False) if damage else Process(told=(SETTLED, ""))
        return State(store, (writer, writer, reconciler), expiry=expiry, damage=damage, pin=self.scenario.pin)

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        """Every step that can be next, with its name and the state it leads to."""
        for place, process in enumerate(state.processes):
            if process.told:
                continue
            name = NAMES[place]
            if process.sent:
                landed, applied = self.transaction(state, place, process.watched, process.sent, process.dirty)
                yield f"{name}: transaction, answered", self.answered(landed, place, applied)
                yield f"{name}: transaction, reply lost", self.resolve(landed, place)
                yield f"{name}: transaction delayed", self.resolve(self.drifting(state, place), place)
            else:
                step = self.examine if place == RECONCILER else self.look
                yield f"{name}: {step.__name__}", step(state, place)
                yield f"{name}: look lost", self.again(state, place)
            if process.mortal and process != Process():
                yield f"{name}: killed", self.killed(state, place)
        for message in state.adrift:
            rest = state._replace(adrift=state.adrift - {message})
            place = message.sender
            landed, _ = self.transaction(rest, place, message.watched, message.sent, False, message.orphan)
            yield f"{NAMES[place]}: delayed transaction arrives", landed
        yield from self.outside(state)

    # A process, alone

    def look(self, state: State, place: int) -> State:
        """The server serves some more commands of *look*, or of the look for an owner; then the writer decides."""
        process, commands = state.processes[place], self.looks[place]
        count = len(process.replies)
        if count < len(commands):
            served_next = commands[count : next(end for end in (*SLICES, len(commands)) if end > count)]
        else:
            _, _, served_next = self.concluded(place, process.replies)
        replies = (*process.replies, *(_frozen(served(state.store, command)) for command in served_next))
        watched = frozenset(commands[1][1:])
        told, sent, more = self.concluded(place, replies) if len(replies) >= len(commands) else ((), (), commands)
        if more:
            return _with(state, place, process._replace(replies=replies, watched=watched))
        return _told(state, place, *told) if told else _with(state, place, process._replace(replies=(), sent=sent))

    def _concluded(self, place: int, replies: tuple) -> tuple[tuple, tuple, tuple]:
        """What the caller is told, what is sent, or what is asked next; the other two are empty."""
        made, claim = self.snapshots[place], self.claims[place]
        news = self.news[place]
        look = self.protocol.look(KEYS, claim, made, news, server=NEWEST, tiers=self.scenario.tiers)
        count = len(look.batch.commands)
        look.batch.fill(replies[:count])
        seen, owners_there = look.seen(), list(replies[count:])
        decision = self.protocol.decide(seen, made, self.policy, news, force=self.forced[place])
        while owner := self.protocol.owner_in_doubt(decision):
            if not owners_there:
                return (), (), tuple(LookForOwner(KEYS, owner).batch.commands)
            if owners_there.pop(0):
                break
            seen = replace(seen, ghosts=seen.ghosts | {owner})
            decision = self.protocol.decide(seen, made, self.policy, news, force=self.forced[place])
        if not isinstance(decision, Writes):
            return decision, (), ()
        return (), _publication(claim, made, seen, decision, self.policy), ()

    def examine(self, state: State, place: int) -> State:
        """The reconciler watches every key; then it reads, judges and mends."""
        process = state.processes[place]
        if not process.replies:
            watched = frozenset() if self.protocol.mends_unwatched else frozenset(self.every_key())
            return _with(state, place, process._replace(replies=("watching",), watched=watched))
        sent = pointer(state.store)
        return _with(state, place, process._replace(replies=(), sent=sent)) if sent else _told(state, place, SETTLED)

    def every_key(self) -> Iterator[str]:
        yield from (KEYS.latest, KEYS.index, *self.claims)
        for made in self.all.values():
            yield from (KEYS.payload(made.id), KEYS.view(made.generated_at))

    # Its transaction

    def transaction(
        self, state: State, place: int, watched: frozenset, sent: tuple, dirty: bool, orphan: bool = False
    ) -> tuple[State, bool]:
        """The server executes a transaction, unless something it watched has changed: the state, and whether it did."""
        if dirty:
            return state, False
        store, touched = executed(state.store, sent)
        after = self.touch(state._replace(store=store), touched)
        if place == RECONCILER:
            return self.kept(state, after), True
        made, claim = self.snapshots[place], self.claims[place]
        others = {owner for key, owner in state.owners if key == claim} - {made.id}
        if others and not self.forced[place]:
            raise Violation(f"{made.id} is written into a bucket that {others} own")
        if made.id in state.applied and not state.damaged:
            raise Violation(f"{made.id} is written twice")
        head = _head(state.store)
        if (
            made.reason == UNCHANGED_REASON
            and head
            and head[0] // POLICY.bucket_ms == made.generated_at // POLICY.bucket_ms
        ):
            raise Violation(f"{made.id}, which reports no change, is written beside the head of its bucket")
        moved = {made.id} if any(command[:2] == ("SET", KEYS.latest) for command in sent) else set()
        after = after._replace(
            owners=after.owners | {(claim, made.id)}, applied=after.applied | {made.id}, moved=after.moved | moved
        )
        if not orphan:  # somebody will be told what became of it
            after = _with(after, place, after.processes[place]._replace(wrote=True))
        return self.kept(state, after), True

    def touch(self, state: State, touched: frozenset) -> State:
        """Whoever watches a touched key will not commit; a delayed transaction that cannot is as good as lost."""
        processes = tuple(p if p.dirty or not p.watched & touched else p._replace(dirty=True) for p in state.processes)
        adrift = frozenset(message for message in state.adrift if not message.watched & touched)
        return state._replace(processes=processes, adrift=adrift)

    def kept(self, before: State, after: State) -> State:
        """Latest has not moved back; and if it moved, even where it was damaged, it is the head."""
        was, now = dict(before.store).get(KEYS.latest), dict(after.store).get(KEYS.latest)
        if was is not None and (now is None or now < was):
            raise Violation(f"latest moved back from {was} to {now}")
        if KEYS.pin in dict(after.store) and now != was:
            raise Violation(f"latest is pinned, and was set to {now}")
        if now != was and now != _head(after.store)[1].encode():
            raise Violation(f"latest was set to {now}, which is not the head")
        return after

    def answered(self, state: State, place: int, applied: bool) -> State:
        """The reply of EXEC: applied, or a conflict, after which the process looks again."""
        process = state.processes[place]
        if not applied:
            return self.again(state, place)
        if place == RECONCILER:
            return _told(state, place, SETTLED)
        made = self.snapshots[place]
        moved = any(command[:2] == ("SET", KEYS.latest) for command in process.sent)
        if not moved and KEYS.pin in dict(state.store):
            return _told(state, place, Outcome.PINNED, made.id)
        return _told(state, place, Outcome.COMMITTED if moved else Outcome.LATE, made.id)

    def resolve(self, state: State, place: int) -> State:
        """The link broke after the transaction was sent: the outcome is in doubt, so look again."""
        process = state.processes[place]
        doubtful = _with(state, place, process._replace(in_doubt=not self.protocol.forgets_doubt))
        after = self.again(doubtful, place)
        if self.protocol.blind and place != RECONCILER and not after.processes[place].told:
            return _with(after, place, after.processes[place]._replace(sent=process.sent))
        return after

    def again(self, state: State, place: int) -> State:
        """The next attempt, over a connection without history; after the last one, the caller is told."""
        process = state.processes[place]
        if process.attempt == POLICY.attempts:
            return _told(state, place, UNKNOWN if process.in_doubt else FAILED)
        fresh = Process(process.attempt + 1, in_doubt=process.in_doubt, wrote=process.wrote, mortal=process.mortal)
        return _with(state, place, fresh)

    def drifting(self, state: State, place: int) -> State:
        """What the process has sent may still arrive, though it waits no longer."""
        process = state.processes[place]
        if process.dirty or not process.sent:
            return state
        return state._replace(adrift=state.adrift | {Adrift(place, False, process.watched, process.sent)})

    def killed(self, state: State, place: int) -> State:
        """The process ends, what it had sent stays under way; another one begins anew and knows nothing of it."""
        return _with(_let_go(self.drifting(state, place), place), place, Process(mortal=False))

    # What comes from outside

    def outside(self, state: State) -> Iterator[tuple[str, State]]:
        """A claim expires; latest is lost, or set back."""
        held = dict(state.store)
        if state.expiry:
            for claim in sorted(set(self.claims) & set(held)):
                owners = frozenset(pair for pair in state.owners if pair[0] != claim)
                fewer = state._replace(store=state.store - {(claim, held[claim])}, owners=owners, expiry=False)
                yield "a claim expires", self.touch(fewer, frozenset({claim}))
        yield from self.pinning(state, held)
        if state.damage and KEYS.latest in held:
            oldest = held[KEYS.index][0][1].encode()
            for name, value in (("lost", None), ("set back", oldest)):
                rest = {**held, KEYS.latest: value} if value else {k: v for k, v in held.items() if k != KEYS.latest}
                hurt = state._replace(store=frozenset(rest.items()), damage=False, damaged=True)
                yield f"latest is {name}", self.touch(hurt, frozenset({KEYS.latest}))

    def pinning(self, state: State, held: dict) -> Iterator[tuple[str, State]]:
        """A person pins latest at the oldest snapshot, once, and lets it go again, to the newest."""
        both = frozenset({KEYS.pin, KEYS.latest})
        if state.pin and KEYS.index in held:
            oldest = held[KEYS.index][0][1].encode()
            pinned = {**held, KEYS.pin: oldest, KEYS.latest: oldest}
            yield "latest is pinned", self.touch(state._replace(store=frozenset(pinned.items()), pin=False), both)
        if KEYS.pin in held and self.scenario.unpin:
            free = {**held, KEYS.latest: _head(state.store)[1].encode()}
            free.pop(KEYS.pin)
            yield "latest is unpinned", self.touch(state._replace(store=frozenset(free.items())), both)

    # The promises of a state

    def check(self, state: State) -> State:
        """The state, no longer damaged once latest is the head again. Raises :class:`Violation`."""
        entries, agree = self.facts(state.store)
        if wrong := self.told(state.store, state.moved):
            raise Violation(wrong)
        if not agree and not state.damaged:
            raise Violation("latest is not the head")
        for made, process in zip(self.snapshots, state.processes, strict=False):
            if process.told and not self.true(made, process, entries):
                raise Violation(f"{made.id} was told {process.told}, which is not true")
        return state._replace(damaged=False) if agree and state.damaged else state

    def true(self, made: Snapshot, process: Process, entries: tuple[str, ...]) -> bool:
        """Whether what a caller was told holds."""
        outcome, owner = process.told
        return {
            Outcome.COMMITTED: owner == made.id and made.id in entries,
            Outcome.DUPLICATE: owner != made.id and owner in entries,
            Outcome.LATE: made.id in entries[:-1],
            Outcome.PINNED: owner == made.id and made.id in entries,
            FAILED: not process.wrote,
        }.get(outcome, True)

    def _facts(self, store: Store) -> tuple[tuple[str, ...], bool]:
        """The ids that are stored, in order, and whether latest is the head. Raises for what is half written."""
        held = dict(store)
        entries = tuple(name for _, name in held.get(KEYS.index, ()))
        payloads = {name for name, made in self.all.items() if held.get(KEYS.payload(name)) == made.payload}
        views = {name for name, made in self.all.items() if held.get(KEYS.view(made.generated_at)) == name.encode()}
        if not set(entries) == payloads == views:
            raise Violation(f"half written: index {entries}, payloads {payloads}, views {views}")
        if lost := self.stays - set(entries):
            raise Violation(f"{lost} are dropped, which the tiers keep")
        if listed := {name for _, name in held.get(KEYS.spare, ())} - set(entries):
            raise Violation(f"{listed} may be dropped, and are not there")
        if KEYS.pin in held and held[KEYS.pin].decode() not in entries:
            raise Violation(f"{held[KEYS.pin]!r} is pinned, and dropped")
        held_at = held.get(KEYS.pin, (entries or ("",))[-1].encode())
        return entries, held.get(KEYS.latest, b"") == held_at

    def _told_by(self, store: Store, moved: frozenset) -> str:
        """What is wrong with the news: each told once, with a snapshot that moved latest, and none lost."""
        held = dict(store)
        streams = {key: [dict(zip(entry[::2], entry[1::2], strict=True)) for entry in held.get(key, ())]
                   for key in (KEYS.events, KEYS.regimes)}  # fmt: skip
        shifts = [entry["snapshot_id"] for entry in streams[KEYS.regimes]]
        told = [entry["event_id"] for entry in streams[KEYS.events]]
        losses = [name for name in told if ":data_loss:" in name]
        counted = sum(json.loads(value)["suppressed"] for _, value in held.get(KEYS.quiet, ()))
        if sorted(shifts) != sorted(moved) or len(set(told)) != len(told):
            return f"shifts of {shifts} and events {told} are told, {sorted(moved)} moved latest"
        if len(losses) + counted != len(moved) or len(losses) > 1:
            return f"{losses} are told and {counted} counted, {sorted(moved)} moved latest"
        rows = [json.loads(member)["snapshot_id"] for _, member in held.get(KEYS.series, ())]
        return "" if rows == sorted(moved)[-1:] else f"the row is that of {rows}, {sorted(moved)} moved latest"


def _publication(claim: str, made: Snapshot, seen: Looked, writes: Writes, policy: Policy) -> tuple:
    return tuple(Publication(KEYS, claim, made, writes, seen, policy, NEWEST).batch.commands)


def pointer(store: Store) -> tuple:
    """The reconciler's repair of latest, as a transaction; () when latest is the head."""
    head, latest = _head(store), dict(store).get(KEYS.latest)
    if head is None or latest == head[1].encode():
        return ()
    return ("MULTI",), ("SET", KEYS.latest, head[1]), ("EXEC",)


def _with(state: State, place: int, process: Process) -> State:
    return state._replace(processes=(*state.processes[:place], process, *state.processes[place + 1 :]))


def _let_go(state: State, place: int) -> State:
    return state._replace(adrift=frozenset(m._replace(orphan=True) if m.sender == place else m for m in state.adrift))


def _told(state: State, place: int, outcome: str, owner: str = "") -> State:
    """The caller is told; a failure is judged by what was written, or may yet be."""
    pending = any(message.sender == place and not message.orphan for message in state.adrift)
    wrote = outcome == FAILED and (pending or state.processes[place].wrote)
    return _with(_let_go(state, place), place, Process(wrote=wrote, told=(outcome, owner)))


def _frozen(reply: Any) -> Any:
    return tuple(reply) if isinstance(reply, list) else reply


def _head(store: Store) -> tuple[int, str] | None:
    index = dict(store).get(KEYS.index)
    return index[-1] if index else None


def explore(scenario: Scenario, protocol: Protocol = AS_WRITTEN) -> int:
    """Visit every reachable state, the nearest first, and count them. Raises :class:`Violation` with the steps."""
    model = Model(scenario, protocol)
    start = model.start()
    came_from: dict[State, tuple[State | None, str]] = {start: (None, "start")}
    waiting = deque([start])
    while waiting:
        state, step = waiting.popleft(), "a transaction takes effect"
        try:
            for name, unchecked in model.steps(state):
                if unchecked in came_from:
                    continue
                step = name
                after = model.check(unchecked)
                step = "a transaction takes effect"
                if after not in came_from:
                    came_from[after] = (state, name)
                    waiting.append(after)
        except Violation as violation:
            path = [step]
            while state is not None:
                state, step = came_from[state]
                path.append(step)
            raise Violation("\n  ".join([str(violation), *reversed(path)])) from None
    return len(came_from)


def main() -> None:
    """Explore every scenario, then every mistake, and print what was visited and found."""
    total = 0
    for name, scenario in SCENARIOS.items():
        began = time.monotonic()
        count = explore(scenario)
        total += count
        print(f"{count:>10,} states  {time.monotonic() - began:5.1f} s  {name}", flush=True)
    print(f"{total:>10,} states, every promise kept")
    for mistake, (name, protocol) in MISTAKES.items():
        try:
            explore(SCENARIOS[name], protocol)
        except Violation as violation:
            print(f"found: {mistake} ({name})\n  {violation}", flush=True)
        else:
            print(f"NOT FOUND: {mistake} ({name})", flush=True)


if __name__ == "__main__":
    main()
