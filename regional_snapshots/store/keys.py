"""Every Redis key that the project writes, in two layouts. No other module spells a key.

The layout ``tagged`` puts each region's keys under one hash tag, so that one region is one slot of a cluster.
The layout ``worldmonitor`` keeps the names that readers of the former script know; its keys do not share a slot.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class KeyLayout:
    """Key names as templates with the fields ``region``, ``id``, ``instant`` (ms), ``reason`` and ``bucket``.

    ``index_expires``: with its newest member; otherwise never, as the programs that share the layout have it.
    """

    name: str
    payload: str
    view: str
    latest: str
    index: str
    pin: str
    terms: str
    """The same in every layout, so that writers of another one meet it."""
    live: str
    claim: str
    events: str
    regimes: str
    series: str
    quiet: str
    quarantine: str
    spare: str
    """Sorted set of the ids that the tiers of the retention may drop; "" where there are no tiers."""
    summary: str
    summary_meta: str
    set: str
    narrative: str
    """Cache of the texts of a model, by the digest of what it was asked."""
    brief: str
    briefs_summary: str
    briefs_meta: str
    deliveries: str
    """Stream of who was told what, of all regions."""
    one_slot_per_region: bool
    claims_name_things: bool
    """Whether a claim says what happened, or only the reason, because another program claims the same keys."""
    index_expires: bool
    inputs: str = "snapshot:inputs:{digest}"
    history: str = ""
    """List of regimes for the programs that share the layout; "" where there are none."""
    alerts: str = ""
    """Queue of their relay; "" where there is none, or alerts are off."""
    alerted: str = ""
    """Note of an alert that was queued, with the fields ``type`` and ``hash``."""

    def within(self, namespace: str) -> KeyLayout:
        """The same layout, every key under ``<namespace>:``; hash tags, and with them slots, stay what they are.

        Raises ``ValueError`` for a name that could end its prefix early, or match more than itself.
        """
        if not namespace:
            return self
        if not NAMESPACE.fullmatch(namespace):
            raise ValueError(f"{namespace!r} is no namespace: use up to 32 lower-case letters, digits and hyphens")
        keys: dict[str, Any] = {
            field: f"{namespace}:{text}"
            for field, text in asdict(self).items()
            if isinstance(text, str) and text and field != "name"
        }
        return replace(self, **keys)

    def without_alerts(self) -> KeyLayout:
        """The same layout, but nobody's relay is told."""
        return replace(self, alerts="", alerted="")

    def inputs_key(self, digest: str) -> str:
        """A feed document, or the manifest of a run, by the SHA-256 of its bytes: of no region."""
        return self.inputs.format(digest=digest)


NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
TAGGED = KeyLayout(
    name="tagged",
    payload="snapshot:id:{{{region}}}:{id}",
    view="snapshot:ts:{{{region}}}:{instant}",
    latest="snapshot:latest:{{{region}}}",
    index="snapshot:index:{{{region}}}",
    pin="snapshot:pin:{{{region}}}",
    terms="snapshot:terms:{{{region}}}",
    live="snapshot:live:{{{region}}}",
    claim="dedup:{{{region}}}:{reason}:{bucket}",
    events="snapshot:events:{{{region}}}",
    regimes="snapshot:regimes:{{{region}}}",
    series="snapshot:series:{{{region}}}",
    quiet="snapshot:quiet:{{{region}}}",
    quarantine="snapshot:quarantine:{{{region}}}:{key}",
    spare="snapshot:spare:{{{region}}}",
    summary="snapshot:{summary}",
    summary_meta="snapshot:{summary}:meta",
    set="snapshot:{summary}:set",
    narrative="snapshot:narrative:{{{region}}}:{digest}",
    brief="snapshot:brief:{{{region}}}",
    briefs_summary="snapshot:{briefs}",
    briefs_meta="snapshot:{briefs}:meta",
    deliveries="snapshot:deliveries",
    one_slot_per_region=True,
    claims_name_things=True,
    index_expires=True,
)
WORLDMONITOR = KeyLayout(
    name="worldmonitor",
    payload="intelligence:snapshot-by-id:v1:{id}",
    view="intelligence:snapshot:v1:{region}:{instant}",
    latest="intelligence:snapshot:v1:{region}:latest",
    index="intelligence:snapshot-index:v1:{region}",
    pin="intelligence:snapshot-pin:v1:{region}",
    terms=TAGGED.terms,
    live="intelligence:snapshot:v1:{region}:live",
    claim="dedup:snapshot:v1:{region}:{reason}:{bucket}",
    events="intelligence:snapshot-events:v1:{region}",
    regimes="intelligence:snapshot-regimes:v1:{region}",
    series="intelligence:snapshot-series:v1:{region}",
    quiet="intelligence:snapshot-quiet:v1:{region}",
    quarantine="snapshot:quarantine:v1:{region}:{key}",
    spare="",
    summary="intelligence:regional-snapshots:summary:v1",
    summary_meta="seed-meta:intelligence:regional-snapshots",
    set="intelligence:regional-snapshots:set:v1",
    narrative="intelligence:narrative-cache:v2:{region}:{digest}",
    brief="intelligence:regional-briefs:v1:weekly:{region}",
    briefs_summary="intelligence:regional-briefs:summary:v1",
    briefs_meta="seed-meta:intelligence:regional-briefs",
    deliveries="intelligence:regional-snapshots:deliveries:v1",
    one_slot_per_region=False,
    claims_name_things=False,
    index_expires=False,
    history="intelligence:regime-history:v1:{region}",
    alerts="wm:events:queue",
    alerted="wm:notif:scan-dedup:{type}:{hash}",
)
LAYOUTS = {layout.name: layout for layout in (TAGGED, WORLDMONITOR)}


@dataclass(frozen=True)
class RegionKeys:
    """The keys of one region."""

    region: str
    layout: KeyLayout = TAGGED

    @property
    def latest(self) -> str:
        """Pointer to the newest snapshot: its id."""
        return self.layout.latest.format(region=self.region)

    @property
    def index(self) -> str:
        """Sorted set of all retained ids, scored by ``generated_at`` (ms)."""
        return self.layout.index.format(region=self.region)

    @property
    def pin(self) -> str:
        """The id at which a person holds latest, for a time."""
        return self.layout.pin.format(region=self.region)

    @property
    def terms(self) -> str:
        """On what its writers agree, JSON: see ``store/terms.py``."""
        return self.layout.terms.format(region=self.region)

    @property
    def live(self) -> str:
        """Written by others while they prepare an update; a commit deletes it."""
        return self.layout.live.format(region=self.region)

    def payload(self, snapshot_id: str) -> str:
        """The snapshot itself, JSON."""
        return self.layout.payload.format(region=self.region, id=snapshot_id)

    def view(self, instant: int | str) -> str:
        """Timestamp view: the id of the snapshot of that instant (ms)."""
        return self.layout.view.format(region=self.region, instant=instant)

    def claim(self, what: str, bucket: int | str) -> str:
        """Dedup key of one bucket and of what happened in it: the id of the snapshot that owns it."""
        return self.layout.claim.format(region=self.region, reason=what, bucket=bucket)

    @property
    def events(self) -> str:
        """Stream of the region's events, for programs to subscribe to."""
        return self.layout.events.format(region=self.region)

    @property
    def regimes(self) -> str:
        """Stream of the changes of regime that were told."""
        return self.layout.regimes.format(region=self.region)

    @property
    def series(self) -> str:
        """Sorted set of rows (JSON), one for each six hours, scored by their start (ms)."""
        return self.layout.series.format(region=self.region)

    @property
    def history(self) -> str:
        """List of regimes, newest first, for the programs that share the layout."""
        return self.layout.history.format(region=self.region)

    def alerted(self, event_type: str, digest: str) -> str:
        """Note that an alert was queued, by us or by others."""
        return self.layout.alerted.format(type=event_type, hash=digest)

    @property
    def quiet(self) -> str:
        """Hash of the events that are in their cool-down."""
        return self.layout.quiet.format(region=self.region)

    @property
    def beside(self) -> dict[str, str]:
        """What a commit writes beside its snapshot, with the type of each key: of another type, it refuses commits."""
        types = {self.events: "stream", self.regimes: "stream", self.series: "zset", self.quiet: "hash"}
        types |= {self.terms: "string"} | ({self.spare: "zset"} if self.spare else {})
        return types | ({self.history: "list"} if self.history else {})

    @property
    def spare(self) -> str:
        """Sorted set of the ids that the tiers of the retention may drop, scored by ``generated_at`` (ms)."""
        return self.layout.spare.format(region=self.region)

    def narrative(self, digest: str) -> str:
        """The text that a model has written from these facts."""
        return self.layout.narrative.format(region=self.region, digest=digest)

    @property
    def brief(self) -> str:
        """The newest weekly brief, JSON."""
        return self.layout.brief.format(region=self.region)

    def quarantine(self, key: str) -> str:
        """Where a damaged key is moved."""
        return self.layout.quarantine.format(region=self.region, key=key)
