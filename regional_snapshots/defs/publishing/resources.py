"""The resource ``snapshots``: the store of a run, one for all its parts."""

from collections.abc import Iterator
from contextlib import ExitStack

import dagster as dg

from regional_snapshots.settings import Settings
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots.stores import leased


class Snapshots:
    """Opens the store when something first needs it; starts the embedded server when no Redis is configured."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._leases = ExitStack()
        self._store: SnapshotStore | None = None

    @property
    def store(self) -> SnapshotStore:
        """The open store. Raises :class:`StoreError` when it cannot be opened."""
        if self._store is None:
            self._store = self._leases.enter_context(leased(self.settings))
        return self._store

    def close(self) -> None:
        """Leave the store to whoever else uses it."""
        self._store = None
        self._leases.close()


def snapshots_resource(settings: Settings) -> dg.ResourceDefinition:
    """The resource as the settings have it. It has no configuration, so that no URL with a password is shown."""

    def opened(_: dg.InitResourceContext) -> Iterator[Snapshots]:
        snapshots = Snapshots(settings)
        try:
            yield snapshots
        finally:
            snapshots.close()

    where = "the server of REDIS_URL" if settings.redis_url else f"the embedded server of {settings.home}"
    namespace = f", namespace {settings.namespace}" if settings.namespace else ""
    return dg.ResourceDefinition(
        opened,
        description=f"The snapshot store on {where}: layout {settings.key_layout}{namespace}, "
        f"{settings.retention_days:g} days kept, at most one write per reason in {settings.bucket_minutes:g} minutes.",
    )
