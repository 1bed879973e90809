"""Why a region is what it is, in words. The same sections are shown in the terminal, as Markdown and on the page."""

from __future__ import annotations

from collections.abc import Iterable

from regional_snapshots.model.document.words import REGIME_RULES
from regional_snapshots.model.feeds import FeedReport
from regional_snapshots.report.standing import part, text, texts
from regional_snapshots.report.story import Story, changes
from regional_snapshots.report.why.axes import axes
from regional_snapshots.report.why.outlook import corridors, scenarios, transmissions, triggers
from regional_snapshots.report.why.section import Fact, Section
from regional_snapshots.report.why.sources import actors, sources
from regional_snapshots.report.words import decimals, listed, since, words

TEXTS = ("situation", "balance_assessment", "outlook_24h", "outlook_7d", "outlook_30d")
"""The texts of a narrative, in the order in which they are read."""


def why(told: Story, reports: Iterable[FeedReport] = ()) -> list[Section]:
    """The sections of a region, without empty ones. ``reports`` of the same run tell the exact age of each feed."""
    ages = {report.name: report for report in reports}
    sections = (
        _regime(told),
        axes(told, ages),
        triggers(told),
        scenarios(told.now.document),
        corridors(told.now),
        transmissions(told.now.document),
        actors(told.now.document),
        _in_words(told),
        sources(told),
    )
    return [section for section in sections if section.facts or section.more]


def _regime(told: Story) -> Section:
    now = told.now
    begun = f" since {since(now.since_ms, now.generated_at)}" if now.since_ms else ""
    was = f", before that {words(now.previous_regime)}" if now.previous_regime not in ("", now.regime) else ""
    rule = REGIME_RULES.get(now.regime, "") if now.method.startswith("2") else ""
    last = f"{words(now.told_regime)} when last known" if now.told_regime != now.regime else ""
    facts = [Fact(f"{words(now.regime)}{begun}{was}", tuple(filter(None, [last, rule])))]
    pending = part(part(now.document, "regime"), "pending")
    if pending:
        facts.append(Fact(f"{words(text(pending.get('label')))} if the next snapshot says so too"))
    facts.append(Fact(f"net balance {decimals(now.net, sign=True)}", _net(told)))
    if changed := changes(told):
        facts.append(Fact("since the last refresh: " + "; ".join(changed)))
    return Section("Regime", tuple(facts))


def _in_words(told: Story) -> Section:
    """What a model has written, each text with the evidence it cites."""
    narrative = part(told.now.document, "narrative")
    blocks = [part(narrative, name) for name in TEXTS]
    facts = [Fact(said, texts(block.get("evidence_ids"))) for block in blocks if (said := text(block.get("text")))]
    model = words(part(told.now.document, "meta").get("narrative_model") or "a model")
    return Section(f"In words, by {model}", tuple(facts[:1]), tuple(facts[1:]))


def _net(told: Story) -> tuple[str, ...]:
    assumed = part(told.now.document, "balance").get("assumed_buffers") is True
    without = [words(axis.name) for axis in told.now.unknown if told.now.net is not None]
    said = "no buffer is known: 0.50 is assumed" if assumed else "buffers less pressures, -1 to 1"
    return (said, f"counted without {listed(without)}: not known") if without else (said,)
