"""What the README and the docs list is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from regional_snapshots.cli import COMMANDS, main
from regional_snapshots.defs.publishing.refresh import Withheld
from regional_snapshots.store.commit import Outcome
from regional_snapshots.store.reconcile.findings import KINDS

CHECKOUT = Path(__file__).parents[1]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
DOCS = {page.stem: page.read_text(encoding="utf-8") for page in (CHECKOUT / "docs").glob("*.md")}
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *(CHECKOUT / "docs").rglob("*.md")]


def test_every_finding_is_explained_as_the_code_has_it() -> None:
    rows = [f"| `{name}` | {kind.what} | {kind.repair} |" for name, kind in KINDS.items()]
    assert [row for row in rows if row not in DOCS["findings"]] == []


def test_every_outcome_is_explained() -> None:
    assert [name for name in (*Outcome.__members__, Withheld.__name__.upper()) if f"| `{name}` |" not in README] == []


def test_every_command_and_option_is_listed() -> None:
    listed = DOCS["commands"]
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        for word in (name, *(command.commands if isinstance(command, click.Group) else ())):
            assert word in listed
        for option in command.params:
            if option.name != "as_json" and isinstance(option, click.Option):
                assert option.opts[0] in listed, f"{name} {option.opts[0]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_every_test_that_keeps_a_promise_is_there() -> None:
    named = re.findall(r"`([a-z_/]*test_[a-z_]+\*?\.py)`", DOCS["promises"])
    assert len(named) > 8
    assert [
        name for name in named if not list((CHECKOUT / "regional_snapshots_tests").rglob(name.split("/")[-1]))
    ] == []
