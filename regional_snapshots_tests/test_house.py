"""The house keeps its one direction: model <- scoring <- defs, and model <- store <- defs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGE = Path(__file__).parents[1] / "regional_snapshots"
FORBIDDEN = {
    "model": ("redis", "dagster", "regional_snapshots.scoring", "regional_snapshots.store", "regional_snapshots.defs"),
    "scoring": ("redis", "dagster", "time", "random", "regional_snapshots.store", "regional_snapshots.defs"),
    "store": ("dagster", "regional_snapshots.scoring", "regional_snapshots.defs"),
    "report": (
        "redis",
        "dagster",
        "time",
        "random",
        "regional_snapshots.scoring",
        "regional_snapshots.store",
        "regional_snapshots.defs",
    ),
    "narrative": (
        "redis",
        "dagster",
        "regional_snapshots.scoring",
        "regional_snapshots.store",
        "regional_snapshots.defs",
    ),
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(file: Path) -> set[str]:
    """Absolute names of all modules that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def found(pattern: str, files: list[Path]) -> dict[str, list[str]]:
    """What a pattern finds, by file."""
    hits = {str(file.relative_to(PACKAGE)): re.findall(pattern, file.read_text()) for file in files}
    return {name: hit for name, hit in hits.items() if hit}


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_only_what_lies_before_it(room: str) -> None:
    barred = re.compile(rf"({'|'.join(FORBIDDEN[room])})(\.|$)")
    wrong = {
        f"{file.name}: {name}"
        for file in (PACKAGE / room).rglob("*.py")
        for name in imports(file)
        if barred.match(name)
    }
    assert not wrong


def test_no_file_is_long_and_no_room_is_full() -> None:
    lengths = {str(file.relative_to(PACKAGE)): len(file.read_text().splitlines()) for file in MODULES}
    rooms = Counter(str(file.parent.relative_to(PACKAGE)) for file in MODULES)
    assert not {name: length for name, length in lengths.items() if length > 300}
    assert not {room: count for room, count in rooms.items() if count > 10}


def test_only_public_names_of_dagster_are_used() -> None:
    assert not {f"{file.name}: {name}" for file in MODULES for name in imports(file) if re.match(r"dagster[._]", name)}


def test_only_the_store_speaks_to_redis() -> None:
    outside = [file for file in MODULES if file.relative_to(PACKAGE).parts[0] != "store"]
    assert not {f"{file.name}: {name}" for file in outside for name in imports(file) if re.match(r"redis(\.|$)", name)}


def test_only_the_keys_module_spells_a_key_of_ours() -> None:
    roles = "id|ts|latest|index|live|quarantine|spare|events|regimes|series|quiet"
    ours = rf"[\"'](?:snapshot:(?:{roles})|dedup:|intelligence:snapshot)"
    assert not found(ours, [file for file in MODULES if file.name != "keys.py"])


def test_only_the_settings_read_the_environment() -> None:
    """Exempt: what the embedded server's process needs of it (PATH, the loader's path); and the table of regions, which
    is a fact of the process as a constant is, and so is read before any setting (decision 20)."""
    exempt = ("settings.py", "binary.py", "server.py", "launcher.py", "regions.py")
    reads = r"os\.environ\.get|os\.environ\[[^]]+\](?! =)|os\.getenv"
    assert not found(reads, [file for file in MODULES if file.name not in exempt])


def test_no_module_reads_settings_when_it_is_imported() -> None:
    """Exempt: the entry point, which Dagster imports."""
    entry, reads = PACKAGE / "definitions.py", r"(?m)^\S.*Settings\.load\("
    assert list(found(reads, MODULES)) == [entry.name]


def test_no_module_searches_the_order_of_regions() -> None:
    """With thousands of regions that is quadratic: ``REGIONS`` and ``PLACE_OF`` know without searching."""
    assert not found(r"REGION_IDS\.index|\bif .*\bin REGION_IDS|not in REGION_IDS", MODULES)


def test_every_package_that_is_imported_is_declared() -> None:
    """Not only brought along by another one: that may drop it."""
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + [line for name in extras if name not in ("test", "dev") for line in extras[name]]
    declared = {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in lines}
    origins = packages_distributions()
    imported = {name.split(".")[0] for file in MODULES for name in imports(file)}
    foreign = imported - {"regional_snapshots"} - set(sys.stdlib_module_names)
    undeclared = {
        name
        for name in foreign
        if not declared & {origin.lower().replace("_", "-") for origin in origins.get(name, [name])}
    }
    assert undeclared == set()


def test_scoring_needs_neither_redis_nor_dagster_nor_pandas_nor_pydantic() -> None:
    heavy = ("redis", "dagster", "pandas", "pydantic")
    code = f"import sys, regional_snapshots.files.offline; print([m for m in {heavy} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
