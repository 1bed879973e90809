"""What the programs beside us are told in the layout they share: alerts for their relay, and the list of regimes.

Both go into the transaction of the snapshot: none is told without it, none is lost, none is told twice. An alert of the
same fact that anybody queued within six hours, we or the former script, holds it back.
Source: the description of the live system, sections 3 (alerts) and 4 (regime history).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from regional_snapshots.model.events import Event
from regional_snapshots.model.news import News
from regional_snapshots.model.regions import REGIONS
from regional_snapshots.model.snapshot import Snapshot
from regional_snapshots.model.values import spoken
from regional_snapshots.store.keys import RegionKeys

ALERT_LIFE_S = 21_600
HISTORY_KEPT = 100
"""Entries that readers of the list expect at most."""
GRAVE = ("escalation_ladder", "fragmentation_risk")

KNOWN_ELSEWHERE: Mapping[str, str] = {
    "hormuz_transit_drop": "nbkm8f",
    "iran_cii_spike": "14s9kdj",
    "red_sea_critical": "tp7sqb",
    "mena_coercive_high": "bzegbx",
    "oref_cluster": "1osd6f1",
    "taiwan_tension_high": "1twgga4",
    "russia_naval_buildup": "123nh26",
    "european_capital_stress": "rpkjiv",
}
"""Trigger -> the hash under which the former script notes its alert. It hashes wording of its own, so it is listed."""


@dataclass(frozen=True)
class Alert:
    """One alert. ``hashes`` are all under which somebody may have noted the same fact."""

    event_type: str
    severity: str
    title: str
    dedupe_key: str
    details: Mapping[str, Any]
    hashes: tuple[str, ...]

    def message(self, snapshot: Snapshot, now_ms: int) -> str:
        """As the relay reads it from its queue."""
        payload = {
            "title": self.title,
            "region_id": snapshot.region,
            "snapshot_id": snapshot.id,
            "triggered_at": snapshot.generated_at,
            "details": self.details,
            "dedupe_key": self.dedupe_key,
        }
        message = {"eventType": self.event_type, "severity": self.severity, "payload": payload, "publishedAt": now_ms}
        return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def alerts_of(news: News, snapshot: Snapshot) -> list[Alert]:
    """The alerts of a snapshot, in the order of its events; the repeats of one fact are one alert."""
    label = REGIONS[snapshot.region].label if snapshot.region in REGIONS else snapshot.region
    described = {it["id"]: it["description"] for it in snapshot.document.get("triggers", {}).get("active", ())}
    made = [_ALERTS[event.type](event, label, described) for event in news.events if event.type in _ALERTS]
    return list({(alert.event_type, alert.dedupe_key): alert for alert in made}.values())


def noted(alert: Alert, keys: RegionKeys) -> list[str]:
    """The keys that say that this alert was queued within six hours, by us or by others."""
    return [keys.alerted(alert.event_type, each) for each in alert.hashes]


def history_entry(news: News, snapshot: Snapshot) -> str:
    """A change of regime as the list of regimes has it; "" when the snapshot brings none."""
    if news.shift is None:
        return ""
    regime = snapshot.document.get("regime", {})
    entry = {
        "region_id": snapshot.region,
        "label": news.shift.after,
        "previous_label": news.shift.before,
        "transitioned_at": regime.get("transitioned_at") or news.shift.at,
        "transition_driver": regime.get("transition_driver", ""),
        "snapshot_id": snapshot.id,
    }
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def hash_of(text: str) -> str:
    """The hash of the live system over a text: 31-fold over its UTF-16 units, modulo 2^32, to the base 36."""
    units = text.encode("utf-16-le", "surrogatepass")
    value = 0
    for place in range(0, len(units), 2):
        value = (31 * value + int.from_bytes(units[place : place + 2], "little")) % 2**32
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


def _alert(event_type: str, severity: str, text: str, details: Mapping[str, Any], *others: str) -> Alert:
    return Alert(event_type, severity, text, text, details, (hash_of(f"{event_type}:{text}"), *others))


def _shift(event: Event, label: str, _: Mapping[str, str]) -> Alert:
    before, after = str(event.before or "none"), str(event.after)
    text = f"{label}: regime {spoken(before)} → {spoken(after)}"
    severity = "critical" if after in GRAVE else "high"
    return _alert("regional_regime_shift", severity, text, {"from": before, "to": after})


def _activation(event: Event, label: str, described: Mapping[str, str]) -> Alert:
    name = event.subject
    description = described.get(name, spoken(name))
    others = (KNOWN_ELSEWHERE[name],) if name in KNOWN_ELSEWHERE else ()
    details = {"trigger_id": name, "description": description}
    text = f"{label}: trigger {name} is active ({description})"
    return _alert("regional_trigger_activation", "high", text, details, *others)


def _corridor_break(event: Event, label: str, _: Mapping[str, str]) -> Alert:
    details = {"corridor_id": event.subject, "from": _decimals(event.before), "to": _decimals(event.after)}
    return _alert("regional_corridor_break", "critical", f"{label}: corridor {event.subject} broke", details)


def _buffer_failure(event: Event, label: str, _: Mapping[str, str]) -> Alert:
    details = {"axis": event.subject, "from": event.before, "to": event.after}
    return _alert("regional_buffer_failure", "high", f"{label}: {spoken(event.subject)} failed", details)


def _decimals(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, (int, float)) else str(value)


_ALERTS: Mapping[str, Callable[[Event, str, Mapping[str, str]], Alert]] = {
    "regime_shift": _shift,
    "trigger_activated": _activation,
    "corridor_break": _corridor_break,
    "buffer_failure": _buffer_failure,
}
"""Type of event -> its alert; the others alert nobody."""
