"""What the terminal shows: whole words at any width, examples in every help, nothing of a store taken as markup."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from regional_snapshots import console
from regional_snapshots.cli import COMMANDS, THAT_MATTER, main
from regional_snapshots.model.regions import REGION_IDS

ID = "01a2082f6d3c-5f0e3b1a77c2"
TABLES = {
    "refresh": (
        ("region", "regime", "confidence", "outcome", "snapshot id"),
        [(region, "managed deescalation", "0.494", "COMMITTED", ID) for region in REGION_IDS],
    ),
    "history": (
        ("snapshot id", "UTC", "regime", "net", "confidence", "reason"),
        [
            (ID, "2026-05-28 12:00", "fragmentation risk", "-0.123", "0.494", "scheduled 6h"),
            (ID, "2026-05-28 06:00", "undetermined", "not known", "0.494", "trigger activation (unsealed)"),
        ],
    ),
    "reconcile": (
        ("region", "latest", "snapshots", "findings", "repaired", "left"),
        [(region, ID, "8640", "12", "12", "0") for region in REGION_IDS],
    ),
    "feeds": (
        ("feed", "state", "age", "allowed", "entries used"),
        [("intelligence:cross-source-signals:v1", "missing (sample)", "unknown", "120 min", "1234")],
    ),
}


def commands() -> dict[str, click.Command]:
    """Every command, by what is typed for it."""
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        made = main.get_command(click.Context(main), name)
        assert made is not None
        below = made.commands if isinstance(made, click.Group) else {}
        found |= {f"{name} {word}": inner for word, inner in below.items()} or {name: made}
    return found


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_no_word_of_a_table_is_broken_at_any_width(name: str, width: int) -> None:
    columns, rows = TABLES[name]
    widths, gap = console._widths(columns, rows, width)
    for number, column in enumerate(columns):
        words = [word for text in (column, *(row[number] for row in rows)) for word in text.split()]
        assert max(map(len, words)) <= widths[number]
    if width >= 80:
        assert sum(widths) + gap * (len(widths) - 1) <= width


def test_a_wide_terminal_breaks_no_cell() -> None:
    columns, rows = TABLES["history"][0], TABLES["history"][1][:1]
    widths, gap = console._widths(columns, rows, 120)
    assert (widths, gap) == ([max(len(name), len(cell)) for name, cell in zip(columns, rows[0], strict=True)], 2)


def test_where_nothing_fits_the_line_is_longer_and_no_id_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.out, "_width", 40)
    console.table(*TABLES["history"])
    assert capsys.readouterr().out.count(ID) == len(TABLES["history"][1])


def test_nothing_that_is_shown_is_taken_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = ["\\[/foo]", "[bold]x[/bold]", "[/]", "[link=http://x]y[/link]"]
    console.table(("what",), [(text,) for text in hostile])
    assert capsys.readouterr().out.split()[1:] == hostile


@pytest.mark.parametrize("name", commands())
def test_every_help_ends_with_examples_that_can_be_typed(name: str) -> None:
    shown = CliRunner().invoke(main, [*name.split(), "--help"]).output
    examples = shown.partition("Examples:\n")[2].strip().splitlines()
    assert examples
    assert all(example.strip().startswith(f"regional-snapshots {name}") for example in examples)
    assert max(map(len, shown.splitlines())) <= 80


def test_without_a_command_the_five_that_matter_are_shown() -> None:
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 0
    assert len(THAT_MATTER) == 5
    assert [line.split("  ")[0] for line in result.output.splitlines()[:-1]] == [
        f"regional-snapshots {example}" for example in THAT_MATTER
    ]
    assert all(any(example.startswith(name) for name in commands()) for example in THAT_MATTER)
