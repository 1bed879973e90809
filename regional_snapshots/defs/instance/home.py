"""DAGSTER_HOME: made ready once, whoever comes first, for nobody but us."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from filelock import FileLock
from sqlalchemy.exc import SQLAlchemyError

from regional_snapshots.files.packaged import packaged
from regional_snapshots.settings import SettingError, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PRIVATE = 0o700
OTHERS_WRITE = 0o002
LOCK, SCHEMA_MADE = ".lock", ".ready"
PATIENCE_S = 120.0
"""For the process that came first: it makes databases, perhaps on a busy machine."""
INSTANCE_SETTINGS = "dagster.yaml"
NEXT = "Next: make it usable, or set DAGSTER_HOME to a directory of yours."


class InstanceError(SettingError):
    """DAGSTER_HOME cannot be used; the text says why, and what to do."""


def prepare_instance(settings: Settings) -> None:
    """Make DAGSTER_HOME exist, with the project's instance settings and its databases, and let Dagster know.

    Processes that start at once wait for the first: two that make the same databases would fail. Raises
    :class:`InstanceError`.
    """
    home = settings.dagster_home
    os.environ["DAGSTER_HOME"] = str(home)
    try:
        make_private(home)
        with FileLock(home / LOCK, timeout=PATIENCE_S):
            link_instance_settings(home)
            if not (home / SCHEMA_MADE).exists():
                with opened_instance(settings):
                    pass
                (home / SCHEMA_MADE).touch()
    except OSError as error:
        raise InstanceError(f"DAGSTER_HOME ({home}) cannot be made ready: {error}. {NEXT}") from error


@contextmanager
def opened_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The persistent instance. Raises :class:`InstanceError` when it cannot be opened."""
    try:
        instance = dg.DagsterInstance.get()
    except (SQLAlchemyError, dg.DagsterError, OSError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InstanceError(
            f"the Dagster instance of {settings.dagster_home} cannot be opened: {first}. {NEXT}"
        ) from error
    except Exception as error:  # its settings are no YAML, or name what is not installed; its text may quote a password
        raise InstanceError(
            f"the {INSTANCE_SETTINGS} of {settings.dagster_home} cannot be used ({type(error).__name__}). {NEXT}"
        ) from error
    with instance:
        yield instance


def make_private(directory: Path) -> None:
    """Make the directory and what lies above it, for us alone; others may not write into one that is there already.

    Dagster unpickles what it finds there: whoever may write there may run code as us.
    """
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=PRIVATE, exist_ok=True)
    found = directory.stat()
    ours = os.name == "posix" and found.st_uid == os.geteuid() and stat.S_ISDIR(found.st_mode)
    if ours and found.st_mode & OTHERS_WRITE and not found.st_mode & stat.S_ISVTX:
        directory.chmod(found.st_mode & ~OTHERS_WRITE)


def link_instance_settings(home: Path) -> None:
    """Link the project's instance settings, unless there are others. A link to nothing is of a checkout that moved."""
    link = home / INSTANCE_SETTINGS
    if link.is_symlink() and not link.exists():
        link.unlink()
    if not link.exists():
        link.symlink_to(packaged(INSTANCE_SETTINGS))
