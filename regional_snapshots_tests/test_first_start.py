"""The first start on a machine, alone or with others at once: DAGSTER_HOME is made ready, for nobody but us."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from regional_snapshots.defs.instance.home import InstanceError, opened_instance, prepare_instance
from regional_snapshots.files.packaged import packaged
from regional_snapshots.settings import Settings
from regional_snapshots_tests.support.server import RedisServer
from regional_snapshots_tests.support.slow import slow
from regional_snapshots_tests.test_cli import Shell, refused

WITHOUT = "import sys; sys.modules |= dict.fromkeys({}); from regional_snapshots.cli import main; main()"
EXTRA = ("httpx", "json5")
"""What only the extra `narrative` brings."""


@pytest.fixture
def shell(tmp_path: Path, server: RedisServer) -> Shell:
    return Shell(tmp_path, server.url)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DAGSTER_HOME", "")  # restored, whatever the test sets
    return Settings.load({"REGIONAL_SNAPSHOTS_HOME": str(tmp_path / "above" / "home")})


def test_instance_settings_that_moved_away_with_their_checkout_are_linked_anew(settings: Settings) -> None:
    link = settings.dagster_home / "dagster.yaml"
    settings.dagster_home.mkdir(parents=True)
    link.symlink_to("/a/checkout/that/moved/dagster.yaml")
    prepare_instance(settings)
    assert link.resolve() == packaged("dagster.yaml")


def test_instance_settings_of_ones_own_are_left_alone(settings: Settings) -> None:
    settings.dagster_home.mkdir(parents=True)
    (settings.dagster_home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    prepare_instance(settings)
    assert "telemetry" in (settings.dagster_home / "dagster.yaml").read_text()


@pytest.mark.parametrize(
    "written", [b"{{{", b"- a", b"\xff\x00", b"storage:\n  postgres:\n    postgres_url: postgresql://u:hunter2@[/x\n"]
)
def test_instance_settings_that_are_none_are_one_clear_line(shell: Shell, tmp_path: Path, written: bytes) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_bytes(written)
    done = shell("refresh", "mena")
    refused(done, "dagster.yaml", str(home), "Next: make it usable")
    assert "hunter2" not in done.stderr + done.stdout


def test_four_first_starts_at_once_all_succeed(shell: Shell) -> None:
    shell.json("feeds", "load", "--sample")
    command = [sys.executable, "-m", "regional_snapshots", "refresh", "mena"]
    options = {"env": shell.environment, "cwd": shell.environment["HOME"], "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(command, stdout=subprocess.DEVNULL, **options) for _ in range(4)]
    said = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0] * 4, said


def test_whatever_the_umask_nobody_else_enters_the_instance(settings: Settings) -> None:
    before = os.umask(0)
    try:
        prepare_instance(settings)
    finally:
        os.umask(before)
    made = (settings.home.parent, settings.home, settings.dagster_home)
    assert [directory.stat().st_mode & 0o777 for directory in made] == [0o700] * 3


def test_an_instance_that_all_may_write_into_is_closed_to_them(settings: Settings) -> None:
    settings.dagster_home.mkdir(parents=True)
    settings.dagster_home.chmod(0o777)
    prepare_instance(settings)
    assert settings.dagster_home.stat().st_mode & 0o777 == 0o775


def test_what_is_no_directory_keeps_its_mode(settings: Settings) -> None:
    """Such as a device that all write into, named as the home by mistake."""
    settings.dagster_home.parent.mkdir(parents=True)
    settings.dagster_home.touch()
    settings.dagster_home.chmod(0o666)
    with pytest.raises(InstanceError):
        prepare_instance(settings)
    assert settings.dagster_home.stat().st_mode & 0o777 == 0o666


@pytest.mark.parametrize(
    "home",
    [
        "file/below",
        pytest.param(
            "/sys/kernel",
            marks=pytest.mark.skipif(
                not Path("/sys/kernel").is_dir(), reason="a directory in which not even root can write"
            ),
        ),
    ],
)
def test_a_home_that_cannot_be_written_is_one_clear_line(shell: Shell, tmp_path: Path, home: str) -> None:
    (tmp_path / "file").touch()
    refused(shell("refresh", DAGSTER_HOME=str(tmp_path / home)), "DAGSTER_HOME", "Next: ")


def test_a_database_that_cannot_be_read_is_one_clear_line(settings: Settings, shell: Shell) -> None:
    prepare_instance(settings)
    (settings.dagster_home / "history" / "runs.db").write_text("no database at all, " * 100)
    with pytest.raises(InstanceError, match="cannot be opened"), opened_instance(settings):
        pass
    refused(shell("refresh", DAGSTER_HOME=str(settings.dagster_home)), "cannot be opened", "DAGSTER_HOME")


def test_a_dotenv_is_read_and_comes_first_as_in_dagster(shell: Shell, tmp_path: Path, server: RedisServer) -> None:
    (tmp_path / ".env").write_text(f"REDIS_URL={server.url}\nOTHER=x\n")
    done = shell("feeds", "status", REDIS_URL="redis://127.0.0.1:1")
    assert done.returncode == 0
    assert done.stderr == "warning: .env overrides REDIS_URL, as it does in Dagster\n"
    assert shell("feeds", "status", REDIS_URL=server.url).stderr == ""


def test_on_an_embedded_server_without_feeds_the_status_says_how_to_load_some(shell: Shell) -> None:
    hint = "Next: `regional-snapshots feeds load --sample`"
    try:
        assert hint in shell("feeds", "status", REDIS_URL="").stdout
        shell("feeds", "load", "--sample", REDIS_URL="")
        assert hint not in shell("feeds", "status", REDIS_URL="").stdout
    finally:
        shell("redis", "stop", REDIS_URL="")
    assert hint not in shell("feeds", "status").stdout


def run_without(
    modules: tuple[str, ...], shell: Shell, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A command on a machine that lacks these modules."""
    command = [sys.executable, "-c", WITHOUT.format(modules), *words]
    return subprocess.run(
        command, capture_output=True, text=True, env=shell.environment | environment, cwd=shell.environment["HOME"]
    )


@slow
def test_without_the_extra_for_texts_everything_else_is_there(shell: Shell) -> None:
    shell.json("feeds", "load", "--sample")
    run = partial(run_without, EXTRA, shell)
    for words in (("refresh",), ("report",), ("brief", "mena"), ("show", "mena", "--why")):
        done = run(*words)
        assert done.returncode == 0, f"{words}: {done.stderr}"
    named = {"REGIONAL_SNAPSHOTS_LLM_URL": "http://127.0.0.1:1/v1", "REGIONAL_SNAPSHOTS_LLM_MODEL": "some"}
    refused(run("brief", "mena", **named), "pip install 'regional-snapshots[narrative]'")


@slow
def test_without_fcntl_only_the_embedded_server_is_unavailable(shell: Shell) -> None:
    run = partial(run_without, ("fcntl",), shell)
    shell.json("feeds", "load", "--sample")
    assert run("refresh", "mena").returncode == 0
    assert run("show", "mena").returncode == 0
    refused(run("show", "mena", REDIS_URL=""), "Linux or macOS", "REDIS_URL")
    refused(run("redis", "status", REDIS_URL=""), "Linux or macOS", "REDIS_URL")
