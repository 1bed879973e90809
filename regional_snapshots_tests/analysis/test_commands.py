"""The analyst's commands as they are typed, on one store that was replayed into."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.shell import Shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    with RedisServer() as server:
        made = Shell(tmp_path_factory.mktemp("home"), server.url)
        made.told = made("replay", "red-sea")
        yield made


def test_a_replay_tells_its_story_and_that_it_is_a_sample(shell):
    assert shell.told.returncode == 0, shell.told.stderr
    assert "30 steps published" in shell.told.stdout
    assert "sample" in shell.told.stdout
    assert re.search(r"closure +mena +trigger red sea critical fired", shell.told.stdout)


def test_a_second_replay_could_not_run_unless_it_was_only_wanted_when_empty(shell):
    done = shell("replay", "red-sea")
    assert done.returncode == 2
    assert "NAMESPACE" in done.stderr
    done = shell("replay", "red-sea", "--if-empty")
    assert (done.returncode, "not the embedded server" in done.stdout) == (0, True)


def test_verify_proves_all_or_one_and_says_so(shell):
    done = shell("verify")
    assert (done.returncode, done.stdout) == (0, "240 of 240 snapshots proved\n")
    verdicts = shell.json("verify", "mena")
    assert {verdict["state"] for verdict in verdicts} == {"PROVED"}
    assert len(verdicts) == 30
    assert len(shell.json("verify", "--id", verdicts[7]["snapshot_id"])) == 1
    assert shell("verify", "--id", "000000000000-000000000000").returncode == 2


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_rescore_writes_a_table(shell, tmp_path, ending):
    path = tmp_path / f"said{ending}"
    answer = shell.json("rescore", "mena", "europe", "--method", "1.2", "--out", str(path))
    assert (answer["rows"], answer["left_out"], answer["file"]) == (60, 0, str(path))
    assert answer["relabelled"] > 0
    if ending == ".csv":
        assert set(pd.read_csv(path)["region"]) == {"mena", "europe"}


def test_rescore_refuses_a_file_of_another_kind_and_a_time_without_snapshots(shell, tmp_path):
    assert shell("rescore", "--method", "1.2", "--out", "said.xlsx").returncode == 2
    done = shell("rescore", "--method", "1.2", "--out", str(tmp_path / "said.csv"), "--until", "2001-01-01")
    assert done.returncode == 2
    assert "no snapshot is retained" in done.stderr


def test_calibrate_says_where_there_is_too_little_to_judge(shell):
    found = shell.json("calibrate")
    assert [entry["horizon"] for entry in found] == ["24h", "7d", "30d"]
    assert {entry["brier"] for entry in found} == {None}
    assert "too few" in shell("calibrate").stdout.replace("\n", " ")


def test_calibrate_scores_what_is_enough_of_the_method_in_use(shell):
    parity = {"REGIONAL_SNAPSHOTS_METHOD": "1.1", "REGIONAL_SNAPSHOTS_NAMESPACE": "parity"}
    assert shell("replay", "red-sea", **parity).returncode == 0
    day, week, month = json.loads(shell("calibrate", "--json", **parity).stdout)
    assert day["n"] == 8 * 26
    assert 0 <= day["brier"] <= 2
    assert (week["brier"], month["n"]) == (None, 0)
    assert json.loads(shell("calibrate", "mena", "--json", **parity).stdout)[0]["n"] == 26
    assert json.loads(shell("calibrate", "--method", "2", "--json", **parity).stdout)[0]["n"] == 0
