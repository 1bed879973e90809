"""The embedded server: a real server of our own, for machines on which ``REDIS_URL`` names none.

One server per directory, shared by everybody who opens that directory and independent of whoever started it. It
listens on a Unix socket only, keeps every write in an append-only log, and evicts nothing.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from regional_snapshots.store.embedded.binary import server_binaries
from regional_snapshots.store.embedded.directory import EmbeddedDirectory
from regional_snapshots.store.embedded.lock import LAUNCHER, LIFETIME_LOCK, LOCK_TAKEN, server_pid, try_start_lock
from regional_snapshots.store.errors import EmbeddedServerError

SERVER_OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "no",  # written before it is acknowledged, which "everysec" puts off while the disk is busy
    "aof-use-rdb-preamble": "no",
    "save": "",
    "maxmemory-policy": "noeviction",
}
KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
MAX_LAUNCHES = 3
"""A server may be killed while it starts; one that ends three times has a reason of its own."""
PROBE_TIMEOUT_S = 1.0

ANSWERS, ABSENT, SILENT = "answers", "is absent", "does not answer"
READS_ONLY = "answers, and refuses writes: its disk is full or failing"
SERVING = (ANSWERS, READS_ONLY)
"""States in which it can be used: one that cannot write says so itself to whoever writes, and reads go on."""
DISK_FULL = "No space left on device"


@dataclass(frozen=True)
class ServerStatus:
    """What is known about an embedded server.

    ``state`` is ``answers``, ``is absent``, ``does not answer``, or tells what it replies instead, and ``running``
    means that it serves reads at least. ``pid`` names the process that holds the directory, None if there is none.
    ``binary`` is the program that a start would use, ``version`` that of the server which answers.
    """

    running: bool
    state: str
    pid: int | None
    url: str
    directory: Path
    binary: Path | None
    version: str


class EmbeddedServer:
    """The server that lives on ``directory``, started when needed.

    Every method may raise :class:`EmbeddedServerError`; none waits much longer than ``timeout_s``.
    """

    def __init__(self, directory: Path, *, timeout_s: float = 20.0) -> None:
        self.directory = Path(os.path.realpath(Path(directory).expanduser()))
        self.timeout_s = timeout_s
        self._place = EmbeddedDirectory(self.directory)

    @property
    def url(self) -> str:
        """Address of the server, whether it runs or not."""
        return f"unix://{quote(os.fspath(self._place.socket))}"

    def ensure(self) -> str:
        """The address of a server that has just answered a PING; starts it if none lives. Safe to race."""
        with _explained(self.directory):
            if self._place.exists() and _probe(self._place.socket) in SERVING:
                return self.url
            self._place.make()
            launches, state = 0, ABSENT
            for _ in _attempts(self.timeout_s):
                state = _probe(self._place.socket)
                if state in SERVING:
                    return self.url
                if state == ABSENT and server_pid(self.directory) is None:
                    if launches == MAX_LAUNCHES:
                        raise self._ends_at_once()
                    launches += self._launch()
            raise self._unanswered(state)

    def stop(self) -> bool:
        """End the server and wait until it is gone; False if none was running. What it holds is on disk."""
        with _explained(self.directory):
            if not self._place.exists():
                return False
            for _ in _attempts(self.timeout_s):
                with try_start_lock(self.directory) as mine:
                    if mine:
                        return self._end()
            raise EmbeddedServerError("somebody else is starting or stopping it", next_step="try again")

    def status(self) -> ServerStatus:
        """What is known about the server, without starting it or waiting for it."""
        with _explained(self.directory):
            there = self._place.exists()
            state = _probe(self._place.socket) if there else ABSENT
            pid = server_pid(self.directory) if there else None
            version = _version(self._place.socket) if state in SERVING else ""
            binary = next(iter(server_binaries()), None)
            return ServerStatus(state in SERVING, state, pid, self.url, self.directory, binary, version)

    def _launch(self) -> bool:
        """Start the server unless somebody else does, or has. True if we did; it then holds the directory."""
        with try_start_lock(self.directory) as mine:
            if not mine or _probe(self._place.socket) != ABSENT or server_pid(self.directory) is not None:
                return False
            status = self._run_launcher(self._command())
        if status not in (0, LOCK_TAKEN):
            raise EmbeddedServerError(f"the server program does not run; its log ends:\n{self._place.log_end()}\n")
        return status == 0

    def _command(self) -> list[str]:
        binaries = server_binaries()
        if not binaries:
            raise EmbeddedServerError(
                "there is no Redis or Valkey server program for this platform",
                next_step="set REDIS_URL to a running server, or install redis-server or valkey-server",
            )
        places = {"dir": self.directory, "unixsocket": self._place.settle_socket(), "logfile": self._place.log}
        options = {**SERVER_OPTIONS, **{name: os.fspath(path) for name, path in places.items()}}
        command = [os.fspath(binaries[0])]
        for name, value in options.items():
            command += [f"--{name}", value]
        return command

    def _run_launcher(self, command: list[str]) -> int:
        self._place.trim_log()
        launcher = [sys.executable, "-I", "-S", os.fspath(LAUNCHER), os.fspath(self.directory / LIFETIME_LOCK)]
        with self._place.log.open("ab") as log:
            return subprocess.run(
                [*launcher, *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory, umask=0o077,
                env={name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ},
                check=False,
            ).returncode  # fmt: skip

    def _end(self) -> bool:
        pid = server_pid(self.directory)
        if pid is None:
            return False
        if pid <= 0:
            raise self._unanswered(ABSENT)
        for how, share in ((signal.SIGTERM, 0.75), (signal.SIGKILL, 0.25)):
            with suppress(ProcessLookupError):
                os.kill(pid, how)
                os.kill(pid, signal.SIGCONT)  # a stopped process hears SIGTERM only when it goes on
            for _ in _attempts(self.timeout_s * share):
                if server_pid(self.directory) != pid:
                    return True
        raise EmbeddedServerError(f"process {pid} does not end", next_step=f"end process {pid} by hand")

    def _ends_at_once(self) -> EmbeddedServerError:
        log = self._place.log_end()
        if DISK_FULL in log:
            return EmbeddedServerError(
                f"the disk is full: the embedded server cannot start in {self.directory}",
                next_step="free some space, then try again; what was written is still there",
            )
        kept = self.directory / "appendonlydir"
        return EmbeddedServerError(
            f"the embedded server ends as soon as it has started; its log ends:\n{log}\n",
            next_step=f"if its append-only log is damaged, put a copy of {kept} in its place, or move that elsewhere "
            "to begin with an empty store; nothing was changed. Or set REDIS_URL to another server",
        )

    def _unanswered(self, state: str) -> EmbeddedServerError:
        pid = server_pid(self.directory)
        if pid is not None and pid <= 0:
            return EmbeddedServerError(
                f"a process on another machine or in another container holds {self.directory}",
                next_step="stop it there, or set REDIS_URL or REGIONAL_SNAPSHOTS_HOME",
            )
        return EmbeddedServerError(
            f"the embedded server (process {pid}, {self.directory}) {state} after {self.timeout_s:g} s; its log "
            f"ends:\n{self._place.log_end()}\n",
            next_step="wait while it loads; else run `regional-snapshots redis stop` and try again",
        )


def _probe(path: Path) -> str:
    """PING once, and tell what came of it: ``ANSWERS``, ``ABSENT``, ``SILENT``, or words about its refusal."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PROBE_TIMEOUT_S)
        try:
            probe.connect(os.fspath(path))
            probe.sendall(b"PING\r\n")
            reply = probe.recv(256)
        except (TimeoutError, BlockingIOError):  # stopped or stuck; or so stuck that its queue is full
            return SILENT
        except OSError:  # no socket, no listener, or one that died on us
            return ABSENT
    if not reply:
        return ABSENT
    if reply.startswith(b"-MISCONF"):
        return READS_ONLY
    return ANSWERS if reply.startswith(b"+PONG") else f"says {reply[1:].decode(errors='replace').strip()!r}"


def _version(path: Path) -> str:
    """For example ``Valkey 9.1.2`` or ``Redis 7.0.15``; empty if it went away meanwhile."""
    with suppress(redis.RedisError), redis.Redis(unix_socket_path=os.fspath(path), socket_timeout=1.0) as client:
        facts = client.info("server")
        if "valkey_version" in facts:
            return f"Valkey {facts['valkey_version']}"
        return f"Redis {facts['redis_version']}"
    return ""


def _attempts(timeout_s: float) -> Iterator[None]:
    """Yields at once and then, after ever longer pauses (2 to 50 ms), until the time is over."""
    end, pause_s = time.monotonic() + timeout_s, 0.002
    while True:
        yield
        if time.monotonic() > end:
            return
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.4, 0.05)


@contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """What the file system refuses, as an error of ours."""
    try:
        yield
    except OSError as error:
        raise EmbeddedServerError(
            f"cannot use {error.filename or directory}: {error.strerror or error}",
            next_step="make it usable, or set REGIONAL_SNAPSHOTS_HOME to a directory of yours, or set REDIS_URL",
        ) from error
