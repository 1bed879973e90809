"""Running the services of deploy/compose.yaml as plain processes, from an installed wheel, each with its own home."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import site
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from regional_snapshots.files.feed_files import SAMPLE, read_directory
from regional_snapshots_tests.deploy.postgres import free_port, programs
from regional_snapshots_tests.support.proxy import Proxy
from regional_snapshots_tests.support.server import RedisServer

CHECKOUT = Path(__file__).parents[2]
DEPLOY = CHECKOUT / "deploy"
START_TIMEOUT_S = 180.0
VISIBILITY_S = 20
"""How soon the task of a dead worker comes back: shorter than in the recipe, so that the test is."""
TOOLS = ("celery", "dagster", "dagster-daemon", "dagster-webserver", "regional-snapshots")
SCRIPT = """#!{python}
import sys
from importlib.metadata import entry_points
found = {{point.value: point for point in entry_points(group="console_scripts", name="{tool}")}}
sys.exit(next(iter(found.values())).load()())
"""


def unable() -> str:
    """What is missing to run a deployment; empty when nothing is."""
    if programs() is None:
        return "needs Postgres (Debian: postgresql)"
    missing = [name for name in ("dagster_celery", "dagster_postgres") if not _installed(name)]
    return f"needs the extras postgres and celery ({', '.join(missing)})" if missing else ""


def _installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name.replace("_", "-"))
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


class Service:
    """One process of the deployment, the leader of a process group of its own."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], home: Path) -> None:
        self.name, self.log_path = name, home / "log"
        self._command, self._environment, self._home = command, environment, home
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, cwd=self._home, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return self.log_path.read_text(errors="replace")

    @property
    def alive(self) -> bool:
        """Whether its first process is there."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it and all that it started, without a word."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Deployment:
    """All services of the recipe. ``snapshots`` is the Redis server, ``proxy`` lies between it and the workers."""

    def __init__(self, directory: Path, postgres_url: str) -> None:
        self._directory = directory
        self._recipe = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
        self.snapshots = RedisServer({"appendonly": "yes"}, tcp=True)
        self._broker = RedisServer(tcp=True)
        self.proxy = Proxy(self.snapshots.tcp_url)
        self._ports = {"4000": free_port(), "3000": free_port()}
        self._secrets = {
            "redis_url": self.proxy.url,
            "broker_url": self._broker.tcp_url,
            "postgres_url": postgres_url,
        }
        self.url = f"http://127.0.0.1:{self._ports['3000']}"
        self.services: dict[str, Service] = {}

    def __enter__(self) -> Deployment:
        self._install()
        for name, secret in self._secrets.items():
            (self._directory / name).write_text(secret)
        documents, _ = read_directory(SAMPLE)
        self.snapshots.client().mset(documents)
        try:
            for service, name in (("code", "code"), ("webserver", "webserver"), ("daemon", "daemon"),
                                  ("worker", "worker-1"), ("worker", "worker-2")):  # fmt: skip
                self.services[name] = self._service(service, name)
                self.services[name].start()
                if service == "code":
                    self.until(self._code_answers, "the code server answers")
            self.until(self._loaded, "the UI has loaded the definitions")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything."""
        for service in self.services.values():
            service.kill()
        self.proxy.close()
        self.snapshots.close()
        self._broker.close()

    @property
    def workers(self) -> list[Service]:
        """The two workers."""
        return [self.services["worker-1"], self.services["worker-2"]]

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """What the webserver answers to a GraphQL query."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            found = json.load(answer)
        assert "errors" not in found, found["errors"]
        data: dict[str, Any] = found["data"]
        return data

    def until(self, condition: Callable[[], bool], what: str, within_s: float = START_TIMEOUT_S) -> None:
        """Wait for a condition. Fails with the ends of all logs when it does not come, or a process has ended."""
        end = time.monotonic() + within_s
        while not condition():
            dead = [service.name for service in self.services.values() if not service.alive]
            if time.monotonic() > end or (dead and what.startswith("the ")):
                logs = "\n".join(f"--- {name}\n{service.log[-3000:]}" for name, service in self.services.items())
                raise AssertionError(f"not within {within_s:g} s: {what} (ended: {dead})\n{logs}")
            time.sleep(0.25)

    def _install(self) -> None:
        """An environment with the wheel in it; what the wheel needs is taken from this one."""
        place = self._directory / "environment"
        venv.create(place, with_pip=False)
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(self._directory)]
        subprocess.run([*build, str(CHECKOUT)], check=True, capture_output=True)
        [wheel] = self._directory.glob("*.whl")
        [packages] = (place / "lib").glob("python*/site-packages")
        subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(packages)], check=True)
        others = [path for path in sys.path if path.endswith("site-packages")] or site.getsitepackages()
        (packages / "others.pth").write_text("\n".join(others))
        for tool in TOOLS:
            script = place / "bin" / tool
            script.write_text(SCRIPT.format(python=place / "bin" / "python", tool=tool))
            script.chmod(0o755)
        self._programs = place / "bin"

    def _service(self, service: str, name: str) -> Service:
        home = self._directory / name
        (home / "tmp").mkdir(parents=True)
        recipe = self._recipe["services"][service]
        given = {key: self._here(str(value)) for key, value in recipe["environment"].items()}
        environment = {
            "PATH": f"{self._programs}:/usr/bin:/bin",
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "PYTHONPATH": str(DEPLOY / "celery"),
            "PYTHONUNBUFFERED": "1",
            "DAGSTER_HOME": str(home / "dagster"),
            "REGIONAL_SNAPSHOTS_HOME": str(home / "regional_snapshots"),
            "MPLCONFIGDIR": str(home / "matplotlib"),
            "INSTANCE_SETTINGS": str(DEPLOY / "dagster.yaml"),
            "CELERY_VISIBILITY_TIMEOUT": str(VISIBILITY_S),
            **given,
        }
        command = [str(DEPLOY / "entrypoint.sh"), *(self._here(part) for part in recipe["command"])]
        if service == "worker":
            command += ["--hostname", f"{name}@%h"]
        return Service(name, command, environment, home)

    def _here(self, text: str) -> str:
        """A text of the recipe, with what is another host, port or folder in a container put right."""
        text = text.replace("/run/secrets", str(self._directory)).replace("/opt/deploy", str(DEPLOY))
        text = text.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - what is replaced
        return {"code": "127.0.0.1", **{port: str(ours) for port, ours in self._ports.items()}}.get(text, text)

    def _code_answers(self) -> bool:
        check = [str(self._programs / "dagster"), "api", "grpc-health-check", "--port", str(self._ports["4000"])]
        return subprocess.run(check, capture_output=True, check=False).returncode == 0

    def _loaded(self) -> bool:
        try:
            found = self.ask("{ assetNodes { assetKey { path } } }")
        except OSError:
            return False
        return {"assetKey": {"path": ["regional_snapshot"]}} in found["assetNodes"]
