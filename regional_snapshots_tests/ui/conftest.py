"""Dagster's UI and daemon on a real server, and a headless browser to look at them with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regional_snapshots_tests.support.server import RedisServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHECKOUT = Path(__file__).parents[2]
HERE = Path(__file__).parent
START_TIMEOUT_S = 120.0
PATIENCE_MS = 30_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = os.environ.get("REGIONAL_SNAPSHOTS_TEST_SCREENSHOTS", "")
"""A directory to keep pictures of what the tests have seen, if any."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--run-ui``: these tests take minutes and a browser, so they run only when asked for."""
    parser.addoption("--run-ui", action="store_true", help="test the UI in a real browser")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests of this directory, with the reason, unless they were asked for and can run."""
    asked = config.getoption("--run-ui", default=False)
    reason = "needs --run-ui (make test-ui)" if not asked else unable()
    for item in items:
        if reason and HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


def unable() -> str:
    """What is missing to run these tests; empty when nothing is."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "needs the Python package playwright (pip install playwright)"
    return "" if browser_binary() else f"needs a browser, one of: {', '.join(BROWSERS)} (Debian: chromium)"


def browser_binary() -> str | None:
    """Path of the first browser there is."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class Ui:
    """A running UI: its address, its Redis server, and a page of the browser."""

    def __init__(self, url: str, server: RedisServer, page: Page) -> None:
        self.url, self.server, self.page = url, server, page

    def open(self, path: str) -> Page:
        """Go to a page of the UI."""
        self.page.goto(self.url + path)
        return self.page

    def see(self, path: str, *texts: str, within_s: float = 120.0) -> Page:
        """Wait until a page shows all these texts, loading it anew from time to time."""
        end = time.monotonic() + within_s
        while True:
            self.open(path)
            try:
                for text in texts:
                    self.page.get_by_text(text).first.wait_for(timeout=8_000)
            except Exception as error:
                if time.monotonic() > end:
                    shown = self.page.locator("body").inner_text()
                    raise AssertionError(f"{path} does not show {texts}, but:\n{shown[:3000]}") from error
            else:
                return self.page

    def keep(self, name: str) -> None:
        """Keep a picture of the page, if pictures are wanted."""
        if SCREENSHOTS:
            self.page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """The UI with its daemon, sample feeds, and a store with a replayed crisis, of which Dagster has no record."""
    from playwright.sync_api import sync_playwright

    home = tmp_path_factory.mktemp("home")
    with RedisServer() as server, sync_playwright() as playwright:
        for command in (("replay", "red-sea"), ("feeds", "load", "--sample")):
            line, settings = [sys.executable, "-m", "regional_snapshots", *command], environment(home, server.url)
            subprocess.run(line, check=True, env=settings, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
        port = free_port()
        process = start_dagster(home, server.url, port)
        browser = playwright.chromium.launch(executable_path=browser_binary(), args=list(BROWSER_FLAGS))
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_loaded(url, process, home / "dagster.log")
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.set_default_timeout(PATIENCE_MS)
            yield Ui(url, server, page)
        finally:
            browser.close()
            stop(process)


def environment(home: Path, redis_url: str) -> dict[str, str]:
    """As a person's shell has it, with an instance and a store of its own."""
    return os.environ | {
        "DAGSTER_HOME": str(home),
        "REGIONAL_SNAPSHOTS_HOME": str(home),
        "REDIS_URL": redis_url,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def start_dagster(home: Path, redis_url: str, port: int) -> subprocess.Popen[bytes]:
    """``dagster dev`` as ``make dev`` starts it, in a process group and with an instance of its own."""
    shutil.copy(CHECKOUT / "dagster.yaml", home / "dagster.yaml")
    command = [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "dagster.log").open("wb") as log:
        return subprocess.Popen(
            [*command, "--workspace", "workspace.yaml"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=CHECKOUT,
            env=environment(home, redis_url),
            start_new_session=True,
        )


def wait_until_loaded(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the UI knows our assets."""
    query = json.dumps({"query": "{assetNodes {assetKey {path}}}"}).encode()
    request = urllib.request.Request(f"{url}/graphql", query, {"content-type": "application/json"})  # noqa: S310
    end = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                if b"regional_snapshot" in answer.read():
                    return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"the UI does not come up; its log ends:\n{log.read_text()[-3000:]}")
        time.sleep(0.2)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the UI and all that it started to end; kill what does not."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """A TCP port that is free at this moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
