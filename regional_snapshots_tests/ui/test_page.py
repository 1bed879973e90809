"""The page of the report in a real browser: without network, without script, by keyboard, narrow, dark, printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from regional_snapshots.files.feed_files import SAMPLE, read_directory
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.report.board import board
from regional_snapshots.report.page import page
from regional_snapshots.report.story import Story, story
from regional_snapshots_tests.report.stories import (
    NOW,
    SIX_HOURS,
    crisis,
    document,
    event,
    hostile_document,
    rows,
    world,
)
from regional_snapshots_tests.ui.conftest import BROWSER_FLAGS, PATIENCE_MS, SCREENSHOTS, browser_binary

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=PATIENCE_MS)

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser_binary(), args=list(BROWSER_FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page of stories. Whatever it asks of a network, complains of or pops up fails the test."""
    wrong: list[str] = []

    def watched(told: list[Story], **options: Any) -> Page:
        values, _ = read_directory(SAMPLE)
        reports = Feeds.from_raw(values, NOW).report
        file = tmp_path / "report.html"
        file.write_text(page(told, board(reports, [each.now for each in told]), NOW, reports), encoding="utf-8")
        view = browser.new_page(**{"viewport": {"width": 1280, "height": 900}, **options})
        view.set_default_timeout(PATIENCE_MS)
        view.on("request", lambda request: request.url.startswith("file:") or wrong.append(request.url))
        view.on("console", lambda message: wrong.append(message.text))
        view.on("pageerror", lambda error: wrong.append(str(error)))
        view.on("dialog", lambda dialog: wrong.append(dialog.message) or dialog.dismiss())
        view.goto(file.as_uri())
        return view

    yield watched
    for context in browser.contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="module")
def eight() -> list[Story]:
    worst = crisis()
    happened = [event(severity="critical", before="calm", after="escalation_ladder")]
    others = [story(document(region), document(region, at=NOW - SIX_HOURS), rows(40)) for region in REGION_IDS[1:]]
    return [Story(worst.now, worst.before, worst.rows, happened), *others]


def keep(view: Page, name: str) -> None:
    """Keep a picture of the whole page, if pictures are wanted."""
    if SCREENSHOTS:
        view.screenshot(path=Path(SCREENSHOTS) / f"page-{name}.png", full_page=True)


def test_it_shows_what_matters_first_and_every_part_under_its_heading(opened: Open, eight: list[Story]) -> None:
    view = opened(eight)
    titles = view.get_by_role("main").get_by_role("heading", level=2).all_inner_texts()
    assert titles == [
        "What matters now",
        "The map",
        "All regions, the worst first",
        "Region by region",
        "What happened",
        "Who was told",
        "Feeds",
        "Where each number comes from",
    ]
    expect(view.get_by_role("listitem").first).to_contain_text("MENA: escalation ladder since 06:00 (was calm)")
    expect(view.get_by_role("img", name="Map of the world")).to_be_visible()
    assert view.get_by_role("article").count() == 8
    keep(view, "light")


def test_a_land_of_the_map_and_a_row_of_the_table_lead_to_the_region(opened: Open, eight: list[Story]) -> None:
    view = opened(eight)
    view.locator("#land-latam").click()  # in its middle, where its name stands
    expect(view.locator("#region-latam")).to_be_in_viewport()
    view.get_by_role("row").filter(has_text="South Asia").get_by_role("link").click()
    expect(view.locator("#region-south-asia")).to_be_in_viewport()


def test_a_region_is_found_by_typing(opened: Open, eight: list[Story]) -> None:
    view = opened(eight)
    view.get_by_role("searchbox", name="Find a region").fill("latin")
    expect(view.get_by_role("status")).to_have_text("1 found")
    assert [each.get_attribute("id") for each in view.get_by_role("article").all()] == ["region-latam"]
    view.get_by_role("searchbox", name="Find a region").fill("")
    assert view.get_by_role("article").count() == 8


def test_without_script_everything_can_be_read(opened: Open, eight: list[Story]) -> None:
    view = opened(eight, java_script_enabled=False)
    expect(view.get_by_role("searchbox")).to_have_count(0)
    view.locator("#region-mena summary").first.click()
    expect(view.locator("#region-mena details").first).to_have_attribute("open", "")
    expect(view.get_by_text("energy leverage 1.00").first).to_be_visible()


def test_a_keyboard_reaches_what_matters_first(opened: Open, eight: list[Story]) -> None:
    view = opened(eight)
    view.keyboard.press("Tab")
    expect(view.get_by_role("link", name="Skip to what matters now")).to_be_focused()
    view.keyboard.press("Enter")
    expect(view.locator("#now")).to_be_in_viewport()


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_screen_scrolls_only_downwards(opened: Open, eight: list[Story], width: int) -> None:
    view = opened(eight, viewport={"width": width, "height": 800})
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    keep(view, f"narrow-{width}")


def test_a_dark_scheme_is_dark(opened: Open, eight: list[Story]) -> None:
    def ground(view: Page) -> int:
        return view.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(Number)")

    dark, light = opened(eight, color_scheme="dark"), opened(eight, color_scheme="light")
    assert max(ground(dark)) < 64 < 192 < min(ground(light))
    keep(dark, "dark")


def test_printed_it_has_no_navigation_and_hides_nothing(opened: Open, eight: list[Story]) -> None:
    view = opened(eight, color_scheme="dark")
    view.emulate_media(media="print")
    expect(view.get_by_role("navigation")).to_be_hidden()
    expect(view.get_by_text("energy leverage 1.00").first).to_be_visible()
    assert view.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper')").strip() == "#ffffff"


def test_hostile_feeds_run_nothing_and_load_nothing(opened: Open) -> None:
    bad = event("<b>x</b>", '"><img src=x onerror=alert(1)>', before="<script>alert(2)</script>")
    told = Story(story(hostile_document()).now, None, rows(8), [bad])
    view = opened([told])
    for summary in view.locator("summary").all():
        summary.click()
    assert view.locator("img, iframe, object, embed, script:not(:last-of-type)").count() == 0
    expect(view.get_by_text("<script>alert(1)</script>").first).to_be_visible()
    keep(view, "hostile")


def test_a_hundred_regions_are_found_and_opened(opened: Open) -> None:
    many = world(100, label="coercive_stalemate")
    view = opened(many)
    assert view.get_by_role("article").count() == 100
    view.get_by_role("searchbox", name="Find a region").fill("region-073")
    expect(view.get_by_role("status")).to_have_text("1 found")
    view.get_by_role("searchbox", name="Find a region").fill("")
    view.get_by_role("row").filter(has_text="region-050").get_by_role("link").click()
    expect(view.locator("#region-region-050 details").first).to_have_attribute("open", "")
    expect(view.locator("#region-region-050 svg").first).to_be_visible()
    keep(view, "hundred")
