"""The wheel holds everything that a machine needs, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from regional_snapshots.files.packaged import CHECKOUT, packaged

NEEDED = sorted(
    {"dagster.yaml"}
    | {
        name
        for file in (CHECKOUT / "regional_snapshots").rglob("*.py")
        for name in re.findall(r'packaged\("(.+?)"\)', file.read_text())
    }
)
"""Whatever the code asks for by name."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files in a wheel that is built from this checkout."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(CHECKOUT)]
    subprocess.run(build, check=True, capture_output=True)
    [file] = place.glob("*.whl")
    return set(zipfile.ZipFile(file).namelist())


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_no_code_is_in_the_checkout_and_in_the_wheel(name: str, wheel: set[str]) -> None:
    assert packaged(name) == CHECKOUT / name
    assert f"regional_snapshots/_packaged/{name}" in wheel


def test_every_file_of_the_package_is_in_the_wheel(wheel: set[str]) -> None:
    files = {str(file.relative_to(CHECKOUT)) for file in (CHECKOUT / "regional_snapshots").rglob("*") if file.is_file()}
    assert {name for name in files if "__pycache__" not in name} <= wheel


def test_the_wheel_holds_no_tests_and_no_stray_files(wheel: set[str]) -> None:
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == {"regional_snapshots"}


def test_a_missing_file_is_named_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"lacks no-such\.yaml: install regional-snapshots again"):
        packaged("no-such.yaml")
