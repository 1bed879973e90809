"""The recipes of deploy/ are what their tools read."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from regional_snapshots.files.packaged import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
PAGE = (DEPLOY / "README.md").read_text(encoding="utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def recipe(name: str) -> dict:
    """A recipe, read."""
    return yaml.safe_load((DEPLOY / name).read_text())


def test_nothing_is_published_but_the_ui_on_loopback() -> None:
    ports = [port for service in recipe("compose.yaml")["services"].values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:3000:3000"]


def test_secrets_come_as_files() -> None:
    services = recipe("compose.yaml")["services"]
    values = [str(value) for service in services.values() for value in service.get("environment", {}).values()]
    assert not [
        value for value in values if "://" in value or ("secret" in value.lower() and "/run/secrets/" not in value)
    ]


def test_every_service_says_whether_it_is_healthy_but_the_workers() -> None:
    """A worker is judged by what becomes of its tasks."""
    services = recipe("compose.yaml")["services"]
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"worker"}


def test_a_workers_instance_differs_from_the_others_in_run_monitoring_only() -> None:
    ours, workers = recipe("dagster.yaml"), recipe("worker/dagster.yaml")
    assert ours["run_monitoring"]["enabled"]
    assert workers["run_monitoring"] == {"enabled": False}
    assert {name: ours[name] for name in workers if name != "run_monitoring"} == {
        name: value for name, value in workers.items() if name != "run_monitoring"
    }


def test_every_postgres_url_names_its_driver() -> None:
    assert recipe("helm/values.yaml")["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"
    pages = [*DEPLOY.rglob("*.md"), *DEPLOY.rglob("*.yaml"), *(CHECKOUT / "docs").glob("*.md"), CHECKOUT / "README.md"]
    assert not [page for page in pages if "postgresql://" in page.read_text()]


def test_the_entrypoint_reads_secrets_from_files_and_names_the_one_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    (tmp_path / "settings").write_text("telemetry: {enabled: false}\n")
    given = entered(tmp_path, "secret")
    assert (given.returncode, given.stdout) == (0, "s3cret\n")
    assert (tmp_path / "home" / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"
    lacking = entered(tmp_path, "none")
    assert lacking.returncode == 2
    assert "REDIS_URL_FILE" in lacking.stderr


def entered(folder: Path, secret: str) -> subprocess.CompletedProcess[str]:
    """The entrypoint, run with a secret, printing what it made of it."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "DAGSTER_HOME": str(folder / "home"),
        "INSTANCE_SETTINGS": str(folder / "settings"),
        "REDIS_URL_FILE": str(folder / secret),
    }
    script = [str(DEPLOY / "entrypoint.sh"), "sh", "-c", 'echo "$REDIS_URL"']
    return subprocess.run(script, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(importlib.util.find_spec("check_jsonschema") is None, reason="needs the extra deploy")
def test_the_compose_file_keeps_its_schema() -> None:
    check = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        str(DEPLOY / "compose.yaml"),
    ]
    judged = subprocess.run(check, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_the_secrets_of_the_page_are_those_of_the_compose_file_and_nobody_else_reads_them(tmp_path: Path) -> None:
    [block] = re.findall(r"```\n(\(\ncd deploy/secrets.*?\n\)\n)", PAGE, re.DOTALL)
    folder = tmp_path / "deploy" / "secrets"
    folder.mkdir(parents=True, mode=0o755)
    subprocess.run(["sh", "-c", f"umask 022\n{block}"], cwd=tmp_path, check=True)
    wanted = {Path(secret["file"]).name for secret in recipe("compose.yaml")["secrets"].values()}
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(wanted, 0o444)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_a_unit_needs_is_made_by_the_page(unit: Path) -> None:
    text = unit.read_text()
    programs, [user], [settings] = (
        set(re.findall(r"=(/\S+)/bin/", text)),
        re.findall(r"^User=(.*)", text, re.MULTILINE),
        re.findall(r"^EnvironmentFile=-(.*)", text, re.MULTILINE),
    )
    assert programs == {"/opt/regional-snapshots"}
    for made in (
        f"venv {min(programs)}\n",
        f"useradd --system --home-dir /var/lib/{user} {user}\n",
        f"> {settings})\n",
    ):
        assert made in PAGE
    assert re.search(rf"systemctl enable .*\b{unit.stem}\b", PAGE)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS:  # on a machine that has neither the programs nor the user
        here = re.sub(r"/opt/regional-snapshots/bin/[a-z-]+", "/bin/true", unit.read_text())
        (tmp_path / unit.name).write_text(here.replace("User=regional-snapshots", "User=root"))
    judged = ["systemd-analyze", "verify", *(str(tmp_path / unit.name) for unit in UNITS)]
    done = subprocess.run(judged, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_home_made_ready_holds_the_instance_settings_and_the_workspace(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "DAGSTER_HOME": str(tmp_path / "dagster"), "HOME": str(tmp_path)}
    prepare = [sys.executable, "-m", "regional_snapshots", "dev", "--prepare-only"]
    subprocess.run(prepare, env=environment, cwd=CHECKOUT, check=True, capture_output=True)
    for name in ("dagster.yaml", "workspace.yaml"):
        assert (tmp_path / "dagster" / name).read_bytes() == (CHECKOUT / name).read_bytes()
