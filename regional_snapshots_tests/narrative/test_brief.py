"""The weekly brief says what the week was, from series, events and the latest snapshot, with a model or without."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from regional_snapshots.model.events import Event
from regional_snapshots.model.series import SeriesRow
from regional_snapshots.narrative.brief import WEEK_MS, Week, model_brief, template_brief, week_of
from regional_snapshots.narrative.briefs import briefs_of
from regional_snapshots.narrative.service import Provider
from regional_snapshots_tests.narrative.documents import document
from regional_snapshots_tests.narrative.service import Said, Service

NOW_MS = 1_779_983_400_000
HOUR_MS = 3_600_000
AXES = {"coercive_pressure": 0.2, "maritime_access": 0.9}
MEMBERS = ["region_id", "generated_at", "period_start", "period_end", "situation_recap", "regime_trajectory",
           "key_developments", "risk_outlook", "provider", "model"]  # fmt: skip


def row(at: int, **axes: float | None) -> SeriesRow:
    return SeriesRow(at, "2", {**AXES, **axes}, 0.1, "calm", {}, {}, "x")


def event(kind: str, subject: str, at: int, severity: str = "high", before: Any = None, after: Any = None) -> Event:
    return Event(kind, severity, "mena", subject, before, after, None, at, "s", "p", "2", 0.6)


def week(**changes: Any) -> Week:
    latest = document(
        generated_at=NOW_MS,
        meta={"snapshot_confidence": 0.6},
        regime={"label": "escalation_ladder", "previous_label": "calm", "transitioned_at": NOW_MS - 30 * HOUR_MS},
        triggers={"active": [{"id": "red_sea_critical", "description": "threat in the Red Sea"}]},
    )
    given = {
        "latest": latest,
        "rows": [row(NOW_MS - 40 * HOUR_MS), row(NOW_MS, coercive_pressure=0.71, maritime_access=0.37)],
        "events": [
            event("corridor_break", "babelm", NOW_MS - 20 * HOUR_MS, "critical", 0.9, 0.2),
            event("regime_shift", "regime", NOW_MS - 30 * HOUR_MS, "critical", "calm", "escalation_ladder"),
            event("trigger_activated", "red_sea_critical", NOW_MS - 29 * HOUR_MS),
        ],
    } | changes
    return week_of("mena", NOW_MS, **given)


def test_without_a_provider_the_brief_is_plain_and_says_so() -> None:
    brief = template_brief(week()).document
    assert list(brief) == MEMBERS
    assert (brief["provider"], brief["model"]) == ("template", "")
    assert (brief["period_start"], brief["period_end"]) == (NOW_MS - WEEK_MS, NOW_MS)
    assert brief["situation_recap"] == (
        "Middle East & North Africa ends the week with the regime escalation ladder, net balance -0.35. "
        "Maritime access went from 0.90 to 0.37. Coercive pressure went from 0.20 to 0.71. "
        "Not known: domestic fragility, capital stress, energy vulnerability, alliance cohesion, maritime access, "
        "energy leverage."
    )
    assert brief["regime_trajectory"] == "2026-05-27 09:50: calm to escalation ladder."
    assert brief["key_developments"] == [
        "2026-05-27 10:50: trigger activated: red sea critical",
        "2026-05-27 19:50: corridor break: Bab el-Mandeb (0.90 to 0.20)",
    ]
    assert brief["risk_outlook"] == (
        "Within 7 days the likeliest way on is escalation (80 %). Active triggers: red sea critical. "
        "The greatest pressure is coercive pressure at 0.71. Confidence 0.60."
    )


def test_what_the_week_has_come_down_from_is_told() -> None:
    rows = [row(NOW_MS - 60 * HOUR_MS), row(NOW_MS - 30 * HOUR_MS, coercive_pressure=0.92), row(NOW_MS)]
    latest = {**week().latest, "balance": {**week().latest["balance"], "coercive_pressure": 0.2}}
    recap = template_brief(week(rows=rows, latest=latest)).document["situation_recap"]
    assert "Coercive pressure stood at 0.92 on 2026-05-27 and has come down to 0.20." in recap


def test_a_quiet_week_is_told_as_one() -> None:
    brief = template_brief(week(rows=[row(NOW_MS - 9 * HOUR_MS), row(NOW_MS)], events=[])).document
    assert "No axis moved by more than 0.10 between the first and the last of 2 rows." in brief["situation_recap"]
    assert brief["regime_trajectory"] == "Escalation ladder all week, since 2026-05-27 09:50."
    assert brief["key_developments"] == []


def test_what_lies_outside_the_week_is_left_out() -> None:
    old = NOW_MS - WEEK_MS - 1
    found = week(
        rows=[row(old), row(NOW_MS - WEEK_MS), row(NOW_MS + 1)],
        events=[event("corridor_break", "suez", old), event("corridor_break", "babelm", NOW_MS + 1)],
    )
    assert [one.at for one in found.rows] == [NOW_MS - WEEK_MS]
    assert found.events == []


def test_the_gravest_events_are_told_once_each_in_their_order() -> None:
    events = [event("data_loss", f"feed {number}", NOW_MS - number, "medium") for number in range(9)]
    events += [event("corridor_break", "babelm", NOW_MS - HOUR_MS * number, "critical") for number in (1, 2)]
    told = template_brief(week(events=sorted(events, key=lambda one: one.generated_at))).document["key_developments"]
    assert len(told) == 5
    assert sum("corridor break" in line for line in told) == 1
    assert all(len(line) <= 100 for line in told)


RECAP = "Coercive pressure stands at 0.71 [sig-1]."


@pytest.mark.parametrize(
    ("answer", "recap", "developments"),
    [
        ({"situation_recap": RECAP, "key_developments": ["Riyadh fell [sig-1].", "Access is 0.37 [sig-1]."]},
         "Coercive pressure stands at 0.71.", ["Access is 0.37."]),
        ({"situation_recap": f"{RECAP} Riyadh fell [sig-1]."}, "Coercive pressure stands at 0.71.", []),
    ],
)  # fmt: skip
def test_a_models_brief_keeps_only_what_is_grounded(answer: dict, recap: str, developments: list[str]) -> None:
    brief = model_brief(week(), answer, "one", "small")
    assert brief is not None
    assert (brief.document["situation_recap"], brief.document["key_developments"]) == (recap, developments)
    assert brief.document["evidence_ids"] == ["sig-1"]
    assert sum(brief.dropped.values()) == 1


def test_a_brief_without_a_recap_is_none() -> None:
    assert (
        model_brief(week(), {"situation_recap": "Riyadh fell [sig-1].", "risk_outlook": RECAP}, "one", "small") is None
    )


def test_a_service_that_says_nothing_usable_leaves_the_template() -> None:
    with Service(lambda _: Said({"situation_recap": "All is well."})) as service:
        provider = Provider("one", service.url, "small")
        [(brief, usage)] = asyncio.run(briefs_of({"mena": week()}, [provider])).values()
    assert brief.document == template_brief(week()).document
    assert usage.calls == 1


def test_a_services_grounded_brief_is_taken() -> None:
    with Service(lambda _: Said({"situation_recap": RECAP})) as service:
        provider = Provider("one", service.url, "small")
        [(brief, _)] = asyncio.run(briefs_of({"mena": week()}, [provider])).values()
    assert (brief.document["provider"], brief.document["model"]) == ("one", "small")
