"""A real Redis or Valkey server for tests, which can be killed, paused, starved and restarted.

It lives in a temporary directory, listens on a Unix socket (on request also on loopback TCP or TLS), and
never outlives the process that started it: a watchdog shell kills it as soon as that process is gone.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import redis

from regional_snapshots.store.embedded.binary import server_binaries

HARNESS_USER = "harness"
"""A user that may do everything, so that a test can shut out the default user and still look."""
BASE_OPTIONS = {
    "port": 0,
    "save": "86400 1000000",
    "appendonly": "no",
    "maxmemory-policy": "noeviction",
    "enable-debug-command": "yes",
    "enable-protected-configs": "yes",
    "repl-diskless-sync-delay": 0,
    "user": f"{HARNESS_USER} on nopass ~* &* +@all",
}
WATCHDOG = 'read _; kill -9 "$1" 2>/dev/null; rm -rf "$2"'
START_TIMEOUT_S = 20.0

Options = Mapping[str, object] | Sequence[str]


class ServerFailedError(RuntimeError):
    """The server did not start; the text ends with the end of its log."""


def usable_binaries() -> tuple[Path, ...]:
    """Server programs to test with, best first; ``REGIONAL_SNAPSHOTS_TEST_SERVER`` overrides them all."""
    chosen = os.environ.get("REGIONAL_SNAPSHOTS_TEST_SERVER")
    return (Path(chosen),) if chosen else server_binaries()


@functools.cache
def supports_tls(binary: Path) -> bool:
    """Whether the program was built with TLS: asked for TLS without a certificate, it then asks for one."""
    probe = subprocess.run(
        [binary, "--port", "0", "--tls-port", "1"], capture_output=True, text=True, timeout=START_TIMEOUT_S
    )
    return "tls-cert-file" in probe.stdout


class RedisServer:
    """One server with its own data directory, running as soon as it is made. A context manager.

    ``options`` are server settings, as a mapping (``{"appendonly": "yes"}``) or as raw arguments. ``tcp`` and
    ``tls`` open a loopback port each. Raises :class:`ServerFailedError`.
    """

    def __init__(
        self, options: Options = (), *, tcp: bool = False, tls: bool = False, binary: Path | None = None
    ) -> None:
        self.binary = binary or _choose_binary(tls)
        self.directory = Path(tempfile.mkdtemp(prefix="rs-"))
        self.socket_path = self.directory / "redis.sock"
        self.log_path = self.directory / "redis.log"
        self.port = _free_port() if tcp else 0
        self.tls_port = _free_port() if tls else 0
        self._authority: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._settled: dict[str, str] = {}
        self._arguments = [*_arguments(BASE_OPTIONS), *self._listening(), *_arguments(options)]
        atexit.register(self.close)
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Address of the Unix socket."""
        return f"unix://{self.socket_path}"

    @property
    def tcp_url(self) -> str:
        """Address of the loopback port; only with ``tcp=True``."""
        assert self.port, "start the server with tcp=True"
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def tls_url(self) -> str:
        """Address of the TLS port, naming the private authority; only with ``tls=True``."""
        assert self.tls_port, "start the server with tls=True"
        return f"rediss://localhost:{self.tls_port}/0?ssl_ca_certs={self._authority}"

    @property
    def pid(self) -> int:
        """Process id of the server, dead or alive."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the server process exists (it may be paused)."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def append_only_log(self) -> Path:
        """The append-only file that the server is writing at present (``appendonly yes``)."""
        return max(self.directory.glob("appendonlydir/*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))

    def client(self, **options: object) -> redis.Redis:
        """A blocking client for assertions, as the user that may do everything."""
        return redis.Redis.from_url(self.url, username=HARNESS_USER, password="any", **options)  # noqa: S106

    def start(self) -> None:
        """Start the server over the data that is there, and wait until it has answered a PING."""
        assert not self.alive, "the server is running"
        self.socket_path.unlink(missing_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [self.binary, *self._arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.directory, start_new_session=True,
            )  # fmt: skip
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "watchdog", str(self.pid), self.directory],
            stdin=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._wait_for_answer()
        if not self._settled:
            with self.client() as client:
                self._settled = client.config_get()

    def stop(self) -> None:
        """Ask the server to end (it saves what its settings say), and wait until it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """``kill -9``, and wait until the process is gone."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Stop the process (``SIGSTOP``): connections are accepted by the kernel, and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        os.kill(self.pid, signal.SIGCONT)

    def configure(self, **settings: object) -> None:
        """``CONFIG SET``; an underscore in a name stands for a hyphen."""
        with self.client() as client:
            for name, value in settings.items():
                client.config_set(name.replace("_", "-"), value)

    def reset(self) -> None:
        """Back to an empty server with its first settings and users, and no connection but ours."""
        if not self.alive:
            self.start()
        self.resume()
        with self.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)
            client.execute_command("REPLICAOF", "NO", "ONE")
            client.execute_command("ACL", "SETUSER", "default", "reset", "on", "nopass", "~*", "&*", "+@all")
            client.acl_deluser(*({*client.acl_users()} - {"default", HARNESS_USER}), "nobody")
            for name, value in self._settled.items() - client.config_get().items():
                client.config_set(name, value)
            client.script_flush()
            client.flushall()

    def close(self) -> None:
        """Kill the server and remove its directory. Harmless when repeated."""
        atexit.unregister(self.close)
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _listening(self) -> list[str]:
        settings: dict[str, object] = {
            "unixsocket": self.socket_path,
            "dir": self.directory,
            "bind": "127.0.0.1",
        }
        if self.port:
            settings["port"] = self.port
        if self.tls_port:
            from regional_snapshots_tests.support.certificates import make_certificates

            made = make_certificates(self.directory)
            self._authority = made.authority
            settings |= {"tls-port": self.tls_port, "tls-auth-clients": "no"}
            settings |= {"tls-cert-file": made.certificate, "tls-key-file": made.key}
            settings["tls-ca-cert-file"] = made.authority
        return _arguments(settings)

    def _wait_for_answer(self) -> None:
        end = time.monotonic() + START_TIMEOUT_S
        while not _answers(self.socket_path):
            if not self.alive or time.monotonic() > end:
                raise ServerFailedError(f"{self.binary} does not answer; its log ends:\n{self.log[-1500:]}")
            time.sleep(0.002)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self.alive:
            self._process.send_signal(how)
            self.resume()
            self._process.wait(START_TIMEOUT_S)
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None


def _choose_binary(tls: bool) -> Path:
    for path in usable_binaries():
        if not tls or supports_tls(path):
            return path
    raise ServerFailedError(f"no server program here{' speaks TLS' if tls else ''}; install redis-server")


def _arguments(options: Options) -> list[str]:
    if not isinstance(options, Mapping):
        return [str(word) for word in options]
    words = []
    for name, value in options.items():
        words += [f"--{name}", *(str(value).split(" ") if name == "user" else [str(value)])]
    return words


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
            probe.sendall(b"PING\r\n")
            return probe.recv(64).startswith((b"+PONG", b"-NOAUTH", b"-NOPERM"))
        except OSError:
            return False
