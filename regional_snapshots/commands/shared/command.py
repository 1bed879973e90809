"""A command: it takes ``--json``, and turns our errors into one line and an exit status."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from regional_snapshots import console
from regional_snapshots.model.geography import RegionsFileError
from regional_snapshots.settings import SettingError, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regional_snapshots.store.snapshots import SnapshotStore

FINE, WRONG, CANNOT_RUN = 0, 1, 2
"""Exit statuses: fine, something is or was left wrong, it could not run."""


class CannotRun(click.ClickException):
    """One clear line on standard error, and exit status 2."""

    exit_code = CANNOT_RUN

    def show(self, file: object = None) -> None:
        """Print the line."""
        console.complain(f"regional-snapshots: {self.message}")


def command(
    name: str, *, examples: Sequence[str], group: click.Group | None = None, **options: Any
) -> Callable[[Callable[..., int]], click.Command]:
    """Make a command (of ``group``, if one is given) of a function that returns its exit status.

    The function takes ``as_json`` beside its own arguments. ``examples`` end its help; ``options`` are click's.
    """

    def decorate(function: Callable[..., int]) -> click.Command:
        @functools.wraps(function)
        def guarded(*arguments: Any, **keywords: Any) -> None:
            try:
                sys.exit(function(*arguments, **keywords))
            except (SettingError, RegionsFileError) as error:
                raise CannotRun(str(error)) from None
            except KeyboardInterrupt:
                raise CannotRun("interrupted") from None
            except Exception as error:
                if not _is_ours(error):
                    raise
                raise CannotRun(str(error)) from None

        flag = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
        shown = "\n".join(f"  regional-snapshots {example}" for example in examples)
        made = click.command(name, cls=click.Command, epilog=f"\b\nExamples:\n{shown}", **options)(flag(guarded))
        if group:
            group.add_command(made)
        return made

    return decorate


def _is_ours(error: Exception) -> bool:
    from regional_snapshots.store.errors import StoreError

    return isinstance(error, StoreError)


@contextmanager
def opened(settings: Settings) -> Iterator[SnapshotStore]:
    """The store of this process as the settings have it: the one that its runs use, too."""
    from regional_snapshots.stores import leased

    with leased(settings) as store:
        yield store
