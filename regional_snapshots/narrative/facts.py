"""The facts of a snapshot that a text may use: lines for the prompt, and the ids, numbers and words that it may hold.

Source: the description of the live system, section 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from regional_snapshots.model.regions import REGIONS
from regional_snapshots.model.snapshot import AXES
from regional_snapshots.model.values import spoken

MAX_EVIDENCE, MAX_ACTORS, MAX_PATHS, MAX_SUMMARY = 15, 5, 5, 180

_INSTRUCTION = re.compile(
    r"https?://|www\.|\S+@\S+\.\S+|\b(ignore|disregard|forget|override)\b.{0,40}\b(previous|above|all|instructions?|rules?)"
    r"|\b(system|assistant|developer|user)\s*(prompt|message|:)|\b(instructions?|prompt|jailbreak)\b"
    r"|\b(respond|reply|answer|output|print|write|say|return)\b.{0,30}\b(only|exactly|with|json|the following|that)\b",
    re.IGNORECASE,
)
"""What reads like a word to the model instead of a report about the world. Such a text is not shown to it."""
WITHHELD = "(text withheld: it addresses the reader)"


@dataclass(frozen=True)
class Facts:
    """What one text may rest on.

    ``lines`` are ours, ``evidence`` is ``{id: text of a feed, cut}`` and is to be fenced. ``ids`` may be cited,
    ``numbers`` and ``words`` (lower case) may occur. ``regime`` is the label as words, "" when it is not known.
    """

    region: str
    regime: str
    lines: tuple[str, ...]
    evidence: Mapping[str, str]
    ids: frozenset[str]
    numbers: frozenset[float]
    words: frozenset[str]


def facts_of(document: Mapping[str, Any]) -> Facts:
    """The facts of one snapshot document, of any method. What it does not have is left out."""
    region = document["region_id"]
    label = spoken(document["regime"]["label"])
    moment = datetime.fromtimestamp(document["generated_at"] / 1000, timezone.utc)
    evidence = {item["id"]: shown(item) for item in document["evidence"][:MAX_EVIDENCE]}
    lines = (
        f"region: {REGIONS[region].label} ({region})" if region in REGIONS else f"region: {region}",
        f"date: {moment:%Y-%m-%d} (UTC)",
        f"regime: {label}" + (f", before: {spoken(before)}" if (before := _previous(document)) else ""),
        *_axes(document["balance"]),
        *(_actor(it) for it in document["actors"][:MAX_ACTORS]),
        *_outlooks(document["scenario_sets"]),
        *_paths(document["transmission_paths"]),
        *(f"active trigger: {it['id']} ({it['description']})" for it in document["triggers"]["active"]),
    )
    cited = {identity for driver in _drivers(document["balance"]) for identity in driver["evidence_ids"]}
    return facts_from(region, label, lines, evidence, cited)


def facts_from(
    region: str, regime: str, lines: Sequence[str], evidence: Mapping[str, str], cited: Iterable[str]
) -> Facts:
    """Facts from lines of ours and texts of feeds."""
    texts = [*lines, *(text for text in evidence.values() if text != WITHHELD)]
    return Facts(
        region,
        regime,
        tuple(lines),
        dict(evidence),
        frozenset(evidence) | frozenset(cited),
        frozenset(number for text in texts for number in numbers_in(text)),
        frozenset(word for text in texts for word in words_in(text)),
    )


def shown(item: Mapping[str, Any]) -> str:
    """One evidence item as the model sees it: type, confidence and summary; an instruction in it is not shown."""
    summary = str(item["summary"])[:MAX_SUMMARY]
    if _INSTRUCTION.search(summary):
        return WITHHELD
    return f"{spoken(item['type'])}, confidence {item['confidence']}: {summary}"


def numbers_in(text: str) -> list[float]:
    """The numbers of a text, thousands separators understood; signs are ignored, since prose drops them."""
    found = re.findall(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?", text)
    return [float(number.replace(",", "")) for number in found]


def words_in(text: str) -> list[str]:
    """The words of a text in lower case; hyphens and apostrophes part them."""
    return re.findall(r"[^\W\d_]+", text.lower())


def _previous(document: Mapping[str, Any]) -> str:
    label: str = document["regime"].get("previous_label") or ""
    return label


def _axes(balance: Mapping[str, Any]) -> list[str]:
    """Each axis with two decimals and what drives it; an unknown one is said to be unknown."""
    lines = []
    for name in (*AXES, "net_balance"):
        value = balance.get(name)
        mine = [driver for driver in _drivers(balance) if driver["axis"] == name]
        ids = sorted({identity for driver in mine for identity in driver["evidence_ids"]})
        cites = f" [{', '.join(ids)}]" if ids else ""
        lines.append(f"{spoken(name)}: {'not known' if value is None else f'{value:.2f}'}{cites}")
    return lines


def _drivers(balance: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*balance.get("pressures", ()), *balance.get("buffers", ())]


def _outlooks(sets: Iterable[Mapping[str, Any]]) -> list[str]:
    """The likeliest lane of each horizon, in whole percent."""
    lines = []
    for scenario in sets:
        known = [lane for lane in scenario["lanes"] if lane["probability"] is not None]
        if known:
            lane = max(known, key=lambda it: it["probability"])
            lines.append(f"outlook {scenario['horizon']}: {lane['name']}, {round(lane['probability'] * 100)} %")
    return lines


def _actor(actor: Mapping[str, Any]) -> str:
    return f"actor: {actor['name']}, {actor['role']}, leverage {actor['leverage_score']}"


def _paths(paths: Iterable[Mapping[str, Any]]) -> list[str]:
    lines = []
    for path in list(paths)[:MAX_PATHS]:
        start = path["corridor_id"] or path["start"]
        lines.append(f"transmission: {path['mechanism']}, from {start}, confidence {path['confidence']}")
    return lines
