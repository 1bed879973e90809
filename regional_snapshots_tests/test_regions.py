"""Another table of regions, end to end: commands, partitions, words and digests are those of the file that is named."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.regions import table_of
from regional_snapshots.model.regions import REGIONS_DIGEST
from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.shell import Shell
from regional_snapshots_tests.support.slow import slow
from regional_snapshots_tests.test_cli import refused

EVENT_LIMIT = 200_000
"""Bytes of one event of Dagster."""

SETTING = "REGIONAL_SNAPSHOTS_REGIONS"
TABLE = """\
id,label,short,forecast_label,theaters,key_countries,places
europe,Europe & Central Asia,Europe,Europe,eastern-europe: bosphorus,DE FR UA,Europe
gulf,Countries of the Gulf,The Gulf,Gulf,persian-gulf: hormuz,SA AE IR,Persian Gulf; Gulf
nordics,Nordics,,Nordic,nordics,SE NO FI DK IS,Scandinavia
"""
IDS = ["europe", "gulf", "nordics"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "regions.csv"
    file.write_text(TABLE)
    return file


@pytest.fixture
def shell(tmp_path: Path, server: RedisServer, table: Path) -> Shell:
    shell = Shell(tmp_path, server.url)
    shell.environment[SETTING] = str(table)
    return shell


def python(shell: Shell, code: str) -> object:
    """What code prints as JSON, in a process that has the table."""
    done = subprocess.run([sys.executable, "-c", code], env=shell.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_regions_of_the_table_are_refreshed_shown_reported_and_reconciled(shell: Shell, tmp_path: Path) -> None:
    shell.json("feeds", "load", "--sample")
    assert [(row["region"], row["outcome"]) for row in shell.json("refresh")] == [(name, "COMMITTED") for name in IDS]
    assert list(shell.json("show")) == IDS
    assert "Nordics: " in shell("show", "nordics", "--why").stdout
    shell.json("report")
    page = (tmp_path / "report.html").read_text()
    assert "Countries of the Gulf" in page
    assert "MENA" not in page
    assert shell("reconcile", "--check").returncode == 0
    assert "All 3 regions are consistent" in shell("reconcile").stdout
    refused(shell("show", "mena"), "there is no region 'mena'", "use some of europe, gulf, nordics")


@slow
def test_a_row_more_is_a_region_more_and_the_others_go_on(shell: Shell, table: Path) -> None:
    shell.json("feeds", "load", "--sample")
    shell.json("refresh")
    table.write_text(TABLE + "levant,Levant,,Levant,levant,SY LB JO,\n")
    rows = shell.json("refresh")
    assert [(row["region"], row["outcome"]) for row in rows] == [
        *[(name, "DUPLICATE") for name in IDS],
        ("levant", "COMMITTED"),
    ]
    assert list(shell.json("show")) == [*IDS, "levant"]
    assert shell("reconcile", "--check", "--deep").returncode == 0


@slow
def test_a_region_that_no_table_of_scoring_names_is_scored_from_its_countries_and_words(shell: Shell) -> None:
    shell.json("feeds", "load", "--sample")
    shell.json("refresh")
    shown = shell.json("show")
    gulf, nordics = shown["gulf"], shown["nordics"]
    assert gulf["balance"]["domestic_fragility"] > 0  # Saudi Arabia and Iran have a score
    assert [corridor["id"] for corridor in gulf["corridors"]] == ["hormuz"]
    assert gulf["balance"]["energy_leverage"] > 0
    assert gulf["triggers"] == nordics["triggers"] == {"active": [], "watching": [], "dormant": []}
    assert nordics["balance"]["domestic_fragility"] is None  # none of its countries has one: not known, not 0
    assert nordics["balance"]["maritime_access"] is None
    assert nordics["balance"]["coverage"]["maritime_access"] is None
    assert [path for path in shown["europe"]["transmission_paths"] if "mena" in path["impacted_regions"]] == []


@slow
@pytest.mark.parametrize("method", ["1.1", "1.2", "2"])
def test_every_method_scores_every_region_of_the_table(shell: Shell, method: str) -> None:
    shell.json("feeds", "load", "--sample")
    rows = json.loads(shell("refresh", "--json", REGIONAL_SNAPSHOTS_METHOD=method).stdout)
    assert [(row["region"], row["outcome"]) for row in rows] == [(name, "COMMITTED") for name in IDS]


def test_flights_airports_and_jammed_areas_belong_to_the_regions_of_their_country(shell: Shell) -> None:
    code = """
import json
from regional_snapshots.model.feeds import Feeds
from regional_snapshots.scoring.methods import METHODS
now = 1_787_400_000_000
feeds = Feeds.parse({
    "military:flights:v1": {"flights": [{"lat": 24.5, "lon": 45.0}] * 5 + [{"lat": 62.0, "lon": 15.0}] * 10,
                            "fetchedAt": now},
    "intelligence:gpsjam:v2": {"hexes": [{"region": "iran-iraq", "level": "high"}], "fetchedAt": now},
    "aviation:delays:intl:v3": {"alerts": [
        {"icao": "ESSA", "iata": "ARN", "region": "AIRPORT_REGION_EUROPE", "country": "Sweden", "severity": "severe"},
    ], "fetchedAt": now},
}, {}, now)
scored = METHODS["1.1"].score_regions(["europe", "gulf", "nordics"], feeds, {}, {}, now)
print(json.dumps({region: entry.snapshot.document["mobility"] for region, entry in scored.items()}))
"""
    found = python(shell, code)
    assert [found[region]["reroute_intensity"] for region in ("gulf", "nordics")] == [0.1, 0.2]
    assert [len(found[region]["airspace"]) for region in IDS] == [0, 1, 0]
    assert [len(found[region]["airports"]) for region in IDS] == [1, 0, 1]


def test_partitions_bounds_and_digest_are_those_of_the_table(shell: Shell) -> None:
    code = """
import json
from regional_snapshots.definitions import defs
from benchmarks.regions import table_of
from regional_snapshots.model.regions import REGIONS_DIGEST
from regional_snapshots.settings import Settings
asset = defs.resolve_assets_def("regional_snapshot")
briefs = defs.resolve_assets_def("weekly_brief")
print(json.dumps([asset.partitions_def.get_partition_keys(), briefs.partitions_def.get_partition_keys(),
                  Settings.load().regions_per_run, REGIONS_DIGEST]))
"""
    snapshots, briefs, per_run, digest = python(shell, code)
    assert (snapshots, briefs, per_run) == (IDS, IDS, 3)
    assert digest != REGIONS_DIGEST
    refused(shell("show", REGIONAL_SNAPSHOTS_REGIONS_PER_RUN="4"), "REGIONS_PER_RUN is '4': use a number from 1 to 3")


@slow
def test_the_terms_say_which_regions_another_table_has_written(shell: Shell) -> None:
    shell.json("feeds", "load", "--sample")
    shell.json("refresh")
    del shell.environment[SETTING]
    assert "regions" in shell("terms", "europe").stdout
    assert shell("terms", "europe").returncode == 1


def test_a_table_that_is_named_in_dotenv_counts(shell: Shell, tmp_path: Path, table: Path) -> None:
    del shell.environment[SETTING]
    (tmp_path / ".env").write_text(f"{SETTING}={table}\n")
    command = [sys.executable, "-m", "regional_snapshots", "show", "mena"]
    done = subprocess.run(command, env=shell.environment, cwd=tmp_path, capture_output=True, text=True)
    refused(done, "use some of europe, gulf, nordics")


@slow
def test_a_thousand_regions_are_refreshed_in_one_run_and_shown_by_the_worst(
    shell: Shell, table: Path, tmp_path: Path
) -> None:
    table.write_text(table_of(1_000))
    shell.json("feeds", "load", "--sample")
    rows = shell.json("refresh")
    assert [row["outcome"] for row in rows] == ["COMMITTED"] * 1_000
    runs = [file for file in (tmp_path / "dagster/history/runs").glob("*.db") if file.name != "index.db"]
    assert len(runs) == 2  # the refresh and the overview
    events = [event for file in runs for event in sqlite3.connect(file).execute("SELECT event FROM event_logs")]
    assert len(events) < 2_200  # two for each region, planned and materialized, and those of a run of one
    assert max(len(event) for (event,) in events) < EVENT_LIMIT
    [overview] = [event for (event,) in events if "what_matters_now" in event and '"ASSET_MATERIALIZATION"' in event]
    assert "950 more: " in overview
    page = (tmp_path / "report.html").read_text()
    assert (page.count("<article"), page.count("950 more: "), len(page) < 1_000_000) == (50, 1, True)
    assert shell("reconcile", "--check").returncode == 0


def test_runs_and_ranges_of_ten_thousand_regions_are_those_of_their_order(shell: Shell, table: Path) -> None:
    table.write_text(table_of(10_000))
    code = """
import json
from regional_snapshots.defs.partitions import runs_for
from regional_snapshots.defs.tags import range_tags, regions_of
from regional_snapshots.model.regions import REGION_IDS
assert runs_for(REGION_IDS, 10_000) == [list(REGION_IDS)]
assert regions_of(range_tags(REGION_IDS)) == list(REGION_IDS)
print(json.dumps([len(run) for run in runs_for(REGION_IDS[::2], 10)] + [len(runs_for(REGION_IDS, 100))]))
"""
    assert python(shell, code) == [1] * 5_000 + [100]


@pytest.mark.parametrize("command", [("show",), ("refresh",), ("reconcile",), ("dev", "--prepare-only")])
def test_a_bad_table_is_one_line_and_exit_status_2(shell: Shell, table: Path, command: tuple[str, ...]) -> None:
    table.write_text(TABLE.replace("SE NO", "SE QQ"))
    done = shell(*command)
    refused(done, f"{table}, row 4 (nordics), column key_countries: 'QQ' is no country")
    assert done.stderr.count("\n") == 1


def test_a_bad_table_is_a_clear_error_of_the_code_location(shell: Shell, table: Path, tmp_path: Path) -> None:
    """No more of ours than the place at which Dagster was told."""
    table.write_text(TABLE.replace("SE NO", "SE QQ"))
    check = [sys.executable, "-m", "dagster", "definitions", "validate", "-m", "regional_snapshots.definitions"]
    environment = {**shell.environment, "DAGSTER_HOME": str(tmp_path), "PYTHONPATH": os.getcwd()}
    done = subprocess.run(check, env=environment, cwd=tmp_path, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"RegionsFileError: {table}, row 4 (nordics), column key_countries: 'QQ' is no country" in said
    assert said.count("/regional_snapshots/") == said.count("/regional_snapshots/definitions.py") == 1
