"""Adding a region, a feed or a trigger touches one table and needs no other change."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "regional_snapshots"
NEW_REGION = "antarctica,Antarctica,,Antarctica,,,AQ,,\n"
NEW_FEED = """
    FeedSpec("sea_ice", "climate:sea-ice:v1", 60, None, "extent of sea ice", lambda payload, _: payload.get("extent")),
"""
NEW_TRIGGER = """
    Trigger("latam_fragile", "latam", "escalation", "balance:latam:domestic_fragility", "gte", 0.0, 60,
            "fixed", "Latin America is fragile"),
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, and of the files beside it that it names, which a test may change."""
    shutil.copytree(PACKAGE, tmp_path / "regional_snapshots", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE.parent / "docs", tmp_path / "docs")
    for name in ("pyproject.toml", "dagster.yaml"):
        shutil.copy(PACKAGE.parent / name, tmp_path)
    return tmp_path


def add(file: Path, table: str, row: str) -> None:
    """Add a row at the end of the table that begins with the line given."""
    head, found, tail = file.read_text().partition(table)
    assert found
    indent = table[: len(table) - len(table.lstrip())]
    end = tail.index(f"\n{indent})")
    file.write_text(head + found + tail[:end] + row + tail[end:])


def python(copy: Path, code: str) -> object:
    """Run code that prints JSON, with the changed copy of the package."""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    done = subprocess.run([sys.executable, "-c", code], cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


SCORED = """
import json
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.model.document import problems
from regional_snapshots.scoring.methods import METHODS
feeds = Feeds.parse({"climate:sea-ice:v1": {"extent": 7, "fetchedAt": 1}}, {}, 1_787_400_000_000)
scored = METHODS["1.1"].score_regions(REGION_IDS, feeds, {}, {}, 1_787_400_000_000)
assert not [line for entry in scored.values() for line in problems(entry.snapshot.document)]
"""


def test_a_region_is_one_row(copy: Path) -> None:
    with (copy / "regional_snapshots/model/geography/regions.csv").open("a") as table:
        table.write(NEW_REGION)
    assert "antarctica" in python(copy, SCORED + "print(json.dumps(list(scored)))")
    keys = "import json; from regional_snapshots.definitions import defs; "
    keys += "print(json.dumps(defs.resolve_assets_def('regional_snapshot').partitions_def.get_partition_keys()))"
    assert "antarctica" in python(copy, keys)


def test_a_feed_is_one_row(copy: Path) -> None:
    add(copy / "regional_snapshots/model/feeds/table.py", "FEEDS: tuple[FeedSpec, ...] = (\n", NEW_FEED)
    found = python(copy, SCORED + "print(json.dumps([feeds.more, feeds.report[-1].name]))")
    assert found == [
        {"sea_ice": 7},
        "sea_ice",
    ]


def test_a_trigger_is_one_row(copy: Path) -> None:
    add(copy / "regional_snapshots/scoring/tables/triggers.py", "TRIGGERS: tuple[Trigger, ...] = (\n", NEW_TRIGGER)
    active = python(copy, SCORED + "print(json.dumps(scored['latam'].snapshot.document['triggers']['active']))")
    assert [trigger["id"] for trigger in active] == ["latam_fragile"]
