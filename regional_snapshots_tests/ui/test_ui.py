"""What a person does in the UI, from the first backfill to the repair of a damaged store.

The tests of this file are one story and build on each other, in this order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots_tests.support.commits import wait_until
from regional_snapshots_tests.ui.conftest import PATIENCE_MS, Ui

if TYPE_CHECKING:
    from playwright.sync_api import Locator

expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=PATIENCE_MS)

PARTITIONS = "/assets/regional_snapshot?view=partitions"
BROKEN = "snapshot:index:{latam}"
RUN_S = 60.0


def launch_backfill(ui: Ui, which: str) -> None:
    """Press the buttons: Materialize…, one of All, Failed, Missing, then Launch backfill."""
    page = ui.open(PARTITIONS)
    page.get_by_role("button").filter(has_text="Materialize…").click()
    dialog = page.get_by_role("dialog")
    choice = dialog.get_by_role("button").filter(has_text=re.compile(f"^{which}$"))
    launch = dialog.get_by_role("button").filter(has_text=re.compile("^Launch"))

    def chosen() -> bool:
        choice.click()
        return launch.is_enabled()

    wait_until(chosen)  # the dialog learns only after a while what has failed
    launch.click()
    dialog.wait_for(state="hidden")


def switch(ui: Ui, automation: str, *, on: bool) -> None:
    """Flip the switch of a schedule or a sensor, and wait until it shows the new state, also when loaded anew."""
    page = ui.open("/automation")
    row = page.locator("[data-index]").filter(has=page.get_by_text(automation, exact=True))
    switch = row.locator("label[class*=Switch]")
    expect(switch.locator("input")).to_be_checked(checked=not on)
    page.wait_for_load_state("networkidle")  # a switch that is pressed before its state is known does nothing
    with page.expect_response(lambda response: "mutation" in (response.request.post_data or "")):
        switch.click()
    expect(switch.locator("input")).to_be_checked(checked=on)
    page.reload(wait_until="networkidle")
    expect(switch.locator("input")).to_be_checked(checked=on)


def materialize(ui: Ui, asset: str) -> None:
    """Press Materialize on the page of an asset without partitions."""
    page = ui.open(f"/assets/{asset}")
    page.get_by_role("button").filter(has_text=re.compile("^Materialize$")).click()
    page.get_by_text(re.compile("Launched run")).first.wait_for()


def test_schedules_and_sensors_can_be_switched_off_and_on(ui: Ui) -> None:
    switch(ui, "refresh_schedule", on=False)
    switch(ui, "refresh_schedule", on=True)
    switch(ui, "after_failed_refresh", on=False)  # stays off: in this story, a person repeats what failed
    ui.keep("automation")


def test_a_backfill_of_all_regions_shows_eight_green_ones(ui: Ui) -> None:
    launch_backfill(ui, "All")
    page = ui.see(PARTITIONS, "Materialized (8)", "Failed (0)")
    page.get_by_text("mena", exact=True).first.click()
    page.get_by_text("COMMITTED").first.wait_for()
    ui.keep("partitions")
    assert len(ui.server.client().keys("snapshot:latest:*")) == len(REGION_IDS)


def markdown(ui: Ui, label: str) -> Locator:
    """Press Show Markdown in the newest row of metadata with this label; the dialog."""
    row = ui.page.locator("tr").filter(has=ui.page.get_by_text(label, exact=True)).first
    row.get_by_text("Show Markdown").click()
    dialog = ui.page.get_by_role("dialog")
    dialog.wait_for()
    return dialog


def drawn(dialog: Locator) -> None:
    """Wait until the picture of a dialog is there, and large enough to be read."""
    picture = dialog.locator("img").first
    picture.wait_for()
    dialog.page.wait_for_function("image => image.complete && image.naturalWidth > 500", arg=picture.element_handle())


def test_a_region_says_why_it_is_what_it_is_and_how_it_came_there(ui: Ui) -> None:
    ui.see(f"{PARTITIONS}&partition=mena", "COMMITTED")
    dialog = markdown(ui, "why")
    dialog.get_by_text("Coercive pressure").first.wait_for()
    ui.keep("why")
    ui.open(f"{PARTITIONS}&partition=mena")
    drawn(markdown(ui, "over_time"))
    ui.keep("over-time")


def test_a_region_that_fails_is_red_with_the_reason_in_words_and_the_others_stay_green(ui: Ui) -> None:
    client = ui.server.client()
    client.rename(BROKEN, "kept")
    client.set(BROKEN, "x")
    launch_backfill(ui, "All")
    page = ui.see(PARTITIONS, "Materialized (7)", "Failed (1)")
    ui.keep("partitions-failed")
    page.get_by_text("latam", exact=True).first.click()
    page.locator("a[href^='/runs/']").first.click()
    page.get_by_text(BROKEN).first.wait_for()
    page.get_by_text("7 other region(s) are published").first.wait_for()
    ui.keep("run-failed")


def test_the_failed_region_alone_is_launched_again(ui: Ui) -> None:
    client = ui.server.client()
    client.rename("kept", BROKEN)
    launch_backfill(ui, "Failed")
    ui.see(PARTITIONS, "Materialized (8)", "Failed (0)")


def test_the_reconciliation_reports_what_it_found_and_repaired(ui: Ui) -> None:
    client = ui.server.client()
    published = client.get("snapshot:latest:{mena}")
    client.delete("snapshot:latest:{mena}")
    materialize(ui, "snapshot_reconciliation")
    ui.see("/assets/snapshot_reconciliation?view=events", "1 finding(s): 1 repaired, 0 left.", within_s=RUN_S)
    ui.keep("reconciliation-repaired")
    assert client.get("snapshot:latest:{mena}") == published


def test_a_healthy_store_is_reported_healthy(ui: Ui) -> None:
    materialize(ui, "snapshot_reconciliation")
    ui.see("/assets/snapshot_reconciliation?view=events", "All 8 regions are consistent.", within_s=RUN_S)
    ui.keep("reconciliation-healthy")


def test_the_overview_shows_its_picture_and_its_table(ui: Ui) -> None:
    materialize(ui, "world_overview")
    overview = "/assets/world_overview?view=events"
    page = ui.see(overview, "Show Markdown", "Latin America", within_s=RUN_S)
    page.get_by_text("report.html").first.wait_for()
    drawn(markdown(ui, "picture"))
    ui.keep("overview")
    ui.open(overview)
    drawn(markdown(ui, "map"))
    ui.keep("overview-map")
    ui.open(overview)
    lines = page.locator("tr").filter(has=page.get_by_text("what_matters_now", exact=True)).first.locator("li")
    expect(lines.first).to_contain_text("MENA: ")
    assert lines.count() <= 5
    ui.keep("overview-now")


def test_a_region_is_rolled_back_and_let_go_by_two_jobs(ui: Ui) -> None:
    client = ui.server.client()
    oldest, newest = (client.zrange("snapshot:index:{mena}", end, end)[0] for end in (0, -1))
    assert oldest != newest
    pin = f'{{"region": "mena", "snapshot_id": "{oldest.decode()}"}}'
    launch_job(ui, "pin", f'{{"ops": {{"pin_region": {{"config": {pin}}}}}}}')
    wait_until(lambda: client.get("snapshot:latest:{mena}") == oldest, RUN_S)
    materialize(ui, "world_overview")
    ui.see("/assets/world_overview?view=events", "readers see that, newer ones go into history", within_s=RUN_S)
    ui.keep("overview-pinned")
    launch_job(ui, "unpin", '{"ops": {"unpin_region": {"config": {"region": "mena"}}}}')
    wait_until(lambda: client.get("snapshot:latest:{mena}") == newest, RUN_S)


def launch_job(ui: Ui, job: str, config: str) -> None:
    """Type a configuration into the launchpad of a job, and press Launch Run."""
    page = ui.open("/jobs")
    page.get_by_role("link").filter(has_text=re.compile(f"^{job}$")).first.click()
    page.get_by_role("link").filter(has_text=re.compile("^Launchpad$")).or_(
        page.get_by_role("tab").filter(has_text=re.compile("^Launchpad$"))
    ).first.click()
    page.get_by_role("button").filter(has_text=re.compile("^Launch Run$")).wait_for()
    page.locator(".CodeMirror").first.wait_for()
    page.evaluate("config => document.querySelector('.CodeMirror').CodeMirror.setValue(config)", config)
    ui.keep("launchpad")
    page.get_by_role("button").filter(has_text=re.compile("^Launch Run$")).click()
    page.get_by_text(re.compile("^Run .* is|Started|Success|Queued|STARTED|SUCCESS|QUEUED")).first.wait_for()


@pytest.mark.parametrize("check", ["latest_agrees_with_index", "every_region_is_current", "feeds_are_fresh"])
def test_the_checks_are_listed_beside_the_asset(ui: Ui, check: str) -> None:
    ui.see("/assets/regional_snapshot?view=checks", check)
    ui.keep("checks")


def test_the_graph_shows_feeds_snapshots_and_what_is_made_of_them(ui: Ui) -> None:
    page = ui.see("/asset-groups", "feeds", "snapshots")
    page.locator("svg foreignObject").get_by_text("snapshots", exact=True).locator("visible=true").first.click()
    expect(page.get_by_text("Loading...")).to_have_count(0)
    page.get_by_text("regional_snapshot").locator("visible=true").first.wait_for()
    expect(page.get_by_text("Loading...")).to_have_count(0)
    ui.keep("graph")
    page = ui.open("/assets/regional_snapshot?view=lineage&lineageScope=neighbors")
    nodes = page.locator("svg foreignObject")
    for neighbour in ("country_scores", "regional_snapshot", "world_overview", "regional_events", "weekly_brief"):
        nodes.get_by_text(neighbour, exact=True).first.wait_for()
    nodes.get_by_text(re.compile("^snapshot.*ciliation$")).first.wait_for()  # shortened
    ui.keep("lineage")
