"""`dev`: the Dagster UI and its daemon, on the persistent instance."""

from __future__ import annotations

import subprocess
import sys

import click

from regional_snapshots import console
from regional_snapshots.commands.shared.command import FINE, CannotRun, command
from regional_snapshots.files.packaged import packaged
from regional_snapshots.settings import Settings

KNOWN = "ignore:Function `dev_command` is superseded"
"""By `dg dev`, which would be one package more to install: see decision 6."""


@command("dev", short_help="The Dagster UI, schedules and sensors.", examples=("dev", "dev --port 3001"))
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the UI listens.")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="And on which port.")
@click.option("--prepare-only", is_flag=True, help="Only make DAGSTER_HOME ready, for a service manager.")
def dev(host: str, port: int, prepare_only: bool, as_json: bool) -> int:
    """Run the Dagster UI, the schedules and the sensors on this machine, until it is interrupted."""
    from regional_snapshots.defs.instance.home import prepare_instance

    settings = Settings.load()
    workspace = settings.dagster_home / "workspace.yaml"
    prepare_instance(settings)
    try:
        workspace.write_bytes(packaged("workspace.yaml").read_bytes())
    except OSError as error:
        raise CannotRun(f"DAGSTER_HOME cannot be made ready: {error}") from None
    if prepare_only:
        if as_json:
            console.as_json({"dagster_home": str(settings.dagster_home)})
        else:
            console.line(f"ready: {settings.dagster_home}")
        return FINE
    arguments = ["dev", "--workspace", str(workspace), "--host", host, "--port", str(port)]
    return subprocess.call([sys.executable, "-W", KNOWN, "-m", "dagster", *arguments])
