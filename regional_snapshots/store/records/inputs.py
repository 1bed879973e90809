"""The inputs of runs, kept: every feed document once by its digest, and a manifest for each run that used it.

A snapshot names its manifest in ``meta.inputs``, so that it can be computed again, or by another method, for as long as
it is kept. Documents are stored compressed under the SHA-256 of their bytes: one that did not change costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from regional_snapshots.store.errors import DamagedInputError
from regional_snapshots.store.keys import KeyLayout
from regional_snapshots.store.link.connections import Connections

SLACK_MS = 7 * 86_400_000
"""Kept so much longer than the snapshots need, so that an unchanged document is touched once a week and not every run,
and never expires between being looked for and being used."""
MAX_DOCUMENT_BYTES = 512 * 1024 * 1024
"""What a document unpacks to at most; Redis holds no longer string."""


@dataclass(frozen=True)
class Manifest:
    """What one run was computed from.

    ``documents``: digest of the bytes of each feed and companion that there was, by key. ``previous``: id of the latest
    snapshot of each region that had one; "" for one that could not be read. ``regions``: those that the run scored.
    """

    documents: Mapping[str, str]
    previous: Mapping[str, str]
    regions: tuple[str, ...]

    def encode(self) -> bytes:
        """Canonical JSON: the same run has the same bytes."""
        members = {"documents": dict(self.documents), "previous": dict(self.previous), "regions": sorted(self.regions)}
        return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, encoded: bytes) -> Manifest:
        """From its bytes. Raises ``ValueError`` for what is no manifest."""
        try:
            members = json.loads(encoded)
            documents, previous = (
                {str(k): str(v) for k, v in members[part].items()} for part in ("documents", "previous")
            )
            return cls(documents, previous, tuple(str(region) for region in members["regions"]))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a manifest: {type(error).__name__}") from None


def digest_of(document: bytes) -> str:
    """The name under which a document is kept: SHA-256 of its bytes, in hex."""
    return hashlib.sha256(document).hexdigest()


async def keep(connections: Connections, layout: KeyLayout, documents: Iterable[bytes], lasts_ms: int) -> None:
    """Keep documents for at least ``lasts_ms`` from now. Two round trips; one when all of them are there.

    Raises :class:`~regional_snapshots.store.errors.StoreError`; then some may have been kept, which does no harm.
    """
    wanted = {layout.inputs_key(digest_of(document)): document for document in documents}
    left = await connections.ask([("PTTL", key) for key in wanted])
    writes: list[tuple[str | bytes | int, ...]] = []
    for (key, document), left_ms in zip(wanted.items(), left, strict=True):
        if left_ms == -2:  # there is none
            writes.append(("SET", key, zlib.compress(document), "PX", lasts_ms + SLACK_MS))
        elif left_ms < lasts_ms:
            writes.append(("PEXPIRE", key, lasts_ms + SLACK_MS))
    if writes:
        await connections.ask(writes)


async def kept(
    connections: Connections, layout: KeyLayout, digests: Iterable[str]
) -> dict[str, bytes | DamagedInputError]:
    """Kept documents by digest, or the error in the place of one that is gone or damaged. One round trip.

    Raises :class:`~regional_snapshots.store.errors.StoreError` when nothing can be read.
    """
    keys = {digest: layout.inputs_key(digest) for digest in digests}
    replies = await connections.ask([("GET", key) for key in keys.values()])
    return {digest: _opened(reply, digest, key) for (digest, key), reply in zip(keys.items(), replies, strict=True)}


def _opened(packed: bytes | None, digest: str, key: str) -> bytes | DamagedInputError:
    if packed is None:
        return DamagedInputError("this kept input is gone", key=key)
    try:
        unpacking = zlib.decompressobj()
        document = unpacking.decompress(packed, MAX_DOCUMENT_BYTES)
    except zlib.error:
        return DamagedInputError("this kept input cannot be unpacked", key=key)
    if digest_of(document) != digest:
        return DamagedInputError("this kept input is not what its name says: it was changed", key=key)
    return document
