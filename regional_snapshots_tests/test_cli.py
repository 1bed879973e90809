"""The command line as a stranger meets it: exit statuses, one clear line for each error, nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from regional_snapshots.model.regions import REGION_IDS
from regional_snapshots.store.snapshots import SnapshotStore
from regional_snapshots_tests.support.access import ACL_WORDS, allow
from regional_snapshots_tests.support.commits import fresh
from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.server_faults import cut_off
from regional_snapshots_tests.support.shell import Shell
from regional_snapshots_tests.support.slow import slow


@pytest.fixture
def shell(tmp_path: Path, server: RedisServer) -> Shell:
    return Shell(tmp_path, server.url)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit status 2, one clear line with these words, no traceback."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    line = done.stderr.strip().splitlines()[-1]
    for word in words:
        assert word in line


def test_refresh_commits_eight_regions_and_a_second_one_writes_nothing(shell: Shell, server: RedisServer) -> None:
    shell.json("feeds", "load", "--sample")
    first = shell.json("refresh")
    assert [(row["region"], row["outcome"]) for row in first] == [(region, "COMMITTED") for region in REGION_IDS]
    before = {key: server.client().dump(key) for key in server.client().keys("snapshot:*") if b"{summary}" not in key}
    second = shell.json("refresh")
    assert [row["outcome"] for row in second] == ["DUPLICATE"] * 8
    assert [row["snapshot_id"] for row in second] == [row["snapshot_id"] for row in first]
    assert before == {key: server.client().dump(key) for key in before}


def test_one_refused_region_is_named_and_the_other_seven_are_published(shell: Shell, server: RedisServer) -> None:
    shell.json("feeds", "load", "--sample")
    server.client().set("snapshot:index:{latam}", "x")
    done = shell("refresh")
    assert done.returncode == 1
    assert done.stdout.count("COMMITTED") == 7
    assert "snapshot:index:{latam}" in done.stderr
    assert "reconcile --fix-types" in done.stderr
    assert server.client().keys("*latam*") == [b"snapshot:index:{latam}"]


def test_without_feeds_every_region_is_withheld(shell: Shell, server: RedisServer) -> None:
    done = shell("refresh")
    assert done.returncode == 1
    assert done.stdout.count("WITHHELD") == 8
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{', '.join(REGION_IDS)}: WITHHELD, all 17 feeds are missing. Next: ")
    assert not server.client().keys("snapshot:id:*")


def test_what_was_published_can_be_shown_listed_and_checked(shell: Shell) -> None:
    shell.json("feeds", "load", "--sample")
    [row] = shell.json("refresh", "mena")
    assert shell.json("show", "mena")["mena"]["meta"]["snapshot_id"] == row["snapshot_id"]
    assert shell.json("show", "mena", "--id", row["snapshot_id"])["mena"]["region_id"] == "mena"
    assert shell.json("show", "mena", "--as-of", "2100-01-01")["mena"]["region_id"] == "mena"
    assert [entry["id"] for entry in shell.json("history", "mena")] == [row["snapshot_id"]]
    assert row["snapshot_id"] in shell("history", "mena").stdout
    assert "net balance" in shell("show", "mena").stdout


def test_two_snapshots_are_compared_and_all_of_them_written_to_a_file(shell: Shell, tmp_path: Path) -> None:
    shell("replay", "red-sea")
    ids = [entry["id"] for entry in shell.json("history", "mena", "--limit", "30")]
    compared = shell.json("diff", "mena", ids[9], ids[0])
    assert (compared["before"], compared["after"]) == (ids[9], ids[0])
    assert {
        "of": "regime",
        "name": "",
        "before": "escalation_ladder",
        "after": "calm",
        "turned": "",
        "change": None,
    } in compared["differences"]
    assert "escalation ladder" in shell("diff", "mena", ids[9]).stdout
    assert shell("diff", "mena").stdout.endswith("nothing differs\n")
    assert shell("diff", "mena", "nonsense").returncode == 2
    assert shell.json("history", "mena", "--out", str(tmp_path / "mena.csv"))["rows"] == 30
    frame = pd.read_csv(tmp_path / "mena.csv")
    assert list(frame["id"]) == ids
    assert list(frame[frame["changed"]]["regime"]) == ["calm", "managed_deescalation", "escalation_ladder"]
    assert frame["coverage:maritime_access"].notna().all()


@slow
def test_a_difference_that_comes_of_a_lost_feed_says_so(shell: Shell, server: RedisServer) -> None:
    shell("feeds", "load", "--sample")
    shell("refresh", "mena")
    server.client().delete("risk:scores:sebuf:stale:v8")
    shell("refresh", "mena", "--force")
    lines = {line.partition("  ")[0]: line for line in shell("diff", "mena").stdout.splitlines()}
    assert lines["axis domestic fragility"].endswith("without country scores")
    assert lines["net balance"].endswith("without domestic fragility")


def test_one_command_rolls_a_region_back_and_one_lets_it_go(shell: Shell) -> None:
    shell("replay", "red-sea")
    ids = [entry["id"] for entry in shell.json("history", "mena", "--limit", "30")]
    assert shell.json("pin", "mena", ids[9], "--for", "2h")["snapshot_id"] == ids[9]
    assert shell.json("show", "mena")["mena"]["meta"]["snapshot_id"] == ids[9]
    assert "readers see this one" in shell("show", "mena").stdout
    lines = shell("show").stdout.splitlines()
    assert lines[0].startswith("MENA: pinned at its snapshot of ")
    assert " until " in lines[0]
    assert lines.index("") <= 5
    assert next(line for line in lines if line in REGION_IDS) == "mena"
    assert shell("reconcile", "mena", "--check", "--deep").returncode == 0
    undone = shell("unpin", "mena").stdout
    assert undone.startswith(f"mena is no longer pinned at {ids[9]}. Latest is {ids[0]}: made 20")
    assert shell("unpin", "mena").stdout.startswith(f"mena was not pinned. Latest is {ids[0]}")
    assert shell.json("unpin", "mena") == {"region": "mena", "latest": ids[0], "was_pinned_at": None}
    refused(shell("pin", "mena", "019000000000-0123456789ab"), "is not kept", "history")
    refused(shell("pin", "mena", ids[1], "--for", "soon"), "no length of time")


def test_another_bucket_is_refused_until_a_person_changes_the_terms(shell: Shell, server: RedisServer) -> None:
    assert "none yet" in shell("terms", "latam").stdout
    with SnapshotStore(server.url) as store, server.client() as client:
        made = store.commit(fresh(client))
    shown = shell("terms", "latam")
    assert (shown.returncode, "15 so far, 1440 here" in shown.stdout) == (1, True)
    shell("feeds", "load", "--sample")
    done = shell("refresh", "latam")
    assert done.returncode == 1
    assert "REGIONAL_SNAPSHOTS_BUCKET_MINUTES=15" in done.stderr
    assert shell("terms", "latam", "--change").returncode == 0
    assert "as here" in shell("terms", "latam").stdout
    assert [entry["id"] for entry in shell.json("history", "latam")] == [made.id]


def test_what_no_reconciliation_mends_is_not_said_to_be_mended_by_it(shell: Shell, server: RedisServer) -> None:
    server.client().set("snapshot:terms:{latam}", json.dumps({"format": 99}))
    done = shell("reconcile", "--check", "latam")
    assert done.returncode == 1
    assert "without --check" not in done.stdout
    assert "install the newer version" in done.stderr
    assert "format 99 so far, 1 here" in shell("terms", "latam").stdout


def test_a_set_of_an_impossible_time_is_shown(shell: Shell, server: RedisServer) -> None:
    made = {"id": "x", "oldest_ms": -1, "newest_ms": 10**30, "snapshots": {"latam": "x"}}
    server.client().set("snapshot:{summary}:set", json.dumps(made))
    done = shell("show", "--set", "latam")
    assert (done.returncode, "9999-12-31 23:59:59 UTC" in done.stdout) == (1, True), done.stderr


def test_a_refresh_ends_with_what_matters_now(shell: Shell) -> None:
    shell.json("feeds", "load", "--sample")
    lines = shell("refresh").stdout.split("\n\n")[-1].strip().splitlines()
    assert 1 <= len(lines) <= 5
    assert shell.json("report")["lines"] == lines


def test_the_brief_of_the_replayed_crisis_tells_what_happened_without_a_model(shell: Shell) -> None:
    shell("replay", "red-sea")
    told = shell("brief", "mena").stdout
    assert "escalation ladder to managed deescalation" in told
    assert "corridor break: Bab el-Mandeb" in told
    assert told.rstrip().endswith("(written from a template)")
    written = shell.json("brief", "mena")["mena"]
    assert (written["region_id"], written["provider"]) == ("mena", "template")
    refused = shell(
        "brief", "mena", REGIONAL_SNAPSHOTS_LLM_URL="http://user:s3cret@host/v1", REGIONAL_SNAPSHOTS_LLM_MODEL="m"
    )
    assert refused.returncode == 2
    assert "s3cret" not in refused.stdout + refused.stderr


def test_show_says_why(shell: Shell) -> None:
    shell.json("feeds", "load", "--sample")
    shell.json("refresh", "mena")
    short, full = shell("show", "mena", "--why").stdout, shell("show", "mena", "--why", "--full").stdout
    for title in ("MENA: ", "Axes", "Triggers", "Scenarios", "Where it comes from"):
        assert title in short
    assert len(full) > 1.5 * len(short)
    assert [section["title"] for section in shell.json("show", "mena", "--why")["mena"]["sections"]][:2] == [
        "Regime",
        "Axes",
    ]


def test_the_report_is_one_page_where_asked_or_at_home(shell: Shell) -> None:
    shell.json("feeds", "load", "--sample")
    shell.json("refresh")
    home = Path(shell.environment["HOME"])
    assert shell.json("report")["path"] == str(home / "report.html")
    assert "written: world.html" in shell("report", "--out", "world.html").stdout
    assert "What matters now" in (home / "world.html").read_text()
    refused(shell("report", "--out", str(home / "report.html" / "x")), "cannot be written")


def test_a_report_without_any_snapshot_says_so_and_what_is_missing(shell: Shell) -> None:
    done = shell("report")
    assert done.returncode == 1
    assert "No region has a snapshot yet." in done.stdout
    assert done.stderr.count("refresh") == len(REGION_IDS)


def test_a_region_without_a_snapshot_says_what_to_run(shell: Shell) -> None:
    done = shell("show", "latam")
    assert done.returncode == 1
    assert "refresh" in done.stderr


def test_a_dangling_pointer_is_said_and_what_to_run(shell: Shell, server: RedisServer) -> None:
    server.client().set("snapshot:latest:{latam}", "019000000000-0123456789ab")
    done = shell("show", "latam")
    assert done.returncode == 1
    assert "snapshot:id:{latam}:019000000000-0123456789ab" in done.stderr
    assert "reconcile" in done.stderr


def test_an_index_entry_that_is_no_id_is_a_row_that_says_so(shell: Shell, server: RedisServer) -> None:
    shell.json("feeds", "load", "--sample")
    shell.json("refresh", "mena")
    server.client().zadd("snapshot:index:{mena}", {"junk": 2**52})
    done = shell("history", "mena")
    assert done.returncode == 1
    assert "junk" in done.stdout
    assert "cannot be read" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stderr


def test_reconcile_mends_what_it_finds_and_then_finds_nothing(shell: Shell, server: RedisServer) -> None:
    shell.json("feeds", "load", "--sample")
    shell.json("refresh")
    server.client().delete("snapshot:latest:{mena}")
    found = shell("reconcile", "--check")
    assert found.returncode == 1
    assert "mena" in found.stdout
    assert not server.client().exists("snapshot:latest:{mena}")
    assert shell("reconcile").returncode == 0
    assert server.client().exists("snapshot:latest:{mena}")
    assert shell("reconcile", "--check").returncode == 0


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("redis://127.0.0.1:1", "does not answer"),
        ("http://127.0.0.1", "redis://"),
        ("redis://127.0.0.1:port", "cannot be parsed"),
        ("unix:///nowhere/redis.sock", "does not answer"),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_clear_line(shell: Shell, url: str, word: str) -> None:
    for command in ("refresh", "reconcile"):
        refused(shell(command, REDIS_URL=url, REGIONAL_SNAPSHOTS_PATIENCE_SECONDS="0.5"), word)


def test_a_server_that_refuses_even_reads_is_one_clear_line(shell: Shell, server: RedisServer) -> None:
    with cut_off(server):
        for command in ("show", "reconcile"):
            refused(shell(command, REGIONAL_SNAPSHOTS_PATIENCE_SECONDS="0.5"), "MASTERDOWN", "name its sentinels")


def test_reconcile_needs_no_home_of_dagster(shell: Shell) -> None:
    done = shell("reconcile", DAGSTER_HOME="/" + "x" * 300)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert "not compared with what Dagster has on record" in done.stderr


def test_a_wrong_password_is_one_clear_line_without_the_password(shell: Shell, server: RedisServer) -> None:
    server.client().execute_command("ACL", "SETUSER", "someone", "on", ">right", "~*", "+@all")
    url = server.url.replace("unix://", "unix://someone:hunter2@")
    done = shell("refresh", REDIS_URL=url)
    refused(done, "password")
    assert "hunter2" not in done.stdout + done.stderr


def test_a_whole_run_as_the_documented_user_tells_the_password_to_nobody(shell: Shell, server: RedisServer) -> None:
    shell.json("feeds", "load", "--sample")
    allow(server.client(), ACL_WORDS)
    url = server.url.replace("unix://", "unix://writer:s3cret@")
    said = [shell("refresh", REDIS_URL=url)]
    server.client().delete("snapshot:latest:{mena}")
    server.client().set("snapshot:index:{latam}", "x")
    works = (["refresh", "--force"], ["reconcile", "--deep"], ["show"], ["history", "mena"], ["feeds", "status"])
    said += [shell(*words, REDIS_URL=url) for words in works]
    assert [done.returncode for done in said] == [0, 1, 1, 0, 0, 0]
    assert "s3cret" not in "".join(done.stdout + done.stderr for done in said)
    kept = [file for file in Path(shell.environment["HOME"]).rglob("*") if file.is_file()]
    assert any(file.suffix == ".db" for file in kept)
    assert [file for file in kept if b"s3cret" in file.read_bytes()] == []


def test_wrong_arguments_are_one_clear_line(shell: Shell, tmp_path: Path) -> None:
    refused(shell("refresh", "atlantis"), "atlantis", "mena")
    refused(shell("feeds", "load", str(tmp_path / "none")), "no directory")
    refused(shell("feeds", "load", str(tmp_path)), "no feed document")
    refused(shell("feeds", "load"), "--sample")
    refused(shell("show", "--as-of", "whenever"), "whenever")
    refused(shell("show", "--as-of", "²"), "²")
    refused(shell("show", "--id", "x"), "one region")
    refused(shell("compute", str(tmp_path / "none.json")), "none.json")
    refused(shell("refresh", REGIONAL_SNAPSHOTS_MIN_CONFIDENCE="much"), "MIN_CONFIDENCE")


def test_a_feed_file_that_is_not_json_loads_nothing(shell: Shell, tmp_path: Path, server: RedisServer) -> None:
    (tmp_path / "economic__spr__v1.json").write_text('{"barrels": 1}')
    (tmp_path / "military__flights__v1.json").write_text("{")
    refused(shell("feeds", "load", str(tmp_path)), "military__flights__v1.json")
    assert not server.client().keys()


def test_a_feed_key_of_another_type_is_not_overwritten(shell: Shell, server: RedisServer) -> None:
    server.client().rpush("economic:spr:v1", "precious")
    refused(shell("feeds", "load", "--sample"), "economic:spr:v1")
    assert server.client().keys() == [b"economic:spr:v1"]


def test_sample_feeds_are_called_samples(shell: Shell) -> None:
    assert "sample" in shell("feeds", "load", "--sample").stdout
    assert shell("feeds", "status").stdout.count("(sample)") == 17


def test_a_feed_of_broken_json_is_rejected_and_comes_first(shell: Shell, server: RedisServer) -> None:
    shell("feeds", "load", "--sample")
    server.client().set("economic:stress-index:v1", "{broken")
    told = shell("feeds", "status").stdout
    assert told.splitlines()[1].split()[:2] == ["stress", "rejected"]
    assert "stress: the value is not JSON" in told
    states = {each["name"]: each["state"] for each in shell.json("feeds", "status")}
    assert [name for name, state in states.items() if state == "rejected"] == ["stress"]


def test_without_redis_url_the_embedded_server_is_used(shell: Shell) -> None:
    try:
        url = shell("redis", "start", REDIS_URL="").stdout.strip().removeprefix("running at ")
        assert url == shell("redis", "url", REDIS_URL="").stdout.strip()
        assert "19" in shell("feeds", "load", "--sample", "--if-none", REDIS_URL="").stdout
        assert "no sample feeds loaded" in shell("feeds", "load", "--sample", "--if-none", REDIS_URL="").stdout
        assert shell("redis", "status", REDIS_URL="").returncode == 0
    finally:
        assert shell("redis", "stop", REDIS_URL="").stdout.strip() == "stopped"
    assert shell("redis", "status", REDIS_URL="").returncode == 1


def test_sample_feeds_never_enter_a_server_of_the_users_by_themselves(shell: Shell, server: RedisServer) -> None:
    assert "not the embedded server" in shell("feeds", "load", "--sample", "--if-none").stdout
    assert not server.client().keys()


def test_compute_prints_the_same_bytes_twice(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps({"now_ms": 1_787_400_000_000, "sources": {}, "metaSources": {}, "previous": {}}))
    once = shell("compute", str(file))
    assert once.returncode == 0
    assert list(json.loads(once.stdout)) == list(REGION_IDS)
    assert shell("compute", str(file)).stdout == once.stdout


REFERENCE = Path(__file__).parents[2] / "shared" / "reference"


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference's cases are not here")
def test_compute_agrees_with_every_case_of_the_reference(shell: Shell, tmp_path: Path) -> None:
    cases = sorted((REFERENCE / "vectors").glob("*.json"))
    done = shell("compute", "--method", "1.1", *map(str, cases))
    for case, answer in zip(cases, done.stdout.splitlines(), strict=True):
        (tmp_path / "answer.json").write_text(answer)
        compared = subprocess.run(
            [sys.executable, str(REFERENCE / "compare.py"), str(case), str(tmp_path / "answer.json")],
            capture_output=True,
            text=True,
        )
        assert compared.returncode == 0, compared.stdout


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference's feeds are not here")
@pytest.mark.parametrize("shape", ["native", "consumed"])
def test_both_shapes_of_the_real_feeds_give_the_same_maritime_access(shell: Shell, shape: str) -> None:
    shell.environment["REGIONAL_SNAPSHOTS_METHOD"] = "1.1"
    shell.json("feeds", "load", str(REFERENCE / "feeds" / shape))
    assert {row["outcome"] for row in shell.json("refresh")} == {"COMMITTED"}
    assert shell.json("show", "mena")["mena"]["balance"]["maritime_access"] == pytest.approx(0.470)
