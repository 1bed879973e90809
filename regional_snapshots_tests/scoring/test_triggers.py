"""When triggers are active, watched or dormant, and what follows (sections 9 and 11 of the pipeline specification)."""

from __future__ import annotations

from typing import Any

import pytest

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.scoring.parity.blocks.transmissions import transmission_paths
from regional_snapshots.scoring.parity.blocks.triggers import trigger_state
from regional_snapshots.scoring.tables.transmissions import TEMPLATES
from regional_snapshots.scoring.tables.triggers import TRIGGERS
from regional_snapshots_tests.scoring.worlds import NOW, chokepoint, document, many_signals


def states(region: str, **payloads: Any) -> dict[str, str]:
    blocks = document(region, **payloads)["triggers"]
    return {trigger["id"]: state for state, listed in blocks.items() for trigger in listed}


@pytest.mark.parametrize(
    ("operator", "target", "value", "state"),
    [
        ("gt", 10, 10.001, "active"),
        ("gt", 10, 10, "dormant"),
        ("gt", 10, 9.99, "watching"),
        ("gt", 10, 8, "watching"),
        ("gt", 10, 7.99, "dormant"),
        ("gte", 10, 10, "active"),
        ("gte", 10, 8, "watching"),
        ("lt", 10, 9.99, "active"),
        ("lt", 10, 10, "dormant"),
        ("lt", 10, 12, "watching"),
        ("lt", 10, 12.01, "dormant"),
        ("lte", 10, 10, "active"),
        ("lte", 10, 12, "watching"),
        ("lte", -10, -8, "watching"),
        ("gte", 0, -0.0001, "dormant"),
        ("lte", 0, 0.0001, "dormant"),
        ("delta_gt", 5, 100, "dormant"),
        ("delta_lt", -0.2, -1, "dormant"),
        ("gte", 10, None, "dormant"),
    ],
)
def test_a_trigger_is_watched_within_a_fifth_of_its_target(
    operator: str, target: float, value: float | None, state: str
) -> None:
    assert trigger_state(operator, target, value) == state


@pytest.mark.parametrize(
    ("level", "state"),
    [("war_zone", "active"), ("Critical", "active"), ("high", "dormant"), ("odd", "dormant"), (None, "dormant")],
)
def test_red_sea_critical_follows_the_threat_at_bab_el_mandeb(level: str | None, state: str) -> None:
    assert states("mena", chokepoints=chokepoint("babelm", threatLevel=level))["red_sea_critical"] == state


@pytest.mark.parametrize(("level", "state"), [("high", "active"), ("elevated", "dormant")])
def test_taiwan_tension_follows_the_threat_in_the_strait(level: str, state: str) -> None:
    assert states("east-asia", chokepoints=chokepoint("taiwan_strait", threatLevel=level)) == {
        "taiwan_tension_high": state
    }


def test_of_duplicate_chokepoints_the_first_is_measured() -> None:
    listed = {"chokepoints": [{"id": "babelm", "threatLevel": word} for word in ("normal", "war_zone")]}
    assert states("mena", chokepoints=listed)["red_sea_critical"] == "dormant"


def test_a_status_that_is_no_colour_triggers_nothing() -> None:
    assert states("mena", chokepoints=chokepoint("babelm", status="critical"))["red_sea_critical"] == "dormant"


@pytest.mark.parametrize(
    ("alerts", "state"),
    [
        ({"activeAlertCount": 11}, "active"),
        ({"activeAlertCount": 10}, "dormant"),
        ({"activeAlertCount": 8}, "watching"),
        ({"activeAlertCount": 7}, "dormant"),
        ({"activeAlertCount": 0, "historyCount24h": 50}, "dormant"),
        ({"historyCount24h": 50}, "active"),
        ({"activeAlertCount": "50", "historyCount24h": 9}, "watching"),
        ({"activeAlertCount": True}, "dormant"),
        ([], "dormant"),
    ],
)
def test_oref_cluster_counts_alerts_that_are_json_numbers(alerts: Any, state: str) -> None:
    assert states("mena", alert_count=alerts)["oref_cluster"] == state


def test_mena_coercive_high_is_watched_from_056_on() -> None:
    assert states("mena", signals=many_signals(3, 0, 45))["mena_coercive_high"] == "dormant"  # 0.54
    assert states("mena", signals=many_signals(50))["mena_coercive_high"] == "dormant"  # 0.55
    rising = {"predictions": [{"region": "Middle East", "trend": "rising", "domain": "conflict"}]}
    assert states("mena", signals=many_signals(50), forecasts=rising)["mena_coercive_high"] == "watching"  # 0.58
    rising["predictions"] *= 5
    assert states("mena", signals=many_signals(50), forecasts=rising)["mena_coercive_high"] == "active"  # 0.7


def test_each_region_lists_its_own_triggers_in_table_order() -> None:
    for region in REGION_IDS:
        assert list(states(region)) == [trigger.id for trigger in TRIGGERS if trigger.region == region]


def test_an_active_trigger_says_when_it_was_evaluated() -> None:
    blocks = document("mena", alert_count={"activeAlertCount": 11})["triggers"]
    assert [(t["activated"], t["activated_at"]) for t in blocks["active"]] == [(True, NOW)]
    assert {(t["activated"], t["activated_at"]) for t in blocks["dormant"]} == {(False, 0)}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_a_template_reaches_exactly_its_regions_with_all_its_steps(template: Any) -> None:
    for region in REGION_IDS:
        paths = transmission_paths(region, {template.trigger})
        assert len(paths) == (len(template.steps) if region in template.regions else 0)
        assert {path["template_id"] for path in paths} <= {template.id}


def test_steps_follow_an_active_trigger_in_the_snapshot() -> None:
    paths = document("mena", chokepoints=chokepoint("babelm", threatLevel="critical"))["transmission_paths"]
    assert [(p["impacted_asset_class"], p["magnitude_low"], p["magnitude_high"]) for p in paths] == [
        ("container", 10, 14),
        ("container", 2000, 4000),
        ("bunker", 8, 12),
        ("cpi", 0.3, 0.5),
    ]
    assert document("mena", chokepoints=chokepoint("babelm", threatLevel="high"))["transmission_paths"] == []
