"""The feeds board: seventeen lines that say what is there, what it serves and what its absence would cost."""

from __future__ import annotations

from dataclasses import replace

from regional_snapshots.files.feed_files import SAMPLE, read_directory
from regional_snapshots.model.feeds import FEEDS, Feeds
from regional_snapshots.report.board import STATES, board
from regional_snapshots.report.components import COMPONENTS, absence_costs, component_feed
from regional_snapshots.report.known.traffic import LEAST_DAYS
from regional_snapshots.report.standing import standing
from regional_snapshots.scoring.method2 import corridors
from regional_snapshots_tests.report.stories import HOSTILE, NOW, SIGNALS, SIX_HOURS, document
from regional_snapshots_tests.report.test_markup import OURS, kinds

VALUES, _ = read_directory(SAMPLE)
FEEDS_NOW = Feeds.from_raw({**VALUES, SIGNALS: None}, NOW)
WORLD = [standing(document(region)) for region in ("mena", "europe", "north-america", "south-asia")]


def test_there_is_a_line_a_feed_with_its_state_and_its_age() -> None:
    lines = {line.name: line for line in board(FEEDS_NOW.report, WORLD).lines}
    assert len(lines) == len(FEEDS) == 17
    assert (lines["signals"].state, lines["signals"].age) == ("missing", "not known")
    assert lines["stress"].state_words.endswith("(sample)")
    assert lines["energy mix"].allowed == "35 days"


def test_the_absence_of_a_feed_costs_its_share_of_the_coverage() -> None:
    whole, north = absence_costs("macro_verdict", WORLD[:1]), absence_costs("days_of_cover", [WORLD[2]])
    assert round(whole.coverage, 4) == round(0.25 / 0.75 / 6, 4)
    assert whole.unknown == ()
    assert round(north.coverage, 4) == round(0.25 / 0.75 / 6, 4)
    assert absence_costs("days_of_cover", WORLD[:1]).coverage == 0
    assert absence_costs("signals", WORLD).unknown == ("coercive_pressure",)
    assert absence_costs("chokepoints", WORLD).unknown == ("maritime_access",)


def test_what_it_costs_and_serves_is_said_in_words() -> None:
    lines = {line.name: line for line in board(FEEDS_NOW.report, WORLD).lines}
    assert lines["signals"].without == "coverage -0.11; coercive pressure is not known"
    assert lines["signals"].serves == "coercive pressure (severe signals, number of signals); evidence"
    assert lines["flights"].without == "no coverage lost"


def test_under_the_old_methods_every_feed_costs_the_same_confidence() -> None:
    old = [replace(each, method="1.2.0") for each in WORLD]
    assert {line.without for line in board(FEEDS_NOW.report, old).lines} == {"confidence -0.04"}


def test_it_shows_what_was_missing_at_the_snapshots_before() -> None:
    past = [
        standing(document(at=NOW - 2 * SIX_HOURS)),
        standing(document(at=NOW - SIX_HOURS, stale=[SIGNALS])),
        standing(document(missing=[SIGNALS])),
    ]
    lines = {line.name: line for line in board(FEEDS_NOW.report, WORLD, past).lines}
    assert lines["signals"].recently == "●◐○"
    assert lines["debts"].recently == "●●●"


def test_its_summary_counts_and_names_samples() -> None:
    assert board(FEEDS_NOW.report, WORLD).summary.startswith(
        f"{sum(r.status == 'fresh' for r in FEEDS_NOW.report)} fresh"
    )
    assert "samples" in board(FEEDS_NOW.report, WORLD).summary


def test_hostile_remarks_stay_text() -> None:
    hostile = [replace(report, notes=HOSTILE) for report in FEEDS_NOW.report]
    assert kinds(board(hostile, WORLD).markdown()) <= OURS - {"strong"}


def test_every_component_is_read_from_a_feed_that_there_is() -> None:
    names = {feed.name for feed in FEEDS}
    assert {component.feed for component in COMPONENTS} <= names
    assert component_feed("hormuz") == "chokepoints"
    assert component_feed("nonsense") == ""


def test_the_worst_feeds_come_first_and_a_document_that_cannot_be_read_is_rejected() -> None:
    raw = {**VALUES, "risk:scores:sebuf:stale:v8": b"{broken", "economic:stress-index:v1": b"[1, 2]", SIGNALS: None}
    lines = board(Feeds.from_raw(raw, NOW).report, WORLD).lines
    assert [(line.name, line.state) for line in lines[:3]] == [
        ("country scores", "rejected"),
        ("stress", "rejected"),
        ("signals", "missing"),
    ]
    states = [line.state for line in lines]
    assert states == sorted(states, key=STATES.index)
    assert "1 missing and 2 rejected" in board(Feeds.from_raw(raw, NOW).report, WORLD).summary


def test_what_recently_shows_is_said() -> None:
    past = [standing(document(at=NOW - n * SIX_HOURS)) for n in (2, 1)]
    assert board(FEEDS_NOW.report, WORLD, past).legend == (
        "recently: the last 2 snapshots of MENA, the oldest first: ● fresh, ◐ stale, ○ missing"
    )
    assert board(FEEDS_NOW.report, WORLD, past).legend in board(FEEDS_NOW.report, WORLD, past).markdown()
    assert board(FEEDS_NOW.report, WORLD).legend == ""


def test_the_feed_of_ships_says_that_it_gives_no_throughput_yet_and_why() -> None:
    corridor = {"id": "suez", "access": 0.7, "openness": 0.7, "throughput": None, "today_total": 31}
    world = [standing(document(corridors=[corridor]))]
    lines = {line.name: line for line in board(FEEDS_NOW.report, world).lines}
    remark = "throughput of Suez Canal not known: fewer than 20 days of ships to compare with"
    assert remark in lines["transits"].remarks
    assert LEAST_DAYS == corridors.LEAST_DAYS
