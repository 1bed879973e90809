"""A feed that is lost, or comes back, is never told as the world's getting better or worse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from regional_snapshots.defs.shown.metadata import snapshot_metadata
from regional_snapshots.files.feed_files import brought_up_to
from regional_snapshots.report.headlines import headline, headlines
from regional_snapshots.report.markup import why_text
from regional_snapshots.report.story import Story, changes, story
from regional_snapshots.report.why.card import card
from regional_snapshots.report.why.difference import differences
from regional_snapshots.report.why.explanation import why
from regional_snapshots_tests.scoring.happenings.lives import KEYS, NAMES, NOW, Life, sample_world, without
from regional_snapshots_tests.support.slow import slow

MOVED = ("→", "cleared", "fired", "highest in", "lowest in", "usually")
"""Words by which the world is told to have got better or worse."""
SCORES = "country_scores"


def crisis(at: int, *, worse: bool) -> dict[str, Any]:
    """The sample world of an instant: with Iran's score, alerts and the threat at Bab el-Mandeb raised, or not."""
    documents = {
        key: json.loads(brought_up_to(at, json.dumps(value).encode())) for key, value in sample_world().items()
    }
    if not worse:
        documents[KEYS["alert_count"]]["activeAlertCount"] = 0
        for row in documents[KEYS[SCORES]]["ciiScores"]:
            row["combinedScore"] -= 30 if row["region"] == "IR" else 0
    return documents


@dataclass
class Told:
    """A world that lives on, and the stories that are told of it."""

    life: Life
    events: dict[str, list[Any]] = field(default_factory=dict)

    def step(self, *gone: str, worse: bool = True) -> dict[str, Story]:
        """One refresh, without some feeds."""
        before = {region: snapshot.document for region, snapshot in self.life.latest.items()}
        rows = {region: list(rows) for region, rows in self.life.rows.items()}
        found = self.life.step(without(crisis(self.life.at, worse=worse), *gone))
        for region, each in found.items():
            self.events.setdefault(region, []).extend(each.news.events)
        return {
            region: story(each.snapshot.document, before.get(region), rows.get(region, ()), self.events[region])
            for region, each in found.items()
        }


def in_crisis(method: str = "2") -> Told:
    """Two quiet days, then the crisis: its triggers are active."""
    told = Told(Life(at=NOW, method=method))
    for _ in range(8):
        told.step(worse=False)
    told.step()
    return told


def said(told: dict[str, Story]) -> Iterator[str]:
    """Every clause of what changed, and of what matters."""
    for each in told.values():
        yield from (f"{each.now.region}: {clause}" for clause in changes(each))
    for line in (*map(headline, told.values()), *headlines(list(told.values()))):
        region, _, rest = line.partition(": ")
        yield from (f"{region}: {clause}" for clause in rest.split(", "))


def differing(told: dict[str, Story]) -> Iterator[tuple[str, str, str]]:
    """What the comparison of two snapshots says to have changed by a number, to have ended, or to have begun."""
    for region, each in told.items():
        before = each.before.document if each.before else {}
        for it in differences(before, each.now.document):
            is_told = it.change is not None or (it.before is not None and it.after in ("no", "active"))
            if is_told and it.of not in ("confidence", "coverage", "missing feed"):
                yield region, it.of, it.name


@pytest.mark.parametrize("method", ["2", pytest.param("1.1", marks=slow)])
@pytest.mark.parametrize("feed", NAMES)
def test_a_feed_that_goes_and_comes_back_is_no_word_of_better_or_worse(feed: str, method: str) -> None:
    """What is told in a world where the feed stays may be told, then or later, and nothing else."""
    told, control = in_crisis(method), in_crisis(method)
    may_say, may_differ = set[str](), set[tuple[str, str, str]]()
    for gone in ((feed,), (feed,), (), ()):
        stories, others = told.step(*gone), control.step()
        may_say |= set(said(others))
        may_differ |= set(differing(others))
        assert not [it for it in set(said(stories)) - may_say if any(word in it for word in MOVED)], gone
        assert not set(differing(stories)) - may_differ, gone
    assert [each.now.told_active.keys() for each in stories.values()] == [
        each.now.told_active.keys() for each in others.values()
    ]


def test_a_trigger_that_nothing_measures_any_more_is_not_cleared_and_stays_in_the_list() -> None:
    told = in_crisis()
    for gone in ((SCORES,), (SCORES,)):
        mena = told.step(*gone)["mena"]
        assert "trigger iran cii spike not known any more" in headline(mena)
        text = why_text(why(mena), width=200)
        assert "iran cii spike not known: country scores missing" in text
        assert re.search(r"active since (yesterday )?12:00 when last known", text)
        assert "iran cii spike (country scores missing)" in dict(card(mena.now.document))["active triggers"]
        shown = snapshot_metadata(told.life.latest["mena"])
        assert "iran_cii_spike (not known any more: country scores missing)" in shown["active_triggers"]
    back = told.step()["mena"]
    assert "cleared" not in headline(back)
    assert "trigger iran cii spike cleared" in changes(told.step()["mena"])


def test_what_a_change_says_of_a_trigger_that_is_not_known_and_of_one_that_is_again() -> None:
    told = in_crisis()
    gone, back = told.step("alert_count")["mena"], told.step()["mena"]
    assert "trigger oref cluster not known any more (alert count missing)" in changes(gone)
    assert headline(gone).endswith("trigger oref cluster not known any more (alert count missing) (sample)")
    assert "trigger oref cluster known again: active" in changes(back)


def test_a_net_that_is_made_of_other_axes_is_not_compared_with_the_one_before() -> None:
    gone = in_crisis().step("forecasts")["mena"]
    without = "without alliance cohesion and forecasts"
    assert f"net balance -0.04 {without} (not comparable with +0.05 before)" in changes(gone)
    assert "counted without alliance cohesion: not known" in why_text(why(gone), width=200)
    assert gone.before is not None
    found = {it.of: (it.change, it.turned) for it in differences(gone.before.document, gone.now.document)}
    assert found["net balance"] == (None, without)


def test_a_regime_that_is_not_known_is_told_with_what_it_was_and_sorts_as_that() -> None:
    told = in_crisis()
    whole, gone = told.step()["mena"], told.step("signals")["mena"]
    assert headline(gone).startswith(
        "MENA: undetermined since 00:00 (coercive stalemate when last known, signals missing since 00:00)"
    )
    assert gone.now.severity[0] == whole.now.severity[0]
    assert "regime not known any more (was coercive stalemate)" in changes(gone)


def test_what_comes_back_everywhere_at_once_is_one_line() -> None:
    told = in_crisis()
    told.step(SCORES)
    lines = headlines(list(told.step().values()))
    assert "Known again: domestic fragility (8 regions)" in lines
    assert sum("known again" in line.lower() for line in lines) == 1


def test_a_component_that_its_feed_does_not_hold_any_more_is_a_loss_too() -> None:
    told = in_crisis()
    before = told.step()["europe"]
    documents = crisis(told.life.at, worse=True)
    documents[KEYS["stress"]].pop("compositeScore", None)
    document = told.life.step(documents)["europe"].snapshot.document
    (clause,) = [it for it in changes(story(document, before.now.document)) if it.startswith("capital stress")]
    assert "without financial stress index (not comparable with" in clause
