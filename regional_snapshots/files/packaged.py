"""Files that belong to the project and are no code: instance settings, the workspace, the guides that the UI links to.

In a checkout they lie at its top, where Dagster and people look for them; a wheel carries copies inside the package.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
CHECKOUT = PACKAGE.parent
COPIES = PACKAGE / "_packaged"


def packaged(name: str) -> Path:
    """The file ``dagster.yaml``, ``workspace.yaml`` or ``docs/<page>.md``, wherever this installation keeps it.

    Raises ``FileNotFoundError`` when it is in neither place.
    """
    for place in (CHECKOUT if in_checkout() else COPIES, COPIES):
        if (place / name).is_file():
            return place / name
    raise FileNotFoundError(f"this installation lacks {name}: install regional-snapshots again")


def in_checkout() -> bool:
    """Whether the package lies in a checkout of the project, and not in an installed wheel."""
    return (CHECKOUT / "pyproject.toml").is_file() and (CHECKOUT / "dagster.yaml").is_file()
