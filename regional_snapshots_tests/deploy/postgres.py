"""A Postgres server of its own for a test, from Debian's packages."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

USER = "postgres"


def programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, newest version first; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    there = shutil.which("initdb")
    return Path(there).parent if there else None


class Postgres:
    """A server over a new data directory, on loopback. A context manager; it ends with it."""

    def __init__(self) -> None:
        folder = programs()
        assert folder, "Postgres is not installed"
        self._place = Path(tempfile.mkdtemp(prefix="rs-postgres-"))
        self._programs, self._directory = folder, self._place / "data"
        self.port = free_port()
        self.url = f"postgresql+psycopg2://dagster:secret@127.0.0.1:{self.port}/dagster"

    def __enter__(self) -> Postgres:
        as_root = os.geteuid() == 0
        if as_root:  # Postgres refuses to run as root
            account = pwd.getpwnam(USER)
            os.chown(self._place, account.pw_uid, account.pw_gid)
        self._as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if as_root else []
        self._run("initdb", "--username", "dagster", "--auth", "trust", "--no-sync", "--pgdata", str(self._directory))
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        log = self._place / "log"
        self._run(
            "pg_ctl", "--pgdata", str(self._directory), "--options", options, "--wait", "--log", str(log), "start"
        )
        self._run("createdb", "--host", "127.0.0.1", "--port", str(self.port), "--username", "dagster", "dagster")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run("pg_ctl", "--pgdata", str(self._directory), "--mode", "immediate", "stop")
        shutil.rmtree(self._place, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
