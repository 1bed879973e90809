"""The two locks of the embedded server's directory, both held by the kernel: neither can go stale.

``start.lock`` is held for the moment in which somebody starts or stops the server. ``server.lock`` is held by the
server process itself for as long as it lives, so the kernel can always say whether it lives, and under which pid.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_LOCK = "start.lock"
LIFETIME_LOCK = "server.lock"
LOCK_TAKEN = 75
"""Exit status of the launcher when another server already holds the lifetime lock."""
LAUNCHER = Path(__file__).with_name("launcher.py")

_WHOLE_FILE = {"type": fcntl.F_WRLCK, "whence": os.SEEK_SET, "start": 0, "length": 0, "pid": 0, "sysid": 0}
_LINUX = ("hhqqi4x", ("type", "whence", "start", "length", "pid"))
_BSD = ("qqihhi", ("start", "length", "pid", "type", "whence", "sysid"))
_LAYOUT, _FIELDS = _LINUX if sys.platform == "linux" else _BSD
"""The members of ``struct flock``; macOS is of the BSD kind."""


@contextmanager
def try_start_lock(directory: Path) -> Iterator[bool]:
    """Try once to take the start lock, and yield whether it was got. Excludes threads as well as processes."""
    file = os.open(directory / START_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # a child forked meanwhile may hold the file open; the lock must go
    finally:
        os.close(file)


def server_pid(directory: Path) -> int | None:
    """Pid of the server that lives on this directory, from the kernel; None if there is none."""
    try:
        file = os.open(directory / LIFETIME_LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        question = struct.pack(_LAYOUT, *(_WHOLE_FILE[field] for field in _FIELDS))
        answer = struct.unpack(_LAYOUT, fcntl.fcntl(file, fcntl.F_GETLK, question))
    finally:
        os.close(file)
    holder = dict(zip(_FIELDS, answer, strict=True))
    return None if holder["type"] == fcntl.F_UNLCK else holder["pid"]
