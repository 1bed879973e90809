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
ABSENT = -2
"""What Redis says of the time that a key has left when there is none."""
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


@dataclass(frozen=True)
class RunInputs:
    """What a run was computed from, to be kept: its manifest, and the bytes of the documents that this names."""

    manifest: Manifest
    documents: tuple[bytes, ...]

    @classmethod
    def of(cls, values: Mapping[str, bytes | None], previous: Mapping[str, str], regions: Iterable[str]) -> RunInputs:
        """Of feeds and companions by key, ids of the snapshots before by region ("" for one that could not be read),
        and the regions that are scored."""
        found = {key: value for key, value in values.items() if value is not None}
        digests = {key: digest_of(value) for key, value in found.items()}
        return cls(Manifest(digests, previous, tuple(sorted(regions))), tuple(found.values()))

    @property
    def digest(self) -> str:
        """The name of the manifest: what snapshots have in ``meta.inputs``."""
        return digest_of(self.manifest.encode())


def digest_of(document: bytes) -> str:
    """The name under which a document is kept: SHA-256 of its bytes, in hex."""
    return hashlib.sha256(document).hexdigest()


async def kept_for(connections: Connections, layout: KeyLayout, digests: Iterable[str]) -> dict[str, int]:
    """How long documents are still kept, in ms, by digest: -1 for ever, -2 for one that is not there. One round trip.

    Raises :class:`~regional_snapshots.store.errors.StoreError`.
    """
    wanted = list(digests)
    left = await connections.ask([("PTTL", layout.inputs_key(digest)) for digest in wanted])
    return dict(zip(wanted, left, strict=True))


async def keep(
    connections: Connections, layout: KeyLayout, inputs: RunInputs, lasts_ms: int, known: Mapping[str, int]
) -> None:
    """Keep the inputs of a run for at least ``lasts_ms`` from now. One round trip.

    ``known`` is what :func:`kept_for` said of documents a moment ago; one that it does not name is written.
    Raises :class:`~regional_snapshots.store.errors.StoreError`; then some may have been kept, which does no harm.
    """
    writes: list[tuple[str | bytes | int, ...]] = []
    for document in (*inputs.documents, inputs.manifest.encode()):
        digest = digest_of(document)
        key, left_ms = layout.inputs_key(digest), known.get(digest, ABSENT)
        if left_ms == ABSENT:
            writes.append(("SET", key, zlib.compress(document), "PX", lasts_ms + SLACK_MS))
        elif left_ms < lasts_ms:
            writes.append(("PEXPIRE", key, lasts_ms + SLACK_MS))
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
