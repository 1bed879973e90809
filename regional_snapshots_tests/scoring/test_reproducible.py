"""A snapshot is the same to the byte whatever Python computes it, and in whatever order its sets lie."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from regional_snapshots_tests.support.reproduce import digests

ROOT = Path(__file__).parents[2]
SUPPORTED = ("3.10", "3.11", "3.12", "3.13")


def interpreters() -> dict[str, str]:
    """Version -> program, of all supported ones that this machine has: on the PATH, or beside our own."""
    beside = [str(path) for path in Path(sys.base_prefix).parent.glob("3.*/bin/python3")]
    on_path = [path for version in SUPPORTED if (path := shutil.which(f"python{version}"))]
    found = {}
    for program in [sys.executable, *on_path, *beside]:
        version = "import sys; print('%d.%d' % sys.version_info[:2])"
        asked = subprocess.run([program, "-c", version], capture_output=True, text=True)
        if asked.returncode == 0 and asked.stdout.strip() in SUPPORTED:
            found.setdefault(asked.stdout.strip(), program)
    return found


def test_every_supported_python_and_hash_seed_gives_the_same_bytes() -> None:
    wanted = "".join(f"{method} {digest}\n" for method, digest in digests().items())
    command = ["-m", "regional_snapshots_tests.support.reproduce"]
    running = {
        f"{version}, hash seed {seed}": subprocess.Popen(
            [program, *command], cwd=ROOT, env={"PYTHONHASHSEED": str(seed)}, stdout=subprocess.PIPE, text=True
        )
        for seed, (version, program) in enumerate(interpreters().items(), 1)
    }
    assert {name: process.communicate()[0] for name, process in running.items()} == dict.fromkeys(running, wanted)
