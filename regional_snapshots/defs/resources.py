"""Resources: the snapshot store, on the server of REDIS_URL or else on the embedded one."""

from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from regional_snapshots.settings import Settings
from regional_snapshots.store.commit import Policy
from regional_snapshots.store.errors import StoreError
from regional_snapshots.store.snapshots import SnapshotStore, open_store


class SnapshotStoreResource(dg.ConfigurableResource):
    """Opens the store when a run needs it; starts the embedded server when no Redis is configured."""

    redis_url: str = Field(default="", description="Where snapshots live. Empty: the embedded server.")
    feeds_redis_url: str = Field(default="", description="Where feeds are published. Empty: the same server.")
    home: str = Field(description="Where the embedded server keeps its data.")
    key_layout: str = Field(default="tagged", description="Key names: tagged, or worldmonitor for its readers.")
    retention_days: float = Field(default=90.0, description="How long a snapshot is kept, in days.")
    bucket_minutes: float = Field(default=15.0, description="At most one write per reason in this time, in minutes.")

    _store: SnapshotStore | None = PrivateAttr(default=None)

    @property
    def store(self) -> SnapshotStore:
        """The open store of this run. Raises ``dagster.Failure`` when it cannot be opened."""
        if self._store is None:
            try:
                self._store = self._open()
            except StoreError as error:
                raise dg.Failure(str(error), allow_retries=False) from error
        return self._store

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Close the connections of this run."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _open(self) -> SnapshotStore:
        return open_store(
            self.redis_url,
            feeds_url=self.feeds_redis_url,
            home=Path(self.home),
            layout=self.key_layout,
            policy=Policy.of(self.retention_days, self.bucket_minutes),
        )


def store_resource(settings: Settings) -> SnapshotStoreResource:
    """The resource as the settings have it. URLs stay environment variables, so that no password is shown in the UI."""
    return SnapshotStoreResource(
        redis_url=dg.EnvVar("REDIS_URL") if settings.redis_url else "",
        feeds_redis_url=dg.EnvVar("FEEDS_REDIS_URL") if settings.feeds_redis_url else "",
        home=str(settings.home),
        key_layout=settings.key_layout,
        retention_days=settings.retention_days,
        bucket_minutes=settings.bucket_minutes,
    )
