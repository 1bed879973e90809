"""The sample feeds and the page for publishers: what we hand out as an example must be an example of a good feed."""

import json
import re
from pathlib import Path

import pytest

import regional_snapshots
from regional_snapshots.files.feed_files import brought_up_to
from regional_snapshots.model.feeds import DATA_KEYS, FEEDS, Feeds

SAMPLE = Path(regional_snapshots.__file__).parent / "sample"
COMPANIONS = sorted(SAMPLE.glob("seed-meta__*.json"))
FILES = sorted(set(SAMPLE.glob("*.json")) - set(COMPANIONS))
PAGE = Path(regional_snapshots.__file__).parents[1] / "docs" / "writing-feeds.md"
NOW_MS = 1_795_431_600_000


def key_of(file):
    return file.stem.replace("__", ":")


def report_of(key, document):
    feeds = Feeds.from_raw({key: json.dumps(document)}, NOW_MS)
    return next(report for report in feeds.report if report.key == key)


def sections():
    """(number, text) of each feed's section of the page."""
    parts = re.split(r"^## (\d+)\. .*$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return list(zip(map(int, parts[1::2]), parts[2::2], strict=True))


def examples(text):
    return [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def test_every_feed_has_a_sample():
    assert {key_of(file) for file in FILES} == set(DATA_KEYS)


def test_the_samples_stay_small():
    assert sum(file.stat().st_size for file in FILES) < 60_000


@pytest.mark.parametrize("file", [*FILES, *COMPANIONS], ids=key_of)
def test_a_sample_says_that_it_is_one_and_where_it_comes_from(file):
    label = json.loads(file.read_text(encoding="utf-8"))["_sample"]
    assert set(label) == {"source", "as_of", "note"}
    assert all(label.values())
    assert f"| `{file.name}` |" in (SAMPLE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=key_of)
def test_a_sample_is_read_whole(file):
    report = report_of(key_of(file), json.loads(file.read_text(encoding="utf-8")))
    assert report.status != "missing"
    assert report.rejected == ()
    # Nobody publishes the reserve's days of cover: the report says so.
    assert report.used or report.notes == ("daysOfCover not published",)


def test_no_sample_pretends_to_be_fresh():
    feeds = Feeds.from_raw({key_of(file): file.read_bytes() for file in [*FILES, *COMPANIONS]}, NOW_MS)
    assert set(feeds.stale) == set(DATA_KEYS)
    assert feeds.valid_until == NOW_MS


def test_samples_brought_up_to_now_are_all_fresh_and_still_samples():
    documents = {key_of(file): brought_up_to(NOW_MS, file.read_bytes()) for file in [*FILES, *COMPANIONS]}
    report = Feeds.from_raw(documents, NOW_MS).report
    assert {(item.status, item.age_min, item.sample) for item in report} == {("fresh", 0, True)}


@pytest.mark.parametrize("file", [*FILES, *COMPANIONS], ids=key_of)
def test_a_sample_brought_up_to_now_differs_in_its_times_only(file):
    times = re.compile(r'("[a-zA-Z]+At"|"timestamp"): ("[^"]+"|\d+)')
    before, after = file.read_bytes(), brought_up_to(NOW_MS, file.read_bytes())
    before, after = (json.dumps(json.loads(text), ensure_ascii=False) for text in (before, after))
    assert before != after
    assert times.sub("", before) == times.sub("", after)


def test_times_are_moved_by_as_much_as_the_document_is_old():
    document = {
        "fetchedAt": "2026-05-28T20:00:00Z",
        "updatedAt": "2026-05-28",
        "rows": [{"at": 1, "seenAt": 1779998000000}],
    }
    moved = json.loads(brought_up_to(1_780_084_800_000, json.dumps(document).encode()))
    assert moved == {
        "fetchedAt": "2026-05-29T20:00:00Z",
        "updatedAt": "2026-05-29",
        "rows": [{"at": 1, "seenAt": 1780084400000}],
    }
    assert json.loads(brought_up_to(0, b'{"rows": [1]}')) == {"rows": [1]}


def test_the_page_has_one_section_per_feed_with_its_key_age_and_companion():
    assert [number for number, _ in sections()] == list(range(1, len(FEEDS) + 1))
    for spec, (_, text) in zip(FEEDS, sections(), strict=True):
        head = " ".join(text.split("Used for")[0].split())
        age, companion = f"maximum age {spec.max_age_min} min", f"companion `{spec.meta_key}`"
        assert head.startswith(f"Key `{spec.key}` · {age}")
        assert head.endswith(companion if spec.meta_key else "no companion")


@pytest.mark.parametrize("spec", FEEDS, ids=lambda spec: spec.key)
def test_an_example_of_the_page_is_used_whole(spec):
    (example,) = examples(dict(sections())[FEEDS.index(spec) + 1])
    report = report_of(spec.key, example)
    assert report.used > 0
    assert report.rejected == ()
