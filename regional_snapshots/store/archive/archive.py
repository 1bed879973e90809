"""A backup file: JSON lines in gzip, readable without us, and provably whole.

A file is a row of gzip members, each of whole lines, so that one whose writing was interrupted goes on where it broke
off. The first line is a header, the last one counts what lies between and holds its digest.

=========  =======================================================================================
kind       members
=========  =======================================================================================
header     ``format``, ``layout``, ``namespace``, ``regions``, ``made_at`` (ms)
snapshot   ``region``, ``id``, ``payload`` (the JSON of the snapshot as a text, byte for byte)
end        ``lines`` before it, ``digest`` (SHA-256 over them, line ends included)
=========  =======================================================================================
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regional_snapshots.store.errors import BackupError

FORMAT = 1
CHUNK_BYTES = 1 << 20
ANOTHER_COPY = "use another copy of it"
Line = dict[str, Any]


class ArchiveWriter:
    """Writes a backup beside its final name, and gives it that name once it is whole. Goes on with an unfinished one.

    ``lines`` are those that an earlier attempt left behind. Raises :class:`BackupError`.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._part = path, path.with_name(f"{path.name}.part")
        if path.exists():
            raise BackupError(f"{path} is there already", next_step="name another file")
        self.lines: list[Line] = []
        self._count, self._digest = 0, hashlib.sha256()
        with _explained(path):
            sound = self._resume() if self._part.exists() else 0
            self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._file, sound)
            os.lseek(self._file, sound, os.SEEK_SET)

    def write(self, lines: Iterable[Line]) -> None:
        """Append lines, as one member: all of them survive an interruption, or none."""
        texts = [_encoded(line) for line in lines]
        if texts:
            self._note(texts)
            with _explained(self.path):
                _write_all(self._file, gzip.compress(b"".join(texts), mtime=0))

    def finish(self) -> None:
        """Write the end, make sure that it is on the disk, and give the file its name."""
        self.write([{"kind": "end", "lines": self._count, "digest": self._digest.hexdigest()}])
        with _explained(self.path):
            os.fsync(self._file)
            self.close()
            self._part.replace(self.path)

    def close(self) -> None:
        """Leave the file as it is; whoever opens it again goes on with it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _note(self, texts: Iterable[bytes]) -> None:
        for text in texts:
            self._count += 1
            self._digest.update(text)

    def _resume(self) -> int:
        """Take up the lines of the members that are whole; answers where the last of them ends."""
        sound = 0
        for member, end in _members(self._part):
            texts = member.splitlines(keepends=True)
            self._note(texts)
            self.lines += [json.loads(text) for text in texts]
            sound = end
        return sound


@dataclass(frozen=True)
class Archive:
    """A finished backup."""

    path: Path

    def lines(self) -> Iterator[Line]:
        """The lines between header and end, the header first. Raises :class:`BackupError` for what is not whole."""
        count, digest, ended = 0, hashlib.sha256(), False
        for text in self._texts():
            line = self._parsed(text)
            if ended or (count == 0) != (line.get("kind") == "header"):
                raise BackupError(f"{self.path} is no backup of ours", next_step="name the file that `backup` wrote")
            if line.get("kind") == "end":
                ended = True
                if (line.get("lines"), line.get("digest")) != (count, digest.hexdigest()):
                    raise BackupError(f"{self.path} was changed after it was written", next_step=ANOTHER_COPY)
                continue
            if count == 0 and line.get("format") != FORMAT:
                raise BackupError(
                    f"{self.path} has the format {line.get('format')!r}, and this version reads {FORMAT}",
                    next_step="restore it with the version of regional-snapshots that wrote it",
                )
            count += 1
            digest.update(text)
            yield line
        if not ended:
            raise BackupError(
                f"{self.path} is not whole", next_step="run `backup` again with the same name, to finish it"
            )

    def _texts(self) -> Iterator[bytes]:
        with _explained(self.path):
            try:
                with gzip.open(self.path) as file:
                    yield from file
            except (EOFError, gzip.BadGzipFile, zlib.error):
                raise BackupError(f"{self.path} is damaged or not whole", next_step=ANOTHER_COPY) from None

    def _parsed(self, text: bytes) -> Line:
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if not isinstance(line, dict):
            raise BackupError(f"{self.path} is no backup of ours", next_step="name the file that `backup` wrote")
        return line


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What the file system refuses, as an error of ours."""
    try:
        yield
    except OSError as error:
        problem = f"{path}: {error.strerror or error}"
        raise BackupError(problem, next_step="make it usable, then try again") from None


def _encoded(line: Line) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _members(path: Path) -> Iterator[tuple[bytes, int]]:
    """The whole gzip members of a file, each with the offset of its end; a broken rest is left out."""
    with path.open("rb") as file:
        data, end = b"", 0
        while True:
            unpacking, parts = zlib.decompressobj(wbits=31), []
            while not unpacking.eof:
                data = data or file.read(CHUNK_BYTES)
                if not data:
                    return
                try:
                    parts.append(unpacking.decompress(data))
                except zlib.error:
                    return
                end += len(data) - len(unpacking.unused_data)
                data = unpacking.unused_data
            yield b"".join(parts), end
