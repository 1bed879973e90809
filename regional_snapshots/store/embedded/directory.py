"""The directory of the embedded server: private to one user, and the place from which its socket is found."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from regional_snapshots.store.embedded.lock import server_pid
from regional_snapshots.store.errors import EmbeddedServerError

SOCKET_NAME = "redis.sock"
SOCKET_RECORD = "socket-path"
"""File that names the socket: relative to the directory, absolute where the directory's own path is too long."""
MAX_SOCKET_BYTES = 100
"""The kernel takes paths of 107 bytes on Linux and 103 on macOS."""
LOG_NAME = "redis.log"
LOG_LIMIT_BYTES = 1 << 20
LOG_END_BYTES = 900


@dataclass(frozen=True)
class EmbeddedDirectory:
    """``path`` is absolute and without symbolic links."""

    path: Path

    @property
    def socket(self) -> Path:
        """Where the server listens: where the record says, or else where a new one would.

        A copy of a directory has a copy of its record. An address outside of the directory is therefore this one's only
        if it follows from its path, or while a server holds this very directory (which was then moved).
        """
        own = self.path / self._best_socket()
        try:
            recorded = self.path / (self.path / SOCKET_RECORD).read_text()
        except (FileNotFoundError, NotADirectoryError):
            return own
        inside = recorded.parent == self.path
        return recorded if inside or recorded == own or server_pid(self.path) is not None else own

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.path / LOG_NAME

    def exists(self) -> bool:
        """Whether it is there; raises :class:`EmbeddedServerError` unless it is then ours, and ours alone."""
        _is_private(self.socket.parent)
        return _is_private(self.path)

    def make(self) -> None:
        """Make it, private, unless it is there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _make_private(self.path)

    def settle_socket(self) -> Path:
        """Choose, prepare and record where a new server is to listen. Only under the start lock."""
        chosen = self._best_socket()
        _make_private((self.path / chosen).parent)
        draft = self.path / f"{SOCKET_RECORD}.new"
        draft.write_text(os.fspath(chosen))
        draft.replace(self.path / SOCKET_RECORD)
        return self.path / chosen

    def trim_log(self) -> None:
        """Put a long log aside, keeping one old one. Only under the start lock."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))

    def log_end(self) -> str:
        """The last lines of the log, or a word that there is none."""
        try:
            text = self.log.read_bytes()[-LOG_END_BYTES:].decode(errors="replace")
        except OSError:
            return "(there is no log)"
        return text.partition("\n")[2].strip() if len(text) == LOG_END_BYTES else text.strip()

    def _best_socket(self) -> Path:
        if len(os.fsencode(self.path / SOCKET_NAME)) <= MAX_SOCKET_BYTES:
            return Path(SOCKET_NAME)
        name = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return Path(f"/tmp/regional-snapshots-{os.geteuid()}", f"{name}.sock")  # noqa: S108 - private, and checked


def _make_private(path: Path) -> None:
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        _is_private(path)


def _is_private(path: Path) -> bool:
    """Whether the directory exists. Raises unless it is then ours alone; an empty one of ours is made so."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        raise EmbeddedServerError(f"{path} is not a directory", next_step=f"move {path} out of the way")
    if found.st_uid != os.geteuid():
        owner = f"{path} belongs to user id {found.st_uid}, and this process runs as {os.geteuid()}"
        raise EmbeddedServerError(
            owner, next_step="run as its owner, or set REGIONAL_SNAPSHOTS_HOME to a directory of your own"
        )
    if found.st_mode & 0o077:
        if any(path.iterdir()):
            raise EmbeddedServerError(f"others may enter {path}", next_step=f"run `chmod 700 '{path}'`")
        path.chmod(0o700)
    return True
