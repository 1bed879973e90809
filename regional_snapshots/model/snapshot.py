"""The snapshot: one region at one instant, sealed under an id that verifies its own content.

An id is ``<12 hex digits of generated_at>-<12 hex digits of a digest>``. It sorts by time. Because the digest covers
everything but the id itself, a reader can prove that the document it holds is the one that was written.

Programs beside us write documents of the same shape under ids that are no digest. Such a snapshot is *unsealed*: there
is nothing to prove, and nothing to hold against it, as long as its region, its id and its time agree with its keys.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, get_args

from regional_snapshots.model.document import problems
from regional_snapshots.model.values import MAX_INSTANT_MS

SEAL = "sha256-12"
"""The scheme that ``meta.seal`` names: the first 12 hex digits of SHA-256. Snapshots from before it named one have the
same digest."""
UNSEALED_LEAD_MS = 5_000
"""By how much the time in an unsealed id may lie before ``generated_at``: its writer makes the id first. Half a second
was seen on a slow link."""
ID_PATTERN = re.compile(r"[0-9a-f]{12,14}-[0-9a-f]{12}")

Pressure = Literal["coercive_pressure", "domestic_fragility", "capital_stress", "energy_vulnerability"]
Buffer = Literal["alliance_cohesion", "maritime_access", "energy_leverage"]
Axis = Literal[Pressure, Buffer]
PRESSURES: tuple[Pressure, ...] = get_args(Pressure)
BUFFERS: tuple[Buffer, ...] = get_args(Buffer)
AXES: tuple[Axis, ...] = (*PRESSURES, *BUFFERS)
"""The axes of the balance, 0 to 1."""


class DamagedSnapshotError(ValueError):
    """A stored document does not parse, does not verify, or is not the one that was asked for."""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot. Build one with :meth:`seal`, read one back with :meth:`open`.

    ``document`` is the decoded JSON document and must not be changed; ``payload`` is its encoding, made once.
    ``sealed`` is False for one that another program wrote, which its id cannot verify.
    """

    region: str
    generated_at: int
    id: str
    document: dict[str, Any] = field(repr=False, compare=False)
    payload: bytes = field(repr=False)
    sealed: bool = True

    @property
    def reason(self) -> str:
        """Why it was made: ``meta.trigger_reason``."""
        return str(self.document["meta"].get("trigger_reason", ""))

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """Where the document departs from its type, ``path: problem`` each. A committer refuses one that has any."""
        return tuple(problems(self.document))

    @classmethod
    def seal(cls, document: dict[str, Any]) -> Snapshot:
        """Derive the id from the content and encode the document. Raises ``ValueError`` for what JSON cannot hold."""
        instant = _instant(document)
        if instant is None:
            raise ValueError("generated_at must be whole milliseconds since 1970, below 2^53")
        identity = f"{instant:012x}-{digest(document)}"
        sealed = {**document, "meta": {**document["meta"], "snapshot_id": identity}}
        made = cls(document["region_id"], instant, identity, sealed, _encode(sealed))
        vars(made)["problems"] = tuple(problems(sealed))  # here, and not while a connection waits for it
        return made

    @classmethod
    def open(cls, payload: bytes | str, *, region: str | None = None, id: str | None = None) -> Snapshot:
        """Parse and verify a stored payload; with ``region`` or ``id``, also that it is the one asked for.

        One that names no seal and does not verify is unsealed. Raises :class:`DamagedSnapshotError`, whose text says
        what does not hold.
        """
        document = _decode(payload)
        found_region, identity = document.get("region_id"), document["meta"].get("snapshot_id")
        instant = _instant(document)
        if not isinstance(found_region, str) or not isinstance(identity, str) or instant is None:
            raise DamagedSnapshotError("region_id, generated_at or meta.snapshot_id is missing")
        if region is not None and found_region != region:
            raise DamagedSnapshotError(f"the document belongs to region {found_region!r}")
        if id is not None and identity != id:
            raise DamagedSnapshotError(f"the document carries the id {identity!r}")
        problem = _unverified(document, f"{instant:012x}-", identity)
        if problem and ("seal" in document["meta"] or not _may_be_unsealed(identity, instant)):
            raise DamagedSnapshotError(problem)
        raw = payload if isinstance(payload, bytes) else payload.encode("utf-8", "surrogatepass")
        return cls(found_region, instant, identity, _printable(document) if problem else document, raw, not problem)

    def anew(self) -> Snapshot:
        """The same sealed snapshot with a document of its own, which whoever gets it may change."""
        return replace(self, document=_decode(self.payload))


def digest(document: dict[str, Any]) -> str:
    """First 12 hex digits of SHA-256 over the canonical JSON (sorted keys, no white space, UTF-8) without the id."""
    meta = {name: value for name, value in document["meta"].items() if name != "snapshot_id"}
    canonical = _encode({**document, "meta": meta}, sort_keys=True)
    return hashlib.sha256(canonical).hexdigest()[:12]


def instant_of(snapshot_id: str) -> int:
    """The ``generated_at`` (ms) that an id carries. Raises ``ValueError`` for what is not an id."""
    if not ID_PATTERN.fullmatch(snapshot_id):
        raise ValueError(f"{snapshot_id!r} is not a snapshot id (<12 hex digits>-<12 hex digits>)")
    return int(snapshot_id.split("-")[0], 16)


def time_of(text: str) -> int | None:
    """The instant (ms) that an id carries; None for what is not an id."""
    try:
        return instant_of(text)
    except ValueError:
        return None


def _unverified(document: dict[str, Any], prefix: str, identity: str) -> str:
    """Why the content does not verify against the id; the empty text when it does. Raises for what is no JSON."""
    scheme = document["meta"].get("seal", SEAL)
    if scheme != SEAL:
        return f"its seal is none of ours: {str(scheme)[:40]!r}"
    try:
        verifies = identity == prefix + digest(document)
    except UnicodeEncodeError:
        return "the content cannot have been sealed: half a character"
    except (ValueError, RecursionError) as error:
        raise DamagedSnapshotError(f"the content cannot have been sealed: {type(error).__name__}") from None
    return "" if verifies else f"the content does not verify against the id {identity!r}"


def _may_be_unsealed(identity: str, instant: int) -> bool:
    return bool(ID_PATTERN.fullmatch(identity)) and 0 <= instant - instant_of(identity) <= UNSEALED_LEAD_MS


def _printable(value: Any) -> Any:
    """The same JSON value with every half character replaced: other programs cut texts in the middle of one."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_printable(name): _printable(member) for name, member in value.items()}
    return [_printable(member) for member in value] if isinstance(value, list) else value


def _instant(document: dict[str, Any]) -> int | None:
    instant = document.get("generated_at")
    if not isinstance(instant, int) or isinstance(instant, bool):
        return None
    return instant if 0 <= instant <= MAX_INSTANT_MS else None


def _encode(document: dict[str, Any], *, sort_keys: bool = False) -> bytes:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=sort_keys)
    return text.encode()


def _decode(payload: bytes | str) -> dict[str, Any]:
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise DamagedSnapshotError(f"the payload is not JSON: {type(error).__name__}") from None
    if not isinstance(document, dict) or not isinstance(document.get("meta"), dict):
        raise DamagedSnapshotError("the payload is not a snapshot document")
    return document
