"""`redis`: the embedded server."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, WRONG, command
from regional_snapshots.settings import Settings

if TYPE_CHECKING:
    from regional_snapshots.store.embedded.server import EmbeddedServer


@click.group("redis", short_help="The embedded server.")
def redis() -> None:
    """The embedded server, which is used while REDIS_URL is not set."""


def _embedded() -> EmbeddedServer:
    from regional_snapshots.store.embedded import embedded_server

    return embedded_server(Settings.load().home)


@command("start", group=redis, examples=("redis start",))
def redis_start(as_json: bool) -> int:
    """Start the embedded server, unless it runs already."""
    url = _embedded().ensure()
    unused = " (not used while REDIS_URL is set)" if Settings.load().redis_url else ""
    console.as_json({"url": url}) if as_json else console.line(f"running at {url}{unused}")
    return FINE


@command("stop", group=redis, examples=("redis stop",))
def redis_stop(as_json: bool) -> int:
    """Stop the embedded server; its data stay."""
    stopped = _embedded().stop()
    console.as_json({"stopped": stopped}) if as_json else console.line("stopped" if stopped else "it was not running")
    return FINE


@command("status", group=redis, short_help="Say whether it runs.", examples=("redis status",))
def redis_status(as_json: bool) -> int:
    """Say whether the embedded server runs. Exit status 1 when it does not."""
    status = _embedded().status()
    if as_json:
        console.as_json(asdict(status))
    else:
        console.line(f"running, process {status.pid}, at {status.url}" if status.running else "not running")
    return FINE if status.running else WRONG


@command("url", group=redis, short_help="Print its address.", examples=("redis url",))
def redis_url(as_json: bool) -> int:
    """Print the URL of the embedded server, for redis-py and others; it may not be running."""
    url = _embedded().url
    console.as_json({"url": url}) if as_json else print(url)
    return FINE
