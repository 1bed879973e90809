"""The command line in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


class Shell:
    """Runs the command line in an environment of its own, in which no bucket turns in the middle of a test."""

    def __init__(self, home: Path, url: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        ours = {"REGIONAL_SNAPSHOTS_HOME": str(home), "REGIONAL_SNAPSHOTS_BUCKET_MINUTES": "1440", "REDIS_URL": url}
        self.environment = kept | ours | {"HOME": str(home)}

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one command; keyword arguments are environment variables."""
        command = [sys.executable, "-m", "regional_snapshots", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=self.environment | environment, cwd=self.environment["HOME"]
        )

    def json(self, *arguments: str) -> object:
        """Run a command that must succeed, and read its JSON."""
        done = self(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
